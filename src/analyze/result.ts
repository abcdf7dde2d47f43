import type { Interval, PriceBookUsed, ResultHead } from '../domain/report.ts'

/** What `llmcost analyze` found. Money in dollars, shares 0–1, times ISO 8601, unknown is null. */
export type AnalyzeResult = ResultHead<'analyze'> & {
  /** The store, as it was named, where all of it was asked about; null where files were. */
  readonly store: string | null
  readonly totals: Totals
  readonly period: {
    readonly from: string | null
    readonly to: string | null
    readonly days: number
  }
  readonly projection: Projection
  readonly perRequest: PerRequest
  readonly perTrace: PerTrace
  readonly latencyMs: Percentiles
  readonly firstTokenMs: { readonly p50: number | null; readonly p95: number | null }
  /** Dollars per 1,000 requests. */
  readonly usdPerThousandRequests: number | null
  readonly daily: readonly Day[]
  /** The dimensions asked for with --by, and their groups, dearest first. */
  readonly by: readonly string[]
  readonly groups: readonly Group[]
  /** How many groups there are in all; `groups` holds the `--top` first of them. */
  readonly groupCount: number
  readonly facts: readonly Opportunity[]
  readonly intendedVsActual: readonly ModelSwap[]
  readonly topRepeated: readonly RepeatedQuestion[]
  /** Null where the log tells no prompt. */
  readonly queryProfile: QueryProfile | null
  readonly difficulty: Difficulty
  readonly unitEconomics: UnitEconomics | null
  readonly opportunities: readonly Opportunity[]
  readonly alerts: readonly Alert[]
  readonly verdict: Verdict
  readonly priceBook: PriceBookUsed
  readonly aggregates: readonly AggregateTotal[]
}

export type Totals = {
  readonly requests: number
  readonly attempts: number
  readonly errors: number
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWrite5mTokens: number
  readonly cacheWrite1hTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly costUsd: number
  readonly costByClass: CostByClassUsd
  /** Null when no request has a logged cost. */
  readonly loggedCostUsd: number | null
  readonly loggedRequests: number
  /** Those that the price book prices too: the log's word alone is compared with nothing. */
  readonly comparedRequests: number
  readonly comparedLoggedCostUsd: number | null
  /** What the compared requests come to by the price book; null without any. */
  readonly computedCostOfLoggedUsd: number | null
  readonly unpricedRequests: number
  readonly unpricedShare: number
  readonly estimatedRequests: number
  readonly estimatedShare: number
  readonly servedFromCacheRequests: number
  readonly undatedRequests: number
  readonly unpricedModels: readonly {
    readonly model: string
    readonly requests: number
    readonly snippet: string
  }[]
}

export type CostByClassUsd = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly tools: number
  readonly other: number
}

export type Projection = {
  readonly costUsdPerMonth: number | null
  readonly interval: Interval | null
  /** Complete days that went into it. */
  readonly days: number
  readonly notes: readonly string[]
}

export type PerRequest = {
  readonly meanUsd: number | null
  readonly p50Usd: number | null
  readonly p95Usd: number | null
  readonly p99Usd: number | null
}

export type PerTrace = {
  readonly traces: number
  readonly meanUsd: number | null
  readonly p95Usd: number | null
  readonly maxUsd: number | null
  readonly callsMean: number | null
  readonly callsP95: number | null
  readonly callsMax: number | null
  readonly worst: readonly {
    readonly trace: string
    readonly calls: number
    readonly costUsd: number
  }[]
}

