import type {
  AnalyzeResult,
  CostByClassUsd,
  Group,
  Opportunity,
  PerRequest,
} from '../../src/analyze/result.ts'

/** A month of a team whose bill reached $14,800: one spike, three features, console totals, plans. */
export function richAnalyzeResult(): AnalyzeResult {
  return {
    kind: 'analyze',
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
      {
        path: 'console/anthropic-2026-10.csv',
        format: 'anthropic-console',
        requests: 0,
        duplicates: 0,
        skipped: { 'future-day': 1 },
      },
    ],
    fingerprints: { policy: null, prices: 'genai-prices@0.1.8+4f1c02', embedder: null },
    warnings: [
      {
        code: 'service-tier-unpriced',
        message: 'priced at the standard tier: the book has no price for service tier "scale"',
        count: 318,
      },
    ],
    totals,
    period: { from: '2026-10-01T00:00:04.120Z', to: '2026-10-31T23:59:41.008Z', days: 31 },
    projection: {
      costUsdPerMonth: 14_803.118402331,
      interval: { low: 13_912.4, high: 15_731.9, level: 0.95, method: 'bootstrap over weeks' },
      days: 29,
      notes: ['2026-10-18 is an outlier and was left out'],
    },
    perRequest: { meanUsd: 0.03587358, p50Usd: 0.0081123, p95Usd: 0.142004, p99Usd: 0.61142 },
    perTrace: {
      traces: 9_204,
      meanUsd: 0.904121,
      p95Usd: 3.104,
      maxUsd: 41.207733,
      callsMean: 12.1,
      callsP95: 44,
      callsMax: 1_212,
      worst: [
        { trace: 'tr_9f2c77aa01', calls: 1_212, costUsd: 41.207733 },
        { trace: 'tr_20c1be9d40', calls: 640, costUsd: 19.8801 },
      ],
    },
    latencyMs: { p50: 1_212.4, p95: 6_480, p99: 19_800 },
    firstTokenMs: { p50: 412, p95: 1_904 },
    usdPerThousandRequests: 35.87358,
    daily,
    by: ['feature', 'model'],
    groups,
    groupCount: 14,
    facts: opportunities.slice(0, 3),
    intendedVsActual: [
      { requestedModel: 'gpt-4o', answeredModel: 'gpt-4o-2024-08-06', requests: 160_220 },
      { requestedModel: 'gpt-4o-mini', answeredModel: 'gpt-4o', requests: 8_112 },
    ],
    topRepeated: [
      { text: 'How do I reset my password?', count: 4_812, costUsd: 61.204 },
      {
        text: 'Où est ma commande ? Elle devait arriver hier et je n’ai aucune nouvelle de vous 😕',
        count: 1_120,
        costUsd: 18.77,
      },
      { text: '注文した商品がまだ届きません。いつ届きますか？', count: 731, costUsd: 12.5 },
      { text: null, count: 402, costUsd: 4.1 },
    ],
    difficulty: { classified: 398_220, simple: 241_300, medium: 121_800, hard: 35_120 },
    unitEconomics: {
      plans: [
        {
          plan: 'free',
          users: 18_204,
          priceUsd: 0,
          costUsdPerUserMonth: 0.21,
          p95UsdPerUserMonth: 0.88,
          marginShare: null,
          usersAbovePrice: 18_204,
        },
        {
          plan: 'pro',
          users: 1_322,
          priceUsd: 20,
          costUsdPerUserMonth: 6.42,
          p95UsdPerUserMonth: 31.2,
          marginShare: 0.679,
          usersAbovePrice: 97,
        },
      ],
    },
    opportunities,
    alerts: [
      {
        kind: 'day-spike',
        level: 'critical',
        message: '2026-10-18 cost $1,204.31, 2.6 times its trailing 7-day mean of $463.20',
        at: '2026-10-18',
        value: 1204.31,
        limit: 926.4,
      },
      {
        kind: 'user-far-above-median',
        level: 'warn',
        message: 'user u_20418 cost $1,912.40 this month, 310 times the median user',
        at: null,
        value: 1912.4,
        limit: 61.7,
      },
      {
        kind: 'price-book-old',
        level: 'info',
        message: 'the price book is 24 days old; `llmcost prices update --url` reads a newer one',
        at: '2026-10-28',
        value: 24,
        limit: 14,
      },
    ],
    verdict: {
      gateway: 'worth-a-trial',
      usdPerDay: 477.55,
      reasons: [
        'The log costs $477.55 a day; a gateway is worth a trial from about $50 a day.',
        'The largest saving needs no gateway: prompt caching is a change to the request.',
      ],
    },
    priceBook: { name: 'genai-prices 0.1.8', date: '2026-10-28', ageDays: 24 },
    aggregates: [
      {
        source: 'console/anthropic-2026-10.csv',
        model: 'claude-sonnet-4-5',
        from: '2026-10-01',
        to: '2026-10-31',
        requests: null,
        inputTokens: 612_400_112,
        cacheReadTokens: 90_114_002,
        outputTokens: 88_120_431,
        costUsd: 3_402.11,
        requestsCostUsd: 3_377.204118,
      },
    ],
  }
}

