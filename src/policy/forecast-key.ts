import { defaultPolicy } from './default-policy.ts'
import type { Policy } from './policy.ts'
import { policyFingerprint } from './policy-fingerprint.ts'

/**
 * Tells policies apart by what a simulation says of them: ports, keys, alerts, what is written down and what is tried
 * beside make no difference, nor does what is known of models.
 */
export const forecastKey = (policy: Policy): string => {
  const { serve, privacy, alerts, check } = defaultPolicy
  return policyFingerprint({ ...policy, serve, privacy, alerts, check, evidence: [] })
}
