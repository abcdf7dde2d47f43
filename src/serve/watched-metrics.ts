import type { AlertMetric, AlertRule } from '../policy/governance.ts'
import type { Figures, WatchedMetric } from './gateway-figures.ts'

/** Fewer requests than this are shown, and are no reason to act: one of twelve is already beyond most limits. */
export const leastToActOn = 30

/** The metrics of a window for which the policy has an action threshold, in its order, and whether it is crossed. */
export function watchedMetrics(
  figures: Omit<Figures, 'watched'>,
  rules: readonly AlertRule[],
): readonly WatchedMetric[] {
  return rules.flatMap(({ metric, side, limit }): readonly WatchedMetric[] => {
    const measured = measure[metric]?.(figures)
    if (measured === undefined) return []
    const { value, of } = measured
    const isBeyond = value !== null && (side === 'above' ? value > limit : value < limit)
    const isCrossed = value === null || of < leastToActOn ? null : isBeyond
    return [{ metric, value, of, side, limit, isCrossed }]
  })
}

type Measured = { readonly value: number | null; readonly of: number }

/** What is not here looks back further than a window: alerts of days, months and users. */
const measure: {
  readonly [Metric in AlertMetric]?: (figures: Omit<Figures, 'watched'>) => Measured
} = {
  hitRate: ({ cache }) => ({ value: cache.hitRate, of: cache.cacheable }),
  topTierShare: ({ routing }) => ({ value: routing.topTierShare, of: routing.answered }),
  escalationRate: ({ routing }) => ({ value: routing.escalationRate, of: routing.validated }),
  errorRate: ({ errors, requests }) => ({ value: errors.errorRate, of: requests }),
  p95LatencyFactor: ({ p95LatencyFactor, latencyMs }) => ({
    value: p95LatencyFactor,
    of: latencyMs.count,
  }),
  budgetRejectionRate: ({ refusals, requests }) => ({
    value: refusals.budgetRejectionRate,
    of: requests,
  }),
}
