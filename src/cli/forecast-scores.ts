import type { ForecastScore } from '../domain/forecast.ts'
import type { TurnWriter } from '../serve/turn-writer.ts'
import { forecastScores, keepForecastScore } from '../store/forecasts.ts'
import type { GatewayStore } from '../store/gateway-store.ts'

/** What came of forecasts, in the gateway's own database. */
export type ForecastScores = {
  /** Of this run and earlier ones, the newest first. */
  scored(): readonly ForecastScore[]
  /** Keeps what came of the present one so far; nothing before the first request. */
  keep(score: ForecastScore | null): void
}

/** Scores that are shown. */
const shownScores = 10

/** Opens what earlier runs of the gateway left. */
export function openForecastScores({
  store,
  writer,
}: {
  readonly store: GatewayStore
  readonly writer: TurnWriter
}): ForecastScores {
  const { database } = store
  const before = forecastScores(database, shownScores)
  const own = new Map<string, ForecastScore>()
  return {
    scored: () => [...[...own.values()].reverse(), ...before].slice(0, shownScores),
    keep(score) {
      if (score === null || score.scored.every(({ requests }) => requests === 0)) return
      own.set(score.from, score)
      writer.write(() => keepForecastScore(database, score))
    },
  }
}
