import type { Forecast, ForecastMetric, ForecastScore } from './forecast.ts'
import type { Figures } from './gateway-figures.ts'

/** Holds what a simulation said of a policy against what came of it. */
export function scoreForecast(
  forecast: Forecast | null,
  fingerprint: string,
  actual: Figures,
): ForecastScore | null {
  if (forecast === null) return null
  const { policy, generatedAt, figures } = forecast
  return {
    policy,
    generatedAt,
    isOfThisPolicy: policy === fingerprint,
    scored: figures.map((figure) => {
      const { value, requests } = measured[figure.metric](actual)
      const { interval } = figure
      const isInside =
        value === null || interval === null ? null : value >= interval.low && value <= interval.high
      return { ...figure, actual: value, requests, isInside }
    }),
  }
}

type Measured = { readonly value: number | null; readonly requests: number }

const measured: Readonly<Record<ForecastMetric, (actual: Figures) => Measured>> = {
  costUsdPer1k: ({ costUsdPer1k, requests }) => ({ value: costUsdPer1k, requests }),
  hitRate: ({ cache }) => ({ value: cache.hitRate, requests: cache.cacheable }),
  savedShare: ({ savings }) => ({ value: savings.share, requests: savings.known }),
  p95LatencyMs: ({ latencyMs }) => ({ value: latencyMs.p95, requests: latencyMs.count }),
}
