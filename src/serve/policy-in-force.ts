import { compilePolicy } from '../engine/compile-policy.ts'
import type { RewriteRequest } from '../engine/rewrite-request.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { chooseTiers } from '../policy/tiers.ts'
import { type Environment, hasAddress } from '../providers/resolve-target.ts'
import { nameTiers } from '../worlds/named-tiers.ts'
import { noNeighbours } from '../worlds/neighbour-classifier.ts'
import { personalIn } from '../worlds/personal.ts'
import { stickyRoutes } from '../worlds/sticky-routes.ts'
import { openGatewayKeys, requireKeys } from './gateway-keys.ts'
import type { GatewayServices, GatewayState, PolicyInForce } from './gateway-state.ts'
import { compileSurroundings } from './live-surroundings.ts'
import { requireOthers } from './own-address.ts'
import { openRateLimiter } from './rate-limiter.ts'
import { nameableProviders } from './read-destination.ts'
import { openReserving } from './reserve.ts'
import { openRewrites } from './rewrites.ts'
import { tagSpelling } from './tag-spelling.ts'
import { openUpstreams } from './upstreams.ts'

export type InForceOptions = {
  readonly env: Environment
  readonly services: Pick<GatewayServices, 'exchanges' | 'now' | 'targets' | 'costOf'>
  /** Runs the policy's rules on prompts and outputs. */
  readonly rewriteOf: (policy: Policy) => RewriteRequest
  readonly cache: GatewayState['cache']
}

/** A policy with models in the place of tiers. */
export function namedPolicy(asked: Policy) {
  const { tiers } = chooseTiers(asked.tiers, null)
  return { policy: nameTiers(asked, tiers), tiers }
}

/** Sessions or traces whose route is remembered. */
const mostSticky = 100_000

/** Makes a policy ready to run; its classifiers have learned nothing yet. Throws a UserError for what cannot be run: keys that are missing, or must be there. */
export function inForceOf(
  asked: Policy,
  { env, services, rewriteOf, cache }: InForceOptions,
): PolicyInForce {
  requireKeys(asked.serve)
  requireOthers(asked.serve, env)
  const { policy, tiers } = namedPolicy(asked)
  const { exchanges, now, targets, costOf } = services
  const nameable = nameableProviders(policy.serve).filter((each) => hasAddress(each, env))
  const upstreams = openUpstreams(policy.serve.providers, env, tiers.medium, nameable)
  const { judge } = policy.serve.audit
  // A judge whom nobody can ask is a mistake of the policy's, not of the first audit.
  if (judge !== null) upstreams.find(judge)
  return {
    compiled: stickyRoutes(compilePolicy(policy), mostSticky),
    fingerprint: policyFingerprint(asked),
    upstreams,
    providers: nameable,
    keys: openGatewayKeys(policy.serve.keys, env),
    spelling: tagSpelling(policy),
    limiter: openRateLimiter(policy.serve.rateLimits, now),
    rewritesOf: openRewrites(policy, rewriteOf(policy)),
    isPersonal: personalIn(policy),
    surroundingsOf: compileSurroundings(policy, (target) => targets.stateOf(target)),
    reserving: openReserving({
      policy,
      exchanges,
      costOf,
      usualOutputTokensOf: (target) => targets.usualOutputTokensOf(target),
    }),
    cache,
    neighbours: noNeighbours,
  }
}
