import type { ReplayResult } from '../replay/result.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'

/** The result as `--format json` prints it. Described in docs/json-output.md. */
export const replayJson = (result: ReplayResult): string =>
  formatJson(orderKeys(result, replayOrder))

const interval = { low: true, high: true, level: true, method: true } as const
const spread = { p50: true, p95: true } as const

const plan = {
  requests: true,
  changes: {
    routed: true,
    cached: true,
    rewritten: true,
    repeated: true,
    refused: true,
    unchanged: true,
  },
  affected: true,
  withoutText: true,
  refused: 'sorted',
  sampled: true,
  design: true,
  margin: true,
  marginOverall: true,
  power: { pairs: true, discordantShare: true, level: true, target: true },
  strata: { name: true, affected: true, sampled: true, weight: true },
  calls: true,
  storedCalls: true,
  priceUsd: { low: true, high: true },
  unpricedTargets: true,
  durationMs: true,
  concurrency: true,
  budgetUsd: true,
  assumptions: true,
} as const

const arm = {
  answers: true,
  failures: true,
  costUsd: true,
  unpriced: true,
  latencyMs: spread,
  firstTokenMs: spread,
  score: true,
  outputTokens: true,
} as const

const group = {
  name: true,
  pairs: true,
  better: true,
  worse: true,
  quality: true,
  interval,
} as const

const judge = {
  name: true,
  agreement: true,
  flipRate: true,
  parseFailures: true,
  labelled: true,
  sensitivity: true,
  specificity: true,
  kappa: true,
  informativeness: true,
  informativenessInterval: interval,
  ppi: { estimate: true, interval, lambda: true },
} as const

const rate = { count: true, of: true, rate: true, interval, upperBound: true } as const

const replayOrder: KeyOrder<ReplayResult> = {
  ...headOrder,
  run: true,
  policyText: true,
  baseline: true,
  comparison: { kind: true, scorer: true, isEstimate: true, meaning: true },
  plan,
  arms: { baseline: arm, again: arm, candidate: arm },
  delta: {
    quality: true,
    interval,
    qualityOverall: true,
    costUsd: true,
    latencyMs: true,
    pairs: true,
    discordant: true,
    designEffect: true,
    mcNemar: { exactP: true, midP: true, chiSquare: true, chiSquareP: true },
  },
  verdict: true,
  verdictBecause: true,
  pairsNeeded: true,
  end: true,
  strata: group,
  byLength: { length: true, ...group },
  byChange: { change: true, ...group },
  unsettled: { noAnswer: true, unscored: true, faults: 'sorted' },
  judge,
  noiseFloor: { agreement: true, pairs: true, interval },
  validators: { target: true, answers: true, falsePass: rate, falseFail: rate },
  escalations: { count: true, of: true, rate: true },
  worst: {
    id: true,
    question: true,
    baseline: true,
    candidate: true,
    target: true,
    difference: true,
    reason: true,
  },
  spentUsd: true,
  maybeBilledUsd: true,
}
