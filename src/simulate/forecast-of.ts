import type { Forecast, ForecastFigure, ForecastMetric } from '../domain/forecast.ts'
import type { SimulateResult } from './result.ts'

/** What of a simulation's result a gateway can be held to; `policy` stands for the policy (`forecastKey`). */
export function forecastOf(result: SimulateResult, policy: string): Forecast {
  const { generatedAt, savings } = result
  const { requests, costUsd, calls, latencyMs } = result.policy
  const figures = [
    figure('costUsdPer1k', requests === 0 ? null : (1000 * costUsd) / requests),
    figure('hitRate', hitRateOf(result)),
    figure('savedShare', savings.share),
    figure('p95LatencyMs', latencyMs.p95),
    ...routeShares(result.layers.routing.routes, calls),
  ]
  return { policy, generatedAt, requests, figures: figures.filter((each) => each !== null) }
}

function figure(metric: ForecastMetric, value: number | null, route: string | null = null) {
  return value === null ? null : ({ metric, route, value, interval: null } satisfies ForecastFigure)
}

/** Of both layers, of the requests that one of them was asked for, as a gateway counts it. */
function hitRateOf({ layers: { exact, semantic } }: SimulateResult): number | null {
  const asked = Math.max(exact.on ? exact.cacheable : 0, semantic.on ? semantic.cacheable : 0)
  return asked === 0 ? null : (exact.hits + semantic.hits) / asked
}

function routeShares(
  lines: SimulateResult['layers']['routing']['routes'],
  calls: number,
): readonly (ForecastFigure | null)[] {
  if (calls === 0) return []
  const requests = new Map<string, number>()
  for (const line of lines)
    requests.set(line.route, (requests.get(line.route) ?? 0) + line.requests)
  return [...requests].map(([route, of]) => figure('routeShare', of / calls, route))
}
