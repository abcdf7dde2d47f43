import type { Interval } from '../domain/report.ts'

/** A month at the rate of the complete days. */
export type MonthOf = {
  readonly costUsdPerMonth: number | null
  /** Where the next month falls; null below three complete days. */
  readonly interval: Interval | null
  readonly days: number
  readonly notes: readonly string[]
}

/** What a latency rests on. */
export type LatencyBasis = {
  /** Those that log a latency: the denominator. */
  readonly requests: number
  /** Those of them whose time under the policy is known; where that is not all, no percentile is. */
  readonly known: number
  readonly share: number | null
  /** The assumption, or why it is unknown. */
  readonly note: string
}

/**
 * What stops requests, on top of everything else: `policy.costUsd` is that of a policy that refuses nobody, less the
 * three amounts it is `costUsd`, to the nano-dollar.
 */
export type Limits = {
  /** Requests by the budget that decided, or the loop guard. */
  readonly budgets: readonly {
    readonly budget: string
    readonly refused: number
    readonly downgraded: number
    readonly alerted: number
  }[]
  readonly refusedRequests: number
  readonly downgradedRequests: number
  readonly alertedRequests: number
  readonly costUsd: number
  /** What the refused requests would have cost: refused, not saved. */
  readonly refusedUsd: number
  /** What the first rung of their ladder costs the downgraded ones less. */
  readonly downgradedUsd: number
  /** What all others cost less; below 0 where they miss the answers that the refused ones would have left. */
  readonly othersUsd: number
}

/** Machines of one's own for one target, a month: set beside what the log says, and in no cost of the result. */
export type SelfHostedLine = {
  readonly target: string
  /** Requests of the log that ask it under the policy, and their output tokens as logged. */
  readonly requests: number
  readonly outputTokens: number
  /** At the rate of the complete days; null without one. */
  readonly outputTokensPerMonth: number | null
  /** Machines and operations, used or not. */
  readonly usdPerMonth: number
  /** Output tokens at that volume; null without a volume. */
  readonly usdPerMillion: number | null
  /** Were all of the used time filled. */
  readonly usdPerMillionFilled: number | null
  /** Of the time that is used, the share that the volume fills; above 1 the machines cannot do it. */
  readonly filledShare: number | null
  /** What those requests cost as logged, input included, by output tokens; null where none was bought. */
  readonly elsewhereUsdPerMillion: number | null
  /** From which volume on the machines cost less; null where they never can. */
  readonly breakEvenTokensPerMonth: number | null
  /** What `policy.costUsd` counts for those requests, a month. */
  readonly policyUsdPerMonth: number | null
}
