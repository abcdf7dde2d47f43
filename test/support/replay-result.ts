import type { ReplayPlan, ReplayResult } from '../../src/replay/result.ts'
import type { JudgeSummary } from '../../src/score/judge-audit.ts'
import { arms, compared, differenceTest, group, validators, worst } from './replay-parts.ts'

/** A support team's policy on a sample of a month: routed, cached and shortened, proved to be as good. */
export const richReplayResult = (): ReplayResult => structuredClone(rich)

/** The same, preferred by a judge that people do not agree with, until the budget was spent. */
export function judgedReplayResult(): ReplayResult {
  const result = richReplayResult()
  return {
    ...result,
    comparison: {
      kind: 'preference',
      scorer: 'judge openai:gpt-5-mini',
      isEstimate: true,
      meaning: 'a judge prefers one of the two answers, shown in both orders',
    },
    delta: { ...result.delta, mcNemar: null, costUsd: null, latencyMs: null },
    verdict: 'undecided',
    verdictBecause: 'too few pairs: about 824 at what was observed would decide',
    pairsNeeded: 824,
    end: 'budget',
    judge,
    noiseFloor: null,
    validators: [],
    escalations: { count: 0, of: 0, rate: null },
  }
}

/** A suite of questions on which the policy fails, answered whole. */
export function suiteReplayResult(): ReplayResult {
  const result = richReplayResult()
  const whole = group('default · evals · short · gpt-4o', 200, 4, 61)
  return {
    ...result,
    inputs: [],
    warnings: [],
    comparison: {
      kind: 'expected',
      scorer: 'the scorers of the suite',
      isEstimate: false,
      meaning: 'both answers are held to what the suite expects',
    },
    plan: {
      ...result.plan,
      requests: 200,
      changes: { routed: 0, cached: 0, rewritten: 0, repeated: 0, refused: 0, unchanged: 0 },
      affected: 200,
      withoutText: 0,
      refused: {},
      sampled: 200,
      design: 'fixed',
      marginOverall: null,
      strata: [{ name: whole.name, affected: 200, sampled: 200, weight: 1 }],
    },
    delta: {
      ...result.delta,
      quality: whole.quality,
      interval: whole.interval,
      qualityOverall: null,
      pairs: 200,
      discordant: 65,
      mcNemar: differenceTest(4, 61),
      designEffect: 1,
    },
    verdict: 'inferior',
    verdictBecause: 'the 90 % interval is below the margin',
    end: 'complete',
    strata: [whole],
    byLength: [{ length: 'short', ...whole, name: 'short' }],
    byChange: [{ change: 'suite', ...whole, name: 'suite' }],
    unsettled: { noAnswer: 0, unscored: 0, faults: {} },
    noiseFloor: null,
    worst: worst.map((pair, index) => ({ ...pair, id: `billing-${index + 1}` })),
    maybeBilledUsd: 0,
  }
}

/** A plan of which nothing was asked. */
export const plannedReplayResult = (): ReplayResult => ({
  ...richReplayResult(),
  ...nothingMeasured,
  verdictBecause: 'nothing has been asked',
  end: 'planned',
  arms: null,
})

/** What an empty log comes to. */
export function emptyReplayResult(): ReplayResult {
  const result = plannedReplayResult()
  return {
    ...result,
    inputs: [],
    fingerprints: { ...result.fingerprints, policy: null },
    warnings: [],
    plan: {
      ...plan,
      requests: 0,
      changes: { routed: 0, cached: 0, rewritten: 0, repeated: 0, refused: 0, unchanged: 0 },
      affected: 0,
      withoutText: 0,
      refused: {},
      sampled: 0,
      design: 'fixed',
      marginOverall: null,
      strata: [],
      calls: 0,
      storedCalls: 0,
      priceUsd: { low: 0, high: 0 },
      unpricedTargets: [],
      durationMs: 0,
      budgetUsd: null,
      assumptions: [],
    },
  }
}

/** A result with every free text replaced: what a hostile log could put there. */
export function replayResultWithText(text: string, result = judgedReplayResult()): ReplayResult {
  const keep = new Set(['kind', 'design', 'verdict', 'end', 'length', 'change', 'generatedAt'])
  const named = new Set(['skipped', 'refused', 'faults'])
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return keep.has(key) ? value : text
    if (Array.isArray(value)) return value.map((each) => replace(each, key))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([name, inner]) => [
      named.has(key) ? text : name,
      replace(inner, name),
    ])
    return Object.fromEntries(entries)
  }
  return replace(result, '') as ReplayResult
}

const judge: JudgeSummary = {
  name: 'openai:gpt-5-mini',
  agreement: 0.58,
  flipRate: 0.1214,
  parseFailures: 3,
  labelled: 150,
  sensitivity: 0.705,
  specificity: 0.4,
  kappa: 0.1042,
  informativeness: 0.105,
  informativenessInterval: { low: -0.0481, high: 0.2512, level: 0.95, method: 'score' },
  ppi: {
    estimate: 0.4412,
    interval: { low: 0.3621, high: 0.5233, level: 0.95, method: 'ppi++' },
    lambda: 0.1183,
  },
}

