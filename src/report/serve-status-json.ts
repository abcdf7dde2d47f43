import type { Figures } from '../serve/gateway-figures.ts'
import type { GatewaySnapshot, RecentReceipt } from '../serve/gateway-snapshot.ts'
import { formatJson, type KeyOrder, orderKeys } from './json.ts'
import { stepJson } from './receipt.ts'

/** The snapshot as `--format json` prints it. Described in docs/json-output.md. */
export function serveStatusJson(snapshot: GatewaySnapshot): string {
  const recent = snapshot.recent.map((receipt) => ({
    ...receipt,
    steps: receipt.steps.map(stepJson),
  }))
  return formatJson(orderKeys<PrintedSnapshot>({ ...snapshot, recent }, snapshotOrder))
}

/** Steps have their money in dollars too. */
type PrintedSnapshot = Omit<GatewaySnapshot, 'recent'> & {
  readonly recent: readonly (Omit<RecentReceipt, 'steps'> & {
    readonly steps: readonly Readonly<Record<string, unknown>>[]
  })[]
}

const interval = { low: true, high: true, level: true, method: true } as const
const quantiles = { count: true, p50: true, p95: true, p99: true } as const

const forecast = {
  policy: true,
  generatedAt: true,
  from: true,
  to: true,
  scored: {
    metric: true,
    route: true,
    value: true,
    interval,
    actual: true,
    requests: true,
    isInside: true,
  },
} as const

const savings = {
  baselineUsd: true,
  costUsd: true,
  savedUsd: true,
  share: true,
  parts: { part: true, savedUsd: true },
  beside: { purpose: true, costUsd: true },
  besideUsd: true,
  classifiersUsd: true,
  validatorsUsd: true,
  known: true,
  of: true,
  unknownShare: true,
} as const

const routing = {
  answered: true,
  tiers: { tier: true, requests: true, share: true },
  topTierShare: true,
  validated: true,
  escalated: true,
  escalationRate: true,
  retries: true,
  fallbacks: true,
} as const

const mix = {
  name: true,
  none: true,
  requests: true,
  share: true,
  costUsd: true,
  costUsdPerRequest: true,
  savedUsd: true,
  hits: true,
  failed: true,
} as const

const model = {
  name: true,
  none: true,
  tier: true,
  calls: true,
  share: true,
  costUsd: true,
  costShare: true,
  unpricedCalls: true,
  failedCalls: true,
  rejectedCalls: true,
  inputTokens: true,
  outputTokens: true,
} as const

const figures: KeyOrder<Figures> = {
  from: true,
  requests: true,
  costUsd: true,
  costUsdPer1k: true,
  unpricedRequests: true,
  savings,
  cache: {
    cacheable: true,
    hits: true,
    hitRate: true,
    layers: { layer: true, lookUps: true, hits: true, hitRate: true, shareOfCacheable: true },
    coalesced: true,
    guarded: true,
  },
  prefix: { inputTokens: true, readTokens: true, writtenTokens: true, readShare: true },
  audit: { audited: true, agreeing: true, agreeRate: true, interval, auditedShare: true },
  routing,
  refusals: { byBudget: true, budgetRejectionRate: true },
  errors: {
    failed: true,
    errorRate: true,
    cancelled: true,
    statusCodes: { '2xx': true, '3xx': true, '4xx': true, '5xx': true },
  },
  latencyMs: quantiles,
  p95LatencyFactor: true,
  firstTokenMs: quantiles,
  overheadMs: { ...quantiles, histogram: { upToMs: true, requests: true } },
  watched: { metric: true, value: true, of: true, side: true, limit: true, isCrossed: true },
  routes: mix,
  segments: mix,
  models: model,
  bypasses: { reason: true, requests: true },
  turnedAway: { reason: true, requests: true },
}

const recent = {
  id: true,
  at: true,
  endpoint: true,
  statusCode: true,
  outcome: true,
  requestedModel: true,
  target: true,
  route: true,
  costUsd: true,
  isUnpriced: true,
  savedUsd: true,
  latencyMs: true,
  overheadMs: true,
  firstTokenMs: true,
  auditAgrees: true,
  steps: 'as-is',
} as const

const snapshotOrder: KeyOrder<PrintedSnapshot> = {
  kind: true,
  version: true,
  generatedAt: true,
  startedAt: true,
  policy: { fingerprint: true, source: true },
  baseline: true,
  health: {
    status: true,
    problems: true,
    ledger: true,
    inFlight: true,
    openIntents: true,
    missedHits: { scanned: true, missed: true },
  },
  today: { day: true, timezone: true, since: true, isWholeDay: true, costUsd: true },
  windows: { hour: figures, day: figures, start: figures },
  series: {
    from: true,
    stepMs: true,
    requests: true,
    costUsd: true,
    savedUsd: true,
    cacheable: true,
    hits: true,
    failed: true,
    refused: true,
    latencyP50Ms: true,
    latencyP95Ms: true,
  },
  breakers: { target: true, state: true, failures: true, nextTryAt: true },
  budgets: {
    budget: true,
    member: true,
    window: true,
    limitUsd: true,
    spentUsd: true,
    reservedUsd: true,
    action: true,
    resetsAt: true,
  },
  trials: {
    layer: true,
    group: true,
    purpose: true,
    mode: true,
    threshold: true,
    compared: true,
    wrong: true,
    better: true,
    unsettled: true,
    rate: true,
    interval,
    limit: true,
    confidence: true,
    evidence: true,
    isProved: true,
  },
  audits: { inFlight: true, compared: true, dropped: true, refused: true, failed: true },
  forecast,
  earlierForecasts: forecast,
  recent,
}
