import type { ServedPair, SimulateResult } from '../../src/simulate/result.ts'
import { layers, pairs, sweep } from './simulate-parts.ts'

/** A month of a support team: every layer on, answers judged, a threshold certified, routes tried. */
export const richSimulateResult = (): SimulateResult => structuredClone(rich)

const noLimits = {
  refusedRequests: 0,
  downgradedRequests: 0,
  alertedRequests: 0,
  costUsd: 10_594.407412774,
  refusedUsd: 0,
  downgradedUsd: 0,
  othersUsd: 0,
}

/** A log without answers, latencies, complete days or evidence: hits are counted, nothing is judged. */
export function unmeasuredSimulateResult(): SimulateResult {
  const result = richSimulateResult()
  const { semantic, prefix, routing } = result.layers
  const nobody = { p50: null, p95: null }
  return {
    ...result,
    warnings: [],
    fingerprints: { ...result.fingerprints, policy: null },
    baseline: { ...result.baseline, unpricedRequests: 0, latencyMs: nobody, projection: null },
    policy: {
      ...result.policy,
      unmeasuredRequests: 0,
      latencyMs: nobody,
      latencyBasis: { requests: 0, known: 0, share: null, note: '' },
      projection: {
        costUsdPerMonth: null,
        interval: null,
        days: 0,
        notes: ['observed-rate-only', 'no-whole-week'],
      },
    },
    savings: { ...result.savings, projectedUsdPerMonth: null },
    layers: {
      ...result.layers,
      semantic: {
        ...semantic,
        wrongHits: null,
        wrongPerHit: null,
        wrongPerHitInterval: null,
        wrongPerRequest: null,
        judged: 0,
        labelled: 0,
        rungs: {},
        estimated: false,
        noiseFloor: { repeats: 0, differing: null, rate: null },
        recall: null,
        embeddingUsd: null,
        drift: null,
      },
      prefix: { ...prefix, readTokens: 0, loggedReadTokens: 0, readShare: null, pool: null },
      routing: { ...routing, on: false, routes: [], escalations: 0, sensitivity: null },
    },
    limits: { ...noLimits, budgets: [] },
    sweep: sweep.map((point) => ({
      ...point,
      wrongHits: null,
      wrongPerHit: null,
      interval: null,
    })),
    certified: {
      threshold: null,
      alpha: 0.01,
      confidence: 0.95,
      labels: 0,
      errors: 0,
      labelsNeeded: 897,
      advice:
        'wrong hits below 1 % with 95 % confidence cannot be certified yet: label 897 more hits (llmcost label --threshold 0.97 --max-wrong-hits 1% --confidence 95%)',
      thisLog: null,
      randomSplit: { threshold: null, labels: 0, errors: 0 },
    },
    frontier: [],
    routingMetrics: null,
    quality: {
      status: 'unmeasured',
      delta: null,
      interval: null,
      n: 0,
      note: 'a replay of 1,546 requests, about $31, would settle it within 2 points',
    },
    pairs: pairs.slice(0, 2).map(withoutText),
  }
}

const withoutText = (pair: ServedPair): ServedPair => ({
  ...pair,
  question: null,
  servedQuestion: null,
  verdict: null,
  rung: null,
})

/** What an empty log comes to: nothing is known, nothing is listed. */
export function emptySimulateResult(): SimulateResult {
  const result = unmeasuredSimulateResult()
  const { exact, semantic, prefix, routing } = result.layers
  const lever = { on: false, requests: 0, savingUsd: 0, note: null }
  const none = { cacheable: 0, hits: 0, hitRate: null, savingUsd: 0 }
  return {
    ...result,
    inputs: [],
    period: { from: null, to: null, days: 0 },
    baseline: { ...result.baseline, requests: 0, costUsd: 0 },
    policy: { ...result.policy, requests: 0, costUsd: 0, calls: 0, avoidedCalls: 0 },
    savings: { costUsd: 0, share: null, projectedUsdPerMonth: null },
    layers: {
      exact: { ...exact, ...none, entries: 0 },
      coalesced: { requests: 0, savingUsd: 0 },
      semantic: { ...semantic, ...none, guards: [] },
      prefix: {
        ...prefix,
        inputTokens: 0,
        writtenTokens: 0,
        modelledReadTokens: 0,
        costUsd: 0,
        uncachedCostUsd: 0,
        ifUsedSavingUsd: null,
        savingUsd: 0,
      },
      routing: { ...routing, savingUsd: 0, assumptions: [], presets: [] },
      batch: lever,
      compression: lever,
      outputCap: lever,
      selfHosted: [],
    },
    limits: null,
    bypasses: [],
    waterfall: [],
    alone: [],
    sweep: [],
    certified: {
      ...result.certified,
      labelsNeeded: null,
      advice: '',
      thisLog: null,
      randomSplit: null,
    },
    quality: { ...result.quality, note: '' },
    groups: [],
    pairs: [],
    beside: [],
  }
}