/** What an empty log comes to: nothing is known, nothing is listed. */
export function emptyAnalyzeResult(): AnalyzeResult {
  const nobody = { p50: null, p95: null, p99: null }
  return {
    ...richAnalyzeResult(),
    inputs: [],
    warnings: [],
    totals: emptyTotals,
    period: { from: null, to: null, days: 0 },
    projection: { costUsdPerMonth: null, interval: null, days: 0, notes: [] },
    perRequest: { meanUsd: null, p50Usd: null, p95Usd: null, p99Usd: null },
    perTrace: {
      traces: 0,
      meanUsd: null,
      p95Usd: null,
      maxUsd: null,
      callsMean: null,
      callsP95: null,
      callsMax: null,
      worst: [],
    },
    latencyMs: nobody,
    firstTokenMs: { p50: null, p95: null },
    usdPerThousandRequests: null,
    daily: [],
    by: [],
    groups: [],
    groupCount: 0,
    facts: [],
    intendedVsActual: [],
    topRepeated: [],
    difficulty: { classified: 0, simple: 0, medium: 0, hard: 0 },
    unitEconomics: null,
    opportunities: [],
    alerts: [],
    verdict: { gateway: 'unknown', usdPerDay: null, reasons: [] },
    aggregates: [],
  }
}

/** The rich result with every free text replaced: what a hostile log could put there. */
export function analyzeResultWithText(text: string): AnalyzeResult {
  const keep = new Set([
    'kind',
    'level',
    'gateway',
    'generatedAt',
    'from',
    'to',
    'day',
    'date',
    'at',
  ])
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return keep.has(key) ? value : text
    if (Array.isArray(value)) return value.map((each) => replace(each, key))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([name, inner]) => [
      key === 'skipped' ? text : name,
      replace(inner, name),
    ])
    return Object.fromEntries(entries)
  }
  return { ...(replace(richAnalyzeResult(), '') as AnalyzeResult), by: ['feature', 'model'] }
}

/** Weekends at half, a slow climb, and one day on which retries ran away. Cents are kept whole. */
const daily = Array.from({ length: 31 }, (_, index) => {
  const isWeekend = index % 7 === 2 || index % 7 === 3
  const cents =
    index === 17 ? 120_431 : Math.round((isWeekend ? 24_100 : 51_300) * (1 + index / 150))
  return {
    day: `2026-10-${String(index + 1).padStart(2, '0')}`,
    requests: index === 17 ? 24_810 : isWeekend ? 7_020 : 15_400 + index * 31,
    errors: index === 17 ? 6_120 : 41 + (index % 5),
    costUsd: cents / 100,
  }
})

const spend = Math.round(daily.reduce((sum, { costUsd }) => sum + costUsd * 100, 0)) / 100

const costByClass: CostByClassUsd = {
  input: Math.round(spend * 31) / 100,
  cacheRead: Math.round(spend * 3) / 100,
  cacheWrite: Math.round(spend * 5.4) / 100,
  output: Math.round(spend * 58) / 100,
  tools: Math.round(spend * 2.3) / 100,
  other: 4.12,
}

const totals: AnalyzeResult['totals'] = {
  requests: 412_906,
  attempts: 431_377,
  errors: 7_904,
  inputTokens: 2_104_331_092,
  cacheReadTokens: 301_220_440,
  cacheWrite5mTokens: 41_200_118,
  cacheWrite1hTokens: 0,
  outputTokens: 611_904_228,
  reasoningTokens: 120_331_002,
  costUsd: spend,
  costByClass,
  loggedCostUsd: 3_402.118,
  computedCostOfLoggedUsd: 3_377.204118,
  loggedRequests: 111_464,
  unpricedRequests: 1_652,
  unpricedShare: 0.0040009,
  estimatedRequests: 8_671,
  estimatedShare: 0.021,
  servedFromCacheRequests: 2_044,
  undatedRequests: 12,
  unpricedModels: [
    {
      model: 'acme-7b-instruct',
      requests: 1_652,
      snippet: 'models:\n  acme-7b-instruct: { input: 0.10, output: 0.40 }',
    },
  ],
}

const emptyTotals: AnalyzeResult['totals'] = {
  requests: 0,
  attempts: 0,
  errors: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costUsd: 0,
  costByClass: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, tools: 0, other: 0 },
  loggedCostUsd: null,
  computedCostOfLoggedUsd: null,
  loggedRequests: 0,
  unpricedRequests: 0,
  unpricedShare: 0,
  estimatedRequests: 0,
  estimatedShare: 0,
  servedFromCacheRequests: 0,
  undatedRequests: 0,
  unpricedModels: [],
}

