import type { ForecastScore } from '../domain/forecast.ts'
import type { Outcome, Step } from '../domain/receipt.ts'
import type { BreakerState } from '../policy/when.ts'
import type { AuditCounts } from './audits.ts'
import type { Figures, WindowName } from './gateway-figures.ts'
import type { TrialLine } from './trial-lines.ts'

/**
 * A running gateway at one moment, as the dashboard, `serve status` and its JSON show it. Money in dollars, shares and
 * rates 0–1, durations in ms, times ISO 8601; unknown is null.
 */
export type GatewaySnapshot = {
  readonly kind: 'serve-status'
  readonly version: 1
  readonly generatedAt: string
  readonly startedAt: string
  readonly policy: { readonly fingerprint: string; readonly source: string | null }
  /** What savings are measured against, in words. */
  readonly baseline: string
  readonly health: GatewayHealth
  readonly today: {
    /** "2026-10-31", in the policy's time zone. */
    readonly day: string
    readonly timezone: string
    /** The start of the day, or of the gateway where that is later and nobody knows what was spent before. */
    readonly since: string
    readonly isWholeDay: boolean
    readonly costUsd: number
  }
  readonly windows: Readonly<Record<WindowName, Figures>>
  readonly series: MinuteSeries
  readonly breakers: readonly BreakerLine[]
  readonly budgets: readonly BudgetLine[]
  /** What shadow, canary and audits have found out; empty before the first comparison. */
  readonly trials: readonly TrialLine[]
  readonly audits: AuditCounts
  readonly forecast: ForecastScore | null
  /** Of earlier runs and earlier policies, the newest first: the tool's own history of errors. */
  readonly earlierForecasts: readonly ForecastScore[]
  /** Newest first. */
  readonly recent: readonly RecentReceipt[]
}

export type GatewayHealth = {
  readonly status: 'ok' | 'degraded'
  /** In words; empty where all is well. */
  readonly problems: readonly string[]
  /** `spooling`: entries wait in a file until the ledger can be written again. `losing`: that file is full. */
  readonly ledger: 'ok' | 'spooling' | 'losing'
  readonly inFlight: number
  /** Calls that may have been billed and that no entry settles yet. */
  readonly openIntents: number
  /** What the live index of the semantic cache misses of the hits that a full scan finds; null: never measured. */
  readonly missedHits: { readonly scanned: number; readonly missed: number } | null
}

/** One value a minute, oldest first, of the last day or since the start; null where nothing was measured. */
export type MinuteSeries = {
  readonly from: string
  readonly stepMs: number
  readonly requests: readonly number[]
  readonly costUsd: readonly number[]
  /** Without what saving took beside the receipts. */
  readonly savedUsd: readonly number[]
  readonly cacheable: readonly number[]
  readonly hits: readonly number[]
  readonly failed: readonly number[]
  readonly refused: readonly number[]
  readonly latencyP50Ms: readonly (number | null)[]
  readonly latencyP95Ms: readonly (number | null)[]
}

export type BreakerLine = {
  readonly target: string
  readonly state: BreakerState
  /** In a row. */
  readonly failures: number
  /** When the next attempt is let through. */
  readonly nextTryAt: string | null
}

export type BudgetLine = {
  readonly budget: string
  /** Whose: a user, a key, a team; null: all. */
  readonly member: string | null
  readonly window: string
  readonly limitUsd: number
  readonly spentUsd: number
  /** Held back for calls under way. */
  readonly reservedUsd: number
  readonly action: 'alert' | 'downgrade' | 'block'
  readonly resetsAt: string | null
}

/** What is shown of a request: no text of it, and nobody's name. */
export type RecentReceipt = {
  readonly id: string
  readonly at: string
  readonly endpoint: string
  readonly statusCode: number
  readonly outcome: Outcome
  readonly requestedModel: string | null
  /** That answered, or that was asked last. */
  readonly target: string | null
  readonly route: string | null
  readonly costUsd: number
  readonly isUnpriced: boolean
  /** Null: nobody knows what it would have cost. */
  readonly savedUsd: number | null
  readonly latencyMs: number
  readonly overheadMs: number
  readonly firstTokenMs: number | null
  readonly auditAgrees: boolean | null
  readonly steps: readonly Step[]
}
