import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { daily, emptyTotals, groups, opportunities, totals } from './analyze-parts.ts'

/** A month of a team whose bill reached $14,800: one spike, three features, console totals, plans. */
export const richAnalyzeResult = (): AnalyzeResult => structuredClone(rich)

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
    queryProfile: null,
    difficulty: { classified: 0, simple: 0, medium: 0, hard: 0, presets: [] },
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

const rich: AnalyzeResult = {
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
  store: null,
  totals,
  period: { from: '2026-10-01T00:00:04.120Z', to: '2026-10-31T23:59:41.008Z', days: 31 },
  projection: {
    costUsdPerMonth: 14_341.118402331,
    interval: { low: 13_712.4, high: 15_031.9, level: 0.95, method: 'bootstrap over weeks' },
    days: 29,
    notes: ['2026-10-18 is an outlier and was left out'],
  },
  perRequest: { meanUsd: 0.035865645, p50Usd: 0.0081123, p95Usd: 0.142004, p99Usd: 0.61142 },
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
  usdPerThousandRequests: 35.865645,
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
  queryProfile: {
    requests: 410_000,
    exactShare: 0.1005,
    near92Share: 0.0712,
    near85Share: 0.1604,
    uniqueShare: 0.7391,
    distinct: 368_795,
    comparable: 301_220,
    compared: 20_000,
    embedder: 'static',
    clusterCount: 1_204,
    clusters: [
      {
        example: 'Wo ist mein Paket?',
        count: 2_310,
        distinct: 118,
        costUsd: 71.33,
      },
      {
        example: '注文した商品がまだ届きません',
        count: 640,
        distinct: 31,
        costUsd: 12.4,
      },
    ],
  },
  difficulty: {
    classified: 398_220,
    simple: 241_300,
    medium: 121_800,
    hard: 35_120,
    presets: [
      { preset: 'signals', simple: 241_300, medium: 121_800, hard: 35_120, decidedShare: 0.694 },
      { preset: 'length', simple: 310_020, medium: 70_100, hard: 18_100, decidedShare: 1 },
      { preset: 'keywords', simple: 205_110, medium: 150_000, hard: 43_110, decidedShare: 1 },
    ],
  },
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
      message: '2026-10-18 cost $1,204.31, 2.7 times its trailing 7-day mean of $442.77',
      at: '2026-10-18',
      value: 1204.31,
      limit: 885.54,
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
    usdPerDay: 477.71,
    reasons: [
      'The log costs $477.71 a day; a gateway is worth a trial from about $50 a day.',
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
