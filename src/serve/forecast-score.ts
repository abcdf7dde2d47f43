import type { Forecast, ForecastFigure, ForecastScore } from '../domain/forecast.ts'
import { ratio } from './figures.ts'
import type { Figures } from './gateway-figures.ts'

/** What of the figures under one policy a forecast speaks of. */
export type ScoredFigures = Pick<
  Figures,
  'from' | 'requests' | 'costUsdPer1k' | 'cache' | 'savings' | 'latencyMs'
> & { readonly routes: readonly Pick<Figures['routes'][number], 'name' | 'requests'>[] }

/** Holds what a simulation said of a policy against what came of it up to a moment. */
export function scoreForecast(
  { policy, generatedAt, figures }: Forecast,
  actual: ScoredFigures,
  to: string,
): ForecastScore {
  return {
    policy,
    generatedAt,
    from: actual.from,
    to,
    scored: figures.map((figure) => {
      const { value, requests } = measured(figure, actual)
      const { interval } = figure
      const isInside =
        value === null || interval === null ? null : value >= interval.low && value <= interval.high
      return { ...figure, actual: value, requests, isInside }
    }),
  }
}

type Measured = { readonly value: number | null; readonly requests: number }

function measured({ metric, route }: ForecastFigure, actual: ScoredFigures): Measured {
  const { requests, costUsdPer1k, cache, savings, latencyMs, routes } = actual
  switch (metric) {
    case 'costUsdPer1k':
      return { value: costUsdPer1k, requests }
    case 'hitRate':
      return { value: cache.hitRate, requests: cache.cacheable }
    case 'savedShare':
      return { value: savings.share, requests: savings.known }
    case 'p95LatencyMs':
      return { value: latencyMs.p95, requests: latencyMs.count }
    case 'routeShare': {
      const all = routes.reduce((sum, each) => sum + each.requests, 0)
      const own = routes.find(({ name }) => name === route)?.requests ?? 0
      return { value: ratio(own, all), requests: all }
    }
  }
}
