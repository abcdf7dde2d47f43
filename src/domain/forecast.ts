import type { Interval } from './report.ts'

/** What the simulation of a policy said of it. */
export type Forecast = {
  /** What stands for the policy: the same for all that decide alike (`forecastKey`). */
  readonly policy: string
  readonly generatedAt: string
  /** Of the log. */
  readonly requests: number
  readonly figures: readonly ForecastFigure[]
}

export type ForecastFigure = {
  readonly metric: ForecastMetric
  /** Whose share it is; null for a figure of all requests. */
  readonly route: string | null
  readonly value: number
  /** Null where the simulation gave none. */
  readonly interval: Interval | null
}

/** `routeShare`: of the requests that a model answers. */
export type ForecastMetric =
  | 'costUsdPer1k'
  | 'hitRate'
  | 'savedShare'
  | 'p95LatencyMs'
  | 'routeShare'

export type ScoredFigure = ForecastFigure & {
  /** Since the policy is in force. */
  readonly actual: number | null
  readonly requests: number
  /** Null without an interval or an actual value. */
  readonly isInside: boolean | null
}

/** A forecast beside what came of it, in one run of the gateway under one policy. */
export type ForecastScore = {
  readonly policy: string
  readonly generatedAt: string
  /** Since when the policy is in force in this run, and up to when this was counted. */
  readonly from: string
  readonly to: string
  readonly scored: readonly ScoredFigure[]
}