const group = (
  by: Group['by'],
  share: number,
  requests: number,
  perRequest: PerRequest,
  latency: readonly [number | null, number | null],
): Group => ({
  by,
  requests,
  costUsd: Math.round(spend * share * 100) / 100,
  costShare: share,
  costByClass: {
    input: Math.round(spend * share * 30) / 100,
    cacheRead: 0,
    cacheWrite: 0,
    output: Math.round(spend * share * 70) / 100,
    tools: 0,
    other: 0,
  },
  inputTokens: requests * 5_100,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: requests * 1_480,
  errors: Math.round(requests / 60),
  unpricedRequests: 0,
  perRequest,
  latencyMs: { p50: latency[0], p95: latency[1], p99: null },
  firstTokenMs: { p50: null, p95: null },
})

const perRequest = (meanUsd: number): PerRequest => ({
  meanUsd,
  p50Usd: meanUsd / 3,
  p95Usd: meanUsd * 4,
  p99Usd: meanUsd * 17,
})

const groups: readonly Group[] = [
  group(
    { feature: 'support-copilot', model: 'gpt-4o' },
    0.412,
    120_332,
    perRequest(0.0507),
    [1_310, 5_900],
  ),
  group(
    { feature: 'agent-runs', model: 'claude-sonnet-4-5' },
    0.228,
    31_204,
    perRequest(0.1083),
    [4_020, 22_400],
  ),
  group(
    { feature: 'summaries', model: 'gpt-4o' },
    0.141,
    28_770,
    perRequest(0.0726),
    [2_210, 7_100],
  ),
  group(
    { feature: 'support-copilot', model: 'gpt-4o-mini' },
    0.083,
    171_090,
    perRequest(0.0072),
    [610, 1_700],
  ),
  group({ feature: '検索アシスタント', model: 'gpt-4.1' }, 0.061, 22_400, perRequest(0.0403), [
    null,
    null,
  ]),
  group({ feature: null, model: 'gpt-4o' }, 0.039, 9_112, perRequest(0.0634), [1_280, 4_400]),
]

const opportunity = (
  kind: Opportunity['kind'],
  savingUsdPerMonth: number,
  text: Pick<Opportunity, 'title' | 'evidence' | 'caveat' | 'command'>,
): Opportunity => ({
  kind,
  ...text,
  savingUsdPerMonth,
  savingUsd: Math.round(savingUsdPerMonth * 102) / 100,
  share: savingUsdPerMonth / spend,
  requests: Math.round(savingUsdPerMonth * 13),
  examples: [`req_${kind.slice(0, 5)}_01`, `req_${kind.slice(0, 5)}_02`],
})

const opportunities: readonly Opportunity[] = [
  opportunity('expensive-model-on-simple', 3_118.4, {
    title: '98,204 of 160,220 gpt-4o requests look simple and cost 16 times gpt-4o-mini',
    evidence: 'short questions without code, tools or images, by the built-in signals preset',
    caveat: 'no quality was measured; replay a sample before routing',
    command: 'llmcost simulate logs/*.jsonl --preset signals',
  }),
  opportunity('unused-prompt-caching', 1_902.77, {
    title: '71% of agent-runs input repeats a prefix of 6,200 tokens without prompt caching',
    evidence: '24,010 requests within 5 minutes of the same prefix, claude-sonnet-4-5',
    caveat: 'the first request of each prefix pays 1.25 times for the write',
    command: 'llmcost simulate logs/agents.jsonl --layer prefix',
  }),
  opportunity('exact-repeats', 641.2, {
    title: '41,204 of 412,906 requests repeat an earlier one exactly',
    evidence: 'same model, messages and parameters within 24 hours',
    caveat: '9,120 of them have temperature above 0: users may expect variety',
    command: 'llmcost simulate logs/*.jsonl --layer exact',
  }),
  opportunity('batch-eligible', 604.9, {
    title: '22,804 summaries requests ran between 01:00 and 04:00 and nobody waited for them',
    evidence: 'feature summaries, regular bursts of 700 or more within a minute',
    caveat: 'a batch may take 24 hours',
    command: 'llmcost simulate logs/*.jsonl --layer batch',
  }),
  opportunity('failed-attempts', 212.04, {
    title: '18,471 attempts failed or were retried, 6,120 of them on 2026-10-18',
    evidence: 'status 429, 500 and 529; input tokens billed on 3,911 of them',
    caveat: 'a breaker with a fallback would have avoided most, not all',
    command: 'llmcost explain req_faile_01',
  }),
]