const sizes = [41_204, 22_110, 15_020, 9_800, 7_400, 5_200, 3_900, 2_100, 1_100, 390]
const drawn = [189, 101, 69, 45, 34, 24, 18, 10, 5, 1]
const names = [
  'simple · support-copilot · short · gpt-4o',
  'simple · support-copilot · medium · gpt-4o',
  'default · support-copilot · short · gpt-4o',
  'simple · 検索アシスタント · short · gpt-4o',
  'simple · - · short · claude-sonnet-4-5',
  'default · - · medium · gpt-4o',
  'simple · release-notes · long · gpt-4o',
  'default · release-notes · long · claude-sonnet-4-5',
  'simple · release-notes · medium · gpt-4o',
  'default · agents · long · gpt-4o',
]

const plan: ReplayPlan = {
  requests: 412_906,
  changes: {
    routed: 48_112,
    cached: 60_112,
    rewritten: 1_204,
    repeated: 41_516,
    refused: 253,
    unchanged: 261_709,
  },
  affected: 108_224,
  withoutText: 1_204,
  refused: { 'the new target takes no images': 3 },
  sampled: 493,
  design: 'sequential',
  margin: 0.05,
  marginOverall: 0.013251,
  power: { pairs: 248, discordantShare: 0.1, level: 0.95, target: 0.8 },
  strata: names.map((name, index) => {
    const [affected, sampled] = [sizes[index] ?? 0, drawn[index] ?? 0]
    const weight = Number((affected / sampled / (108_224 / 496)).toFixed(6))
    return { name, affected, sampled, weight }
  }),
  calls: 812,
  storedCalls: 174,
  priceUsd: { low: 1.204, high: 3.118 },
  unpricedTargets: ['local:small'],
  durationMs: 154_200,
  concurrency: 8,
  budgetUsd: 5,
  assumptions: ['tokens count alike on both models: nothing was measured'],
}

const nothingMeasured: Pick<
  ReplayResult,
  | 'delta'
  | 'verdict'
  | 'pairsNeeded'
  | 'strata'
  | 'byLength'
  | 'byChange'
  | 'unsettled'
  | 'judge'
  | 'noiseFloor'
  | 'validators'
  | 'escalations'
  | 'worst'
  | 'spentUsd'
  | 'maybeBilledUsd'
> = {
  delta: {
    quality: null,
    interval: null,
    qualityOverall: null,
    costUsd: null,
    latencyMs: null,
    pairs: 0,
    discordant: 0,
    designEffect: 1,
    mcNemar: null,
  },
  verdict: 'undecided',
  pairsNeeded: null,
  strata: [],
  byLength: [],
  byChange: [],
  unsettled: { noAnswer: 0, unscored: 0, faults: {} },
  judge: null,
  noiseFloor: null,
  validators: [],
  escalations: { count: 0, of: 0, rate: null },
  worst: [],
  spentUsd: 0,
  maybeBilledUsd: 0,
}

const rich: ReplayResult = {
  kind: 'replay',
  version: 1,
  generatedAt: '2026-11-21T09:00:00.000Z',
  inputs: [
    {
      path: 'logs/support-2026-10.jsonl.gz',
      format: 'openai-chat-pairs',
      requests: 412_906,
      duplicates: 1_204,
      skipped: { 'no-usage': 41, 'not-json': 3 },
    },
  ],
  fingerprints: {
    policy: 'policy-1+9b20c4',
    prices: 'genai-prices@0.1.8+4f1c02',
    embedder: 'static-v1',
  },
  warnings: [
    { code: 'slow-target', message: 'openai:gpt-4o-mini was waited for after a limit', count: 7 },
  ],
  run: '2026-11-21-9b20c4',
  policyText: 'Route simple (by words): openai:gpt-4o-mini.',
  baseline: 'as logged',
  comparison: {
    kind: 'agreement',
    scorer: 'similarity:0.9',
    isEstimate: true,
    meaning:
      "the candidate's agreement with the logged answer, less that of the log's own model asked again",
  },
  plan,
  arms,
  ...compared(names),
  verdict: 'non-inferior',
  verdictBecause: 'proved by pair 412 of the sequence',
  pairsNeeded: null,
  end: 'decided',
  unsettled: { noAnswer: 5, unscored: 2, faults: { 'rate-limit': 9, timeout: 3 } },
  judge: null,
  noiseFloor: {
    agreement: 0.903226,
    pairs: 412,
    interval: { low: 0.870751, high: 0.928218, level: 0.95, method: 'wilson' },
  },
  validators,
  escalations: { count: 41, of: 206, rate: 0.199029 },
  worst,
  spentUsd: 1.904112,
  maybeBilledUsd: 0.031204,
}
