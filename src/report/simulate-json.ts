import type { SimulateResult } from '../simulate/result.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'

/** The result as `--format json` prints it. Described in docs/json-output.md. */
export const simulateJson = (result: SimulateResult): string =>
  formatJson(orderKeys(result, simulateOrder))

const interval = { low: true, high: true, level: true, method: true } as const
const range = { low: true, high: true } as const
const latencyMs = { p50: true, p95: true } as const
const projection = { costUsdPerMonth: true, interval, days: true, notes: true } as const
const layerSaving = { layer: true, savingUsd: true } as const
const lever = { on: true, requests: true, savingUsd: true, note: true } as const

const limits = {
  budgets: { budget: true, refused: true, downgraded: true, alerted: true },
  refusedRequests: true,
  downgradedRequests: true,
  alertedRequests: true,
  costUsd: true,
  refusedUsd: true,
  downgradedUsd: true,
  othersUsd: true,
} as const

const selfHosted = {
  target: true,
  requests: true,
  outputTokens: true,
  outputTokensPerMonth: true,
  usdPerMonth: true,
  usdPerMillion: true,
  usdPerMillionFilled: true,
  filledShare: true,
  elsewhereUsdPerMillion: true,
  breakEvenTokensPerMonth: true,
  policyUsdPerMonth: true,
} as const

const exact = {
  on: true,
  ttlSeconds: true,
  cacheable: true,
  hits: true,
  hitRate: true,
  entries: true,
  savingUsd: true,
} as const

const semantic = {
  on: true,
  ttlSeconds: true,
  cacheable: true,
  hits: true,
  hitRate: true,
  wrongHits: range,
  wrongPerHit: range,
  wrongPerHitInterval: interval,
  wrongPerRequest: range,
  judged: true,
  labelled: true,
  rungs: 'sorted',
  estimated: true,
  noiseFloor: { repeats: true, differing: range, rate: range },
  threshold: true,
  ruleThresholds: true,
  insert: true,
  embedder: true,
  guards: { guard: true, caught: true },
  recall: { looked: true, found: true, lowerBound: true },
  embeddingUsd: true,
  savingUsd: true,
  drift: { first: true, second: true, z: true, drifted: true },
} as const

const prefix = {
  mode: true,
  inputTokens: true,
  readTokens: true,
  writtenTokens: true,
  readShare: true,
  costUsd: true,
  uncachedCostUsd: true,
  loggedReadTokens: true,
  modelledReadTokens: true,
  ifUsedSavingUsd: true,
  savingUsd: true,
  pool: { blocks: true, readBlocks: true, hitBlocks: true },
} as const

const routing = {
  on: true,
  routes: { route: true, requests: true, target: true, costUsd: true },
  escalations: true,
  savingUsd: true,
  assumptions: true,
  sensitivity: { lowUsd: true, highUsd: true },
  presets: {
    preset: true,
    decidedShare: true,
    mix: { simple: true, medium: true, hard: true },
    costUsd: true,
    savingUsd: true,
    quality: true,
  },
} as const

const sweep = {
  threshold: true,
  hits: true,
  hitRate: true,
  wrongHits: range,
  wrongPerHit: range,
  interval,
  savingsUsd: true,
} as const

const certified = {
  threshold: true,
  alpha: true,
  confidence: true,
  labels: true,
  errors: true,
  labelsNeeded: true,
  advice: true,
  thisLog: { hits: true, labels: true, wrong: true, wrongAtMost: true },
  randomSplit: { threshold: true, labels: true, errors: true },
} as const

const pair = {
  kind: true,
  similarity: true,
  request: true,
  servedBy: true,
  question: true,
  servedQuestion: true,
  verdict: true,
  rung: true,
} as const

const simulateOrder: KeyOrder<SimulateResult> = {
  ...headOrder,
  period: { from: true, to: true, days: true },
  policyText: true,
  baseline: {
    name: true,
    requests: true,
    costUsd: true,
    unpricedRequests: true,
    latencyMs,
    projection,
  },
  policy: {
    requests: true,
    costUsd: true,
    calls: true,
    avoidedCalls: true,
    unmeasuredRequests: true,
    latencyMs,
    latencyBasis: { requests: true, known: true, share: true, note: true },
    projection,
  },
  savings: { costUsd: true, share: true, projectedUsdPerMonth: true },
  layers: {
    exact,
    coalesced: { requests: true, savingUsd: true },
    semantic,
    prefix,
    routing,
    batch: lever,
    compression: lever,
    outputCap: lever,
    selfHosted,
  },
  limits,
  bypasses: { layer: true, reason: true, requests: true, share: true },
  waterfall: layerSaving,
  alone: layerSaving,
  sweep,
  certified,
  frontier: { name: true, strongShare: true, costUsd: true, quality: true, dominated: true },
  routingMetrics: {
    apgr: true,
    cpt: { '0.2': true, '0.5': true, '0.8': true },
    oracleQuality: true,
  },
  quality: { status: true, delta: true, interval, n: true, note: true },
  groups: {
    by: true,
    value: true,
    requests: true,
    hits: true,
    baselineUsd: true,
    policyUsd: true,
  },
  pairs: pair,
  beside: { name: true, hits: true, hitRate: true, savingUsd: true, note: true },
  priceBook: { name: true, date: true, ageDays: true },
}
