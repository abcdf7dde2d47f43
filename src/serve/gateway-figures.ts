import type { CacheLayer } from '../domain/receipt.ts'
import type { Interval } from '../domain/report.ts'
import type { AlertMetric } from '../policy/governance.ts'
import type { Tier } from '../policy/routing.ts'

/** `hour` and `day` end now and count the minute, or the ten minutes, that have begun. */
export const windowNames = ['hour', 'day', 'start'] as const
export type WindowName = (typeof windowNames)[number]

/** What the requests of one window came to. */
export type Figures = {
  readonly from: string
  readonly requests: number
  /** Of all receipts, and of audits, judges, embeddings and reconciled calls, which are in none. */
  readonly costUsd: number
  readonly costUsdPer1k: number | null
  /** Requests with a call whose price nobody knows: it counts nothing. */
  readonly unpricedRequests: number
  readonly savings: Savings
  readonly cache: CacheFigures
  /** Of the providers' own prompt caches: never a hit. */
  readonly prefix: {
    readonly inputTokens: number
    readonly readTokens: number
    readonly writtenTokens: number
    readonly readShare: number | null
  }
  readonly audit: AuditFigures
  readonly routing: RoutingFigures
  readonly refusals: {
    /** Refused by a budget or the loop guard. */
    readonly byBudget: number
    readonly budgetRejectionRate: number | null
  }
  readonly errors: {
    /** Nobody answered, though the caller stayed. */
    readonly failed: number
    readonly errorRate: number | null
    /** The caller left. */
    readonly cancelled: number
    readonly statusCodes: Readonly<Record<StatusClass, number>>
  }
  /** Of requests that were answered, until the caller had the whole answer. */
  readonly latencyMs: Quantiles
  /** p95 over that of the baseline; null where one of them is unknown. */
  readonly p95LatencyFactor: number | null
  readonly firstTokenMs: Quantiles
  /** The gateway's own share of the time, of all requests. */
  readonly overheadMs: Quantiles & { readonly histogram: readonly HistogramBar[] }
  /** Metrics with an action threshold, in the policy's order. */
  readonly watched: readonly WatchedMetric[]
  /** Of the requests that went to a model; without a name those that went to the model they asked for. */
  readonly routes: readonly MixLine[]
  /** The customers' plans. */
  readonly segments: readonly MixLine[]
  readonly models: readonly ModelLine[]
  /** Why a cache layer was not asked, most frequent first. */
  readonly bypasses: readonly ReasonLine[]
  /** Requests that nobody decided, and that no other figure counts, by the kind of fault, most frequent first. */
  readonly turnedAway: readonly ReasonLine[]
}

export type ReasonLine = { readonly reason: string; readonly requests: number }

export type MixFigures = Pick<Figures, 'routes' | 'segments' | 'models' | 'bypasses' | 'turnedAway'>

export type Savings = {
  /** Of the requests whose baseline and own cost are known. */
  readonly baselineUsd: number
  readonly costUsd: number
  /** Baseline less cost, less `besideUsd`. Null where nothing is known. */
  readonly savedUsd: number | null
  /** Of `baselineUsd`. */
  readonly share: number | null
  /** Adds up, with `besideUsd`, to `savedUsd`. */
  readonly parts: readonly { readonly part: SavingPart; readonly savedUsd: number }[]
  /** What saving took beside the receipts: audits, judges, embeddings. */
  readonly beside: readonly { readonly purpose: SidePurpose; readonly costUsd: number }[]
  readonly besideUsd: number
  /** Contained in the receipts' cost, and so in `costUsd`. */
  readonly classifiersUsd: number
  readonly validatorsUsd: number
  /** Requests whose saving is known, out of those that were let through. */
  readonly known: number
  readonly of: number
  readonly unknownShare: number | null
}

/** `models`: another model than the one asked for, and what escalations and failures cost on top. */
export const savingParts = ['exact', 'semantic', 'coalesced', 'models'] as const
export type SavingPart = (typeof savingParts)[number]

/** Paid for, and in no receipt. */
export const sidePurposes = ['audit', 'judge', 'embedding'] as const
export type SidePurpose = (typeof sidePurposes)[number]

export type CacheFigures = {
  /** Requests that at least one layer was asked for: the denominator of the combined rate. */
  readonly cacheable: number
  readonly hits: number
  readonly hitRate: number | null
  readonly layers: readonly {
    readonly layer: CacheLayer
    /** Requests that came to this layer: the semantic one is asked only after the exact one missed. */
    readonly lookUps: number
    readonly hits: number
    readonly hitRate: number | null
    /** Of all cacheable requests; the layers' shares add up to the combined rate. */
    readonly shareOfCacheable: number | null
  }[]
  /** Waited for an identical request in flight: an avoided call, no hit. */
  readonly coalesced: number
  /** Similar enough, and a guard spoke against it. */
  readonly guarded: number
}

export type AuditFigures = {
  /** Cached answers that were asked for again. */
  readonly audited: number
  readonly agreeing: number
  readonly agreeRate: number | null
  readonly interval: Interval | null
  /** Of the semantic hits. */
  readonly auditedShare: number | null
}

export type RoutingFigures = {
  /** Requests that a model answered: the denominator of the shares by tier. */
  readonly answered: number
  readonly tiers: readonly {
    /** Null: the model is none of the policy's tiers. */
    readonly tier: Tier | null
    readonly requests: number
    readonly share: number | null
  }[]
  readonly topTierShare: number | null
  /** Requests with an answer that a validator judged: the denominator of the escalation rate. */
  readonly validated: number
  readonly escalated: number
  readonly escalationRate: number | null
  /** Attempts: the same target again, and another one because a target failed. */
  readonly retries: number
  readonly fallbacks: number
}

export type StatusClass = '2xx' | '3xx' | '4xx' | '5xx'

/** From a histogram whose bars are 4.4 % wide: at most 2.2 % off. Null of no values. */
export type Quantiles = {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** Null: whatever is longer. */
export type HistogramBar = { readonly upToMs: number | null; readonly requests: number }

export type WatchedMetric = {
  readonly metric: AlertMetric
  /** Null where it has no denominator yet. */
  readonly value: number | null
  readonly of: number
  readonly side: 'above' | 'below'
  readonly limit: number
  /** Null where there is no value, or too few requests to act on. */
  readonly isCrossed: boolean | null
}

/** Null name: all that there was no room for; `none`: requests that have none. */
export type MixName = { readonly name: string | null; readonly none: boolean }

export type MixLine = MixName & {
  readonly requests: number
  readonly share: number
  readonly costUsd: number
  readonly costUsdPerRequest: number
  /** Of the requests whose saving is known. */
  readonly savedUsd: number
  readonly hits: number
  readonly failed: number
}

export type ModelLine = MixName & {
  readonly tier: Tier | null
  readonly calls: number
  readonly share: number
  readonly costUsd: number
  readonly costShare: number | null
  readonly unpricedCalls: number
  readonly failedCalls: number
  readonly rejectedCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
}