export type Percentiles = {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** One calendar day in --tz. */
export type Day = {
  readonly day: string
  readonly requests: number
  readonly errors: number
  readonly costUsd: number
}

export type Group = {
  /** Values by dimension; null where the log has none. */
  readonly by: Readonly<Record<string, string | null>>
  readonly requests: number
  readonly costUsd: number
  readonly costShare: number
  readonly costByClass: CostByClassUsd
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly errors: number
  readonly unpricedRequests: number
  readonly perRequest: PerRequest
  readonly latencyMs: Percentiles
  readonly firstTokenMs: { readonly p50: number | null; readonly p95: number | null }
}

export type OpportunityKind =
  | 'exact-repeats'
  | 'near-repeats'
  | 'unused-prompt-caching'
  | 'lost-prompt-cache'
  | 'unread-cache-writes'
  | 'expensive-model-on-simple'
  | 'batch-eligible'
  | 'failed-attempts'
  | 'truncated-answers'
  | 'loops'
  | 'repeated-context'
  | 'output-outliers'
  | 'unread-output'
  | 'cheaper-elsewhere'
  | 'self-hosting'

/** One way to spend less. Opportunities overlap: their savings must never be added up. */
export type Opportunity = {
  readonly kind: OpportunityKind
  /** One sentence with its numbers, e.g. "1,204 of 9,872 requests repeat an earlier one exactly". */
  readonly title: string
  /** Where no month can be projected (`projection.costUsdPerMonth` is null) the same as `savingUsd`. */
  readonly savingUsdPerMonth: number
  /** The saving over the log itself, before scaling to a month. */
  readonly savingUsd: number
  /** Saving as a share of all spend. */
  readonly share: number
  readonly requests: number
  readonly evidence: string
  readonly caveat: string
  /** What proves it; only commands that exist. */
  readonly command: string
  /** Requests that show it, for `llmcost explain`. */
  readonly examples: readonly string[]
}

export type ModelSwap = {
  readonly requestedModel: string
  readonly answeredModel: string
  readonly requests: number
}

export type RepeatedQuestion = {
  readonly text: string | null
  readonly count: number
  readonly costUsd: number
}

/**
 * How much is asked again. `exactShare`, `near85Share` and `uniqueShare` add up to 1; what is near at 0.92 is near at
 * 0.85. The last three are null where no text was kept to compare.
 */
export type QueryProfile = {
  /** Requests whose prompt is known: the denominator of all shares. */
  readonly requests: number
  readonly exactShare: number
  /** First-time prompts with an earlier one at this cosine, where all but the last user message is equal. */
  readonly near92Share: number | null
  readonly near85Share: number | null
  readonly uniqueShare: number | null
  /** Prompts, each counted once. */
  readonly distinct: number
  /** Of those, the ones that others differ from in their last user message alone. */
  readonly comparable: number
  /** Of those, the ones compared: where they are fewer, near shares are estimates that err low. */
  readonly compared: number
  /** Null where nothing was compared. */
  readonly embedder: string | null
  readonly clusterCount: number
  /** Of near-equal prompts, among the compared ones; the dearest first. */
  readonly clusters: readonly QueryCluster[]
}

export type QueryCluster = {
  /** The beginning of its first prompt. */
  readonly example: string
  /** Requests, exact repeats included. */
  readonly count: number
  readonly distinct: number
  readonly costUsd: number
}

/** How hard the requests look: by the `signals` preset, and by each preset beside it. */
export type Difficulty = {
  /** Requests with a text to judge by: the denominator of all shares. */
  readonly classified: number
  readonly simple: number
  readonly medium: number
  readonly hard: number
  readonly presets: readonly PresetMix[]
}

export type PresetMix = {
  readonly preset: string
  readonly simple: number
  readonly medium: number
  readonly hard: number
  /** Share the preset decides by its own rules; the rest counts as medium. */
  readonly decidedShare: number
}

export type UnitEconomics = {
  readonly plans: readonly {
    readonly plan: string
    readonly users: number
    readonly priceUsd: number | null
    readonly costUsdPerUserMonth: number
    readonly p95UsdPerUserMonth: number
    /** Price minus cost over price; null without a price. */
    readonly marginShare: number | null
    readonly usersAbovePrice: number | null
  }[]
}

export type Alert = {
  readonly kind:
    | 'day-spike'
    | 'user-above-limit'
    | 'user-far-above-median'
    | 'error-rate-rising'
    | 'hit-rate-falling'
    | 'prefix-share-falling'
    | 'budget-crossed'
    | 'budget-forecast'
    | 'price-book-old'
  readonly level: 'info' | 'warn' | 'critical'
  readonly message: string
  /** The day or moment it is about, ISO, or null. */
  readonly at: string | null
  readonly value: number | null
  readonly limit: number | null
}

export type Verdict = {
  readonly gateway: 'does-not-pay' | 'look-again' | 'worth-a-trial' | 'unknown'
  readonly usdPerDay: number | null
  readonly reasons: readonly string[]
}

/** A provider's own aggregate (console CSV) beside what the requests of the same days come to. */
export type AggregateTotal = {
  readonly source: string
  readonly model: string
  readonly from: string | null
  readonly to: string | null
  readonly requests: number | null
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly outputTokens: number
  /** What the console says it cost, else what the price book says; null where neither does. */
  readonly costUsd: number | null
  /** The logged requests of the same days and model. */
  readonly requestsCostUsd: number | null
}
