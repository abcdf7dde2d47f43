import { compilePolicy } from '../engine/compile-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import type { Environment } from '../providers/resolve-target.ts'
import type { PolicyInForce } from '../serve/gateway-state.ts'
import { openUpstreams } from '../serve/upstreams.ts'

/** Makes a policy ready to run. */
export const inForceOf = (policy: Policy, env: Environment): PolicyInForce => ({
  compiled: compilePolicy(policy),
  fingerprint: policyFingerprint(policy),
  upstreams: openUpstreams(policy.serve.providers, env),
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
})
