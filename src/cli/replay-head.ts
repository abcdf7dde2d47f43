import type { Warning } from '../domain/report.ts'
import { describePolicy } from '../policy/describe-policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import type { ReplayHead } from '../replay/replay.ts'
import { nowMs } from './clock.ts'
import type { ReplayModels } from './replay-models.ts'
import type { SessionJob } from './replay-session.ts'

/** What a replay's result says of itself. */
export function headOf(
  { terminal, inputs, warnings, policy, prices }: SessionJob,
  run: string,
  baseline: string,
  { isMeasurement }: ReplayModels,
): ReplayHead {
  return {
    generatedAt: new Date(nowMs(terminal)).toISOString(),
    inputs,
    fingerprints: {
      policy: policyFingerprint(policy),
      prices: prices.fingerprint,
      embedder: null,
    },
    warnings: isMeasurement ? warnings : [playedWarning, ...warnings],
    run,
    policyText: describePolicy(policy).join(' '),
    baseline,
  }
}

const playedWarning: Warning = {
  code: 'mock-answers',
  message:
    'a mock answered in place of models: its prices are those of the list, nothing was spent, and nothing is learned of any model',
  count: 1,
}
