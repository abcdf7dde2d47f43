import type { Interval } from '../domain/report.ts'

/** What the simulation that produced a policy said of it. */
export type Forecast = {
  /** Fingerprint of that policy. */
  readonly policy: string
  readonly generatedAt: string
  readonly figures: readonly ForecastFigure[]
}

export type ForecastFigure = {
  readonly metric: ForecastMetric
  readonly value: number
  /** Null where the simulation gave none. */
  readonly interval: Interval | null
}

export type ForecastMetric = 'costUsdPer1k' | 'hitRate' | 'savedShare' | 'p95LatencyMs'

export type ForecastScore = {
  readonly policy: string
  readonly generatedAt: string
  /** False: the running policy is another one than the forecast's. */
  readonly isOfThisPolicy: boolean
  readonly scored: readonly (ForecastFigure & {
    /** Since the start. */
    readonly actual: number | null
    readonly requests: number
    /** Null without an interval or an actual value. */
    readonly isInside: boolean | null
  })[]
}
