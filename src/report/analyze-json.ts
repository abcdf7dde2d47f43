import type { AnalyzeResult, Group } from '../analyze/result.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'

/** The result as `--format json` prints it. Described in docs/json-output.md. */
export const analyzeJson = (result: AnalyzeResult): string =>
  formatJson(
    orderKeys({ ...result, groups: result.groups.map(byAsAsked(result.by)) }, analyzeOrder),
  )

/** A group with its dimensions in the order of --by. */
const byAsAsked =
  (by: readonly string[]) =>
  (group: Group): Group => ({
    ...group,
    by: Object.fromEntries(by.map((dimension) => [dimension, group.by[dimension] ?? null])),
  })

const costByClass = {
  input: true,
  cacheRead: true,
  cacheWrite: true,
  output: true,
  tools: true,
  other: true,
} as const

const interval = { low: true, high: true, level: true, method: true } as const
const percentiles = { p50: true, p95: true, p99: true } as const
const perRequest = { meanUsd: true, p50Usd: true, p95Usd: true, p99Usd: true } as const
const firstTokenMs = { p50: true, p95: true } as const

const opportunity = {
  kind: true,
  title: true,
  savingUsdPerMonth: true,
  savingUsd: true,
  share: true,
  requests: true,
  evidence: true,
  caveat: true,
  command: true,
  examples: true,
} as const

const totals = {
  requests: true,
  attempts: true,
  errors: true,
  inputTokens: true,
  cacheReadTokens: true,
  cacheWrite5mTokens: true,
  cacheWrite1hTokens: true,
  outputTokens: true,
  reasoningTokens: true,
  costUsd: true,
  costByClass,
  loggedCostUsd: true,
  computedCostOfLoggedUsd: true,
  loggedRequests: true,
  comparedRequests: true,
  comparedLoggedCostUsd: true,
  unpricedRequests: true,
  unpricedShare: true,
  estimatedRequests: true,
  estimatedShare: true,
  servedFromCacheRequests: true,
  undatedRequests: true,
  unpricedModels: { model: true, requests: true, snippet: true },
} as const

const perTrace = {
  traces: true,
  meanUsd: true,
  p95Usd: true,
  maxUsd: true,
  callsMean: true,
  callsP95: true,
  callsMax: true,
  worst: { trace: true, calls: true, costUsd: true },
} as const

const group = {
  by: 'as-is',
  requests: true,
  costUsd: true,
  costShare: true,
  costByClass,
  inputTokens: true,
  cacheReadTokens: true,
  cacheWriteTokens: true,
  outputTokens: true,
  errors: true,
  unpricedRequests: true,
  perRequest,
  latencyMs: percentiles,
  firstTokenMs,
} as const

const plan = {
  plan: true,
  users: true,
  priceUsd: true,
  costUsdPerUserMonth: true,
  p95UsdPerUserMonth: true,
  marginShare: true,
  usersAbovePrice: true,
} as const

const queryProfile = {
  requests: true,
  exactShare: true,
  near92Share: true,
  near85Share: true,
  uniqueShare: true,
  distinct: true,
  comparable: true,
  compared: true,
  embedder: true,
  clusterCount: true,
  clusters: { example: true, count: true, distinct: true, costUsd: true },
} as const

const aggregate = {
  source: true,
  model: true,
  from: true,
  to: true,
  requests: true,
  inputTokens: true,
  cacheReadTokens: true,
  outputTokens: true,
  costUsd: true,
  requestsCostUsd: true,
} as const

const analyzeOrder: KeyOrder<AnalyzeResult> = {
  ...headOrder,
  store: true,
  totals,
  period: { from: true, to: true, days: true },
  projection: { costUsdPerMonth: true, interval, days: true, notes: true },
  perRequest,
  perTrace,
  latencyMs: percentiles,
  firstTokenMs,
  usdPerThousandRequests: true,
  daily: { day: true, requests: true, errors: true, costUsd: true },
  by: true,
  groups: group,
  groupCount: true,
  facts: opportunity,
  intendedVsActual: { requestedModel: true, answeredModel: true, requests: true },
  topRepeated: { text: true, count: true, costUsd: true },
  queryProfile,
  difficulty: {
    classified: true,
    simple: true,
    medium: true,
    hard: true,
    presets: { preset: true, simple: true, medium: true, hard: true, decidedShare: true },
  },
  unitEconomics: { plans: plan },
  opportunities: opportunity,
  alerts: { kind: true, level: true, message: true, at: true, value: true, limit: true },
  verdict: { gateway: true, usdPerDay: true, reasons: true },
  priceBook: { name: true, date: true, ageDays: true },
  aggregates: aggregate,
}