/** The rich result with every free text replaced: what a hostile log could put there. */
export function simulateResultWithText(text: string): SimulateResult {
  const keep = new Set(['kind', 'status', 'by', 'verdict', 'generatedAt', 'from', 'to'])
  const named = new Set(['skipped', 'rungs'])
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
  return replace(richSimulateResult(), '') as SimulateResult
}

const monthOf = (costUsdPerMonth: number, low: number, high: number) => ({
  costUsdPerMonth,
  interval: { low, high, level: 0.95, method: 'student-t-prediction' },
  days: 31,
  notes: [],
})

const rich: SimulateResult = {
  kind: 'simulate',
  version: 1,
  generatedAt: '2026-11-21T09:00:00.000Z',
  inputs: [
    {
      path: 'logs/support-2026-10.jsonl.gz',
      format: 'openai-chat-pairs',
      requests: 301_442,
      duplicates: 1_204,
      skipped: { 'not-json': 3, 'no-usage': 41 },
    },
    {
      path: 'logs/agents.jsonl',
      format: 'litellm',
      requests: 111_464,
      duplicates: 0,
      skipped: {},
    },
  ],
  fingerprints: {
    policy: 'policy-1+9b20c4',
    prices: 'genai-prices@0.1.8+4f1c02',
    embedder: 'static-v1',
  },
  warnings: [
    {
      code: 'no-latency',
      message: 'requests without a latency count as answered at once: hits may come out high',
      count: 1_318,
    },
  ],
  period: { from: '2026-10-01T00:00:04.120Z', to: '2026-10-31T23:59:41.008Z', days: 31 },
  policyText: [
    'Equal requests share an answer for 1d.',
    'Requests of similarity 0.92 or more by the static embedder share an answer for 1d, in conversations of up to 2 messages; guarded by numbers, names, negation, order.',
    'Answers are shared within the namespace that requests carry, and among all that carry none.',
    'Identical requests in flight share one call.',
    'Route simple (by words): openai:gpt-4o-mini.',
  ],
  baseline: {
    name: 'as logged',
    requests: 412_906,
    costUsd: 14_809.138412774,
    unpricedRequests: 1_652,
    latencyMs: { p50: 1_212.4, p95: 6_480 },
    projection: monthOf(14_540.2, 13_610.8, 15_469.6),
  },
  policy: {
    requests: 412_906,
    costUsd: 10_594.407412774,
    calls: 311_278,
    avoidedCalls: 101_628,
    unmeasuredRequests: 48_112,
    latencyMs: { p50: 904.2, p95: 6_102.5 },
    latencyBasis: {
      requests: 411_588,
      known: 411_588,
      share: 1,
      note: 'hits take 1 ms, an assumption; calls that nothing changes as logged',
    },
    projection: monthOf(10_458.68, 9_700.1, 11_217.26),
  },
  savings: { costUsd: 4_214.731, share: 0.284603, projectedUsdPerMonth: 4_081.52 },
  layers,
  limits: {
    budgets: [
      { budget: 'user-day', refused: 212, downgraded: 0, alerted: 0 },
      { budget: 'loop guard', refused: 41, downgraded: 0, alerted: 0 },
      { budget: 'team-month', refused: 0, downgraded: 1_204, alerted: 88 },
    ],
    refusedRequests: 253,
    downgradedRequests: 1_204,
    alertedRequests: 88,
    costUsd: 10_512.207412774,
    refusedUsd: 61.2,
    downgradedUsd: 24.4,
    othersUsd: -3.4,
  },
  bypasses: [
    {
      layer: 'semantic',
      reason: 'conversation longer than 2 messages',
      requests: 101_204,
      share: 0.2451,
    },
    { layer: 'semantic', reason: 'the answer calls a tool', requests: 40_112, share: 0.0971 },
    { layer: 'exact', reason: 'rule user-data', requests: 9_411, share: 0.0228 },
    { layer: 'exact', reason: 'failed', requests: 7_408, share: 0.0179 },
  ],
  waterfall: [
    { layer: 'exact', savingUsd: 641.204 },
    { layer: 'coalesced', savingUsd: 4.811 },
    { layer: 'semantic', savingUsd: 1_310.402 },
    { layer: 'routing', savingUsd: 1_702.114 },
    { layer: 'prefix', savingUsd: -48.9 },
    { layer: 'batch', savingUsd: 605.1 },
  ],
  alone: [
    { layer: 'exact', savingUsd: 641.204 },
    { layer: 'coalesced', savingUsd: 9.02 },
    { layer: 'semantic', savingUsd: 1_871.55 },
    { layer: 'routing', savingUsd: 2_204.9 },
    { layer: 'prefix', savingUsd: 118.2 },
    { layer: 'batch', savingUsd: 702.4 },
  ],
  sweep,
  certified: {
    threshold: 0.94,
    alpha: 0.03,
    confidence: 0.95,
    labels: 1_204,
    errors: 18,
    labelsNeeded: null,
    advice:
      '0.94 saves most with wrong hits below 3 % with 95 % confidence, for traffic like the second half of this log',
    thisLog: { hits: 30_102, labels: 1_204, wrong: 18, wrongAtMost: 660 },
    randomSplit: { threshold: 0.93, labels: 1_188, errors: 21 },
  },
  frontier: [
    { name: 'all gpt-4o', strongShare: 1, costUsd: 14_809.14, quality: 0.912, dominated: false },
    {
      name: 'all gpt-4o-mini',
      strongShare: 0,
      costUsd: 1_120.44,
      quality: 0.803,
      dominated: false,
    },
    { name: 'policy', strongShare: 0.62, costUsd: 10_594.41, quality: 0.894, dominated: false },
    { name: 'random', strongShare: 0.62, costUsd: 10_594.41, quality: 0.87, dominated: true },
    { name: 'oracle', strongShare: 0.19, costUsd: 3_204.2, quality: 0.934, dominated: false },
  ],
  routingMetrics: {
    apgr: 0.6412,
    cpt: { '0.2': 0.08, '0.5': 0.31, '0.8': null },
    oracleQuality: 0.934,
  },
  quality: {
    status: 'measured',
    delta: -0.0182,
    interval: { low: -0.0311, high: -0.0057, level: 0.9, method: 'tango' },
    n: 1_546,
    note: 'imported scores of 1,546 requests that the policy changes',
  },
  groups: [
    {
      by: 'model',
      value: 'gpt-4o',
      requests: 198_220,
      hits: 70_112,
      baselineUsd: 9_766.1,
      policyUsd: 6_410.2,
    },
    {
      by: 'model',
      value: 'claude-sonnet-4-5',
      requests: 31_204,
      hits: 1_002,
      baselineUsd: 3_376.2,
      policyUsd: 3_180.9,
    },
    { by: 'model', value: null, requests: 1_652, hits: 0, baselineUsd: 0, policyUsd: 0 },
    {
      by: 'feature',
      value: 'support-copilot',
      requests: 291_422,
      hits: 98_204,
      baselineUsd: 7_330.4,
      policyUsd: 4_121.7,
    },
    {
      by: 'feature',
      value: '検索アシスタント',
      requests: 22_400,
      hits: 2_912,
      baselineUsd: 903.36,
      policyUsd: 811.02,
    },
  ],
  pairs,
  beside: [
    {
      name: 'namespace: user',
      hits: 12_040,
      hitRate: 0.0302,
      savingUsd: 2_810.4,
      note: 'nobody is served an answer made for another',
    },
    { name: 'maxMessages: 6', hits: 103_002, hitRate: 0.2931, savingUsd: 4_390.12, note: null },
    {
      name: 'embedder: openai:text-embedding-3-small',
      hits: 81_204,
      hitRate: 0.3381,
      savingUsd: 4_402.7,
      note: 'its vectors cost $3.10',
    },
  ],
  priceBook: { name: 'genai-prices 0.1.8', date: '2026-10-28', ageDays: 24 },
}
