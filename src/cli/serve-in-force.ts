import { compilePolicy } from '../engine/compile-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { chooseTiers } from '../policy/tiers.ts'
import type { Environment } from '../providers/resolve-target.ts'
import { openGatewayKeys, requireKeys } from '../serve/gateway-keys.ts'
import type { PolicyInForce } from '../serve/gateway-state.ts'
import { personalIn } from '../serve/kept-text.ts'
import { compileSurroundings } from '../serve/live-surroundings.ts'
import { openRateLimiter } from '../serve/rate-limiter.ts'
import { nameableProviders } from '../serve/read-destination.ts'
import { openRewrites } from '../serve/rewrites.ts'
import { tagSpelling } from '../serve/tag-spelling.ts'
import { openUpstreams } from '../serve/upstreams.ts'
import { nameTiers } from '../worlds/named-tiers.ts'
import { rewriteOf } from './rewrite-by-program.ts'

/** Makes a policy ready to run. */
export function inForceOf(asked: Policy, env: Environment, now: () => number): PolicyInForce {
  requireKeys(asked.serve)
  const { tiers } = chooseTiers(asked.tiers, null)
  const policy = nameTiers(asked, tiers)
  const upstreams = openUpstreams(policy.serve.providers, env, tiers.medium)
  const { judge } = policy.serve.audit
  // A judge whom nobody can ask is a mistake of the policy's, not of the first audit.
  if (judge !== null) upstreams.find(judge)
  return {
    compiled: compilePolicy(policy),
    fingerprint: policyFingerprint(asked),
    upstreams,
    providers: nameableProviders(policy.serve),
    keys: openGatewayKeys(policy.serve.keys, env),
    spelling: tagSpelling(policy),
    limiter: openRateLimiter(policy.serve.rateLimits, now),
    isPersonal: personalIn(policy),
    rewritesOf: openRewrites(policy, rewriteOf(policy)),
    surroundingsOf: compileSurroundings(policy, () => undefined),
    cache: {
      findExact: () => null,
      findNearest: () => ({ kind: 'bypass', reason: 'off' }),
      findInFlight: () => null,
      begin: () => undefined,
      remember: () => undefined,
      end: () => undefined,
    },
    ledger: { admit: () => null, settle: () => undefined },
    targets: {
      isUp: () => true,
      begin: () => undefined,
      note: () => undefined,
      stateOf: () => undefined,
    },
  }
}
