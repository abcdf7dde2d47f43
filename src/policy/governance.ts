import type { NanoUsd } from '../domain/money.ts'
import type { TimeoutClassName, When } from './when.ts'

/** What happens when a target fails. */
export type FailurePolicy = {
  readonly retries: Retries
  readonly fallback: Fallback
  readonly breaker: Breaker
  readonly overflow: readonly Overflow[]
}

/** Exponential with jitter; Retry-After is honoured within `totalMs`. */
export type Retries = {
  /** Attempts after the first; 0 switches retries off. */
  readonly attempts: number
  readonly initialMs: number
  readonly maxMs: number
  readonly totalMs: number
}

/** In this order: another vendor's model, the last good cached answer, a static answer, 503. */
export type Fallback = {
  readonly on: boolean
  /** By target: those to ask instead, in order. */
  readonly targets: Readonly<Record<string, readonly string[]>>
  /** Serve the last good cached answer, marked stale. */
  readonly stale: boolean
  readonly staticAnswer: string | null
}

/** Opens after so many failures in a row; after `openSeconds` one probe decides. */
export type Breaker = {
  readonly on: boolean
  readonly failures: number
  readonly openSeconds: number
}

/** A target that is busier than this passes requests on to `to`. Null: no such limit. */
export type Overflow = {
  readonly target: string
  readonly maxInFlight: number | null
  readonly maxQueueMs: number | null
  readonly to: string
}

/** How long a request may take. `auto` takes `passthrough` for a named model without route, else `interactive`. */
export type Timeouts = {
  readonly default: TimeoutClassName | 'auto'
  readonly classes: Readonly<Record<TimeoutClassName, TimeoutClass>>
  /** The first that holds decides, before the default. */
  readonly rules: readonly TimeoutRule[]
}

/** Null: no limit. */
export type TimeoutClass = {
  /** Of streams, to the first token and in all. */
  readonly firstTokenMs: number | null
  readonly streamMs: number | null
  /** Of answers that come in one piece. */
  readonly wholeMs: number | null
  /** Between two chunks. */
  readonly idleMs: number | null
  readonly retries: boolean
}

export type TimeoutRule = { readonly when: When; readonly class: TimeoutClassName }

export const budgetScopes = ['user', 'key', 'team', 'feature', 'session', 'trace', 'all'] as const
export type BudgetScope = (typeof budgetScopes)[number]

/** Spend of each member of the scope in each window. */
export type Budget = {
  readonly name: string
  readonly scope: BudgetScope
  readonly window: 'day' | 'week' | 'month' | 'lifetime'
  readonly limitNanoUsd: NanoUsd
  readonly action: 'alert' | 'downgrade' | 'block'
  /** `hard` reserves an upper bound, so that spend never passes the limit; `soft` an estimate. */
  readonly mode: 'hard' | 'soft'
  /** Only requests for which this holds count. */
  readonly when: When
}

/** Stops a trace that calls without end. Null: no such limit. */
export type LoopGuard = {
  readonly maxCalls: number | null
  /** Spend of one trace, whatever its length. */
  readonly maxNanoUsd: NanoUsd | null
  /** Calls that end in the same message, numbers, case and spacing aside. */
  readonly maxSimilarInRow: number | null
  readonly action: 'alert' | 'block'
}

/** What an alert may watch; `Usd` in dollars, `Rate` and `Share` from 0 to 1, `Factor` as a multiple. */
export const alertMetrics = [
  'dayOverMeanFactor',
  'userMonthUsd',
  'userOverMedianFactor',
  'hitRate',
  'topTierShare',
  'escalationRate',
  'errorRate',
  'errorRateFactor',
  'p95LatencyFactor',
  'budgetRejectionRate',
  'monthUsd',
] as const
export type AlertMetric = (typeof alertMetrics)[number]

export type Alerts = {
  readonly rules: readonly AlertRule[]
  /** Where each alert is posted besides the log. */
  readonly webhook: string | null
}

export type AlertRule = {
  readonly metric: AlertMetric
  readonly side: 'above' | 'below'
  readonly limit: number
}

export type ContentMode = 'full' | 'hash' | 'none'

export type Privacy = {
  /** What of prompts and answers is kept. `auto`: full on loopback, hash elsewhere. */
  readonly content: ContentMode | 'auto'
  /** By name of a gateway key, over the former. */
  readonly contentByKey: Readonly<Record<string, ContentMode>>
  /** E-mail, phone, card, key and IP patterns are replaced in what is stored and shown, after keys are made. */
  readonly redact: boolean
}

/** An assertion of `check`. */
export type Assertion = {
  readonly name: string
  /** A path in the report: `totals.costUsd`, `layers.exact.hitRate`; or a name that all reports share: `costUsd`. */
  readonly metric: string
  /** Only requests with these values. */
  readonly where: Readonly<Record<string, string>>
  readonly limit: AssertionLimit
  readonly level: AssertionLevel
}

export const assertionLevels = ['error', 'warn', 'off'] as const
export type AssertionLevel = (typeof assertionLevels)[number]

/** What it means for `check` that a figure is unknown. */
export const noDataWords = ['pass', 'warn', 'fail'] as const
export type NoData = (typeof noDataWords)[number]

export type AssertionLimit =
  | { readonly kind: 'value'; readonly operator: Operator; readonly value: number }
  /** Against the baseline: 0.05 allows 5 % more; negative demands less. */
  | { readonly kind: 'increase'; readonly maxShare: number }
  | { readonly kind: 'decrease'; readonly maxShare: number }
  /** The same in the unit of the metric. */
  | { readonly kind: 'increase-by'; readonly max: number }
  | { readonly kind: 'decrease-by'; readonly max: number }

export const operators = ['<', '<=', '=', '>=', '>'] as const
export type Operator = (typeof operators)[number]
