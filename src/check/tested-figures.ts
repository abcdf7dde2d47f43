import type { place } from './run-sample.ts'

type Place = keyof typeof place

export type SumField = 'costNanoUsd' | 'inputTokens' | 'cacheReadTokens' | 'outputTokens'

/** How a figure comes from runs: what of them it adds up, divides, or orders. */
export type TestedFigure =
  | { readonly kind: 'sum'; readonly field: SumField }
  | { readonly kind: 'ratio'; readonly over: readonly Place[]; readonly under: readonly Place[] }
  | { readonly kind: 'quantile'; readonly of: 'cost' | 'latency'; readonly share: number }

const sumOf = (field: SumField): TestedFigure => ({ kind: 'sum', field })
const share = (over: Place): TestedFigure => ({ kind: 'ratio', over: [over], under: ['requests'] })
const quantile = (of: 'cost' | 'latency', at: number): TestedFigure => ({
  kind: 'quantile',
  of,
  share: at,
})
const prefixRead: TestedFigure = {
  kind: 'ratio',
  over: ['cacheReadTokens'],
  under: ['inputTokens', 'cacheReadTokens', 'cacheWriteTokens'],
}

/** Figures whose change can be told from noise. */
const figures: Readonly<Record<string, TestedFigure>> = {
  cost: sumOf('costNanoUsd'),
  costUsd: sumOf('costNanoUsd'),
  'totals.costUsd': sumOf('costNanoUsd'),
  'perRun.meanUsd': sumOf('costNanoUsd'),
  'perTrace.meanUsd': sumOf('costNanoUsd'),
  'totals.inputTokens': sumOf('inputTokens'),
  'totals.cacheReadTokens': sumOf('cacheReadTokens'),
  'totals.outputTokens': sumOf('outputTokens'),
  costPerRequestUsd: share('cost'),
  'perRequest.meanUsd': share('cost'),
  usdPerThousandRequests: share('cost'),
  hitRate: share('served'),
  errorRate: share('errors'),
  unpricedShare: share('unpriced'),
  'totals.unpricedShare': share('unpriced'),
  prefixReadShare: prefixRead,
  'totals.prefixReadShare': prefixRead,
  'perRequest.p50Usd': quantile('cost', 0.5),
  'perRequest.p95Usd': quantile('cost', 0.95),
  'perRequest.p99Usd': quantile('cost', 0.99),
  'latencyMs.p50': quantile('latency', 0.5),
  'latencyMs.p95': quantile('latency', 0.95),
  'latencyMs.p99': quantile('latency', 0.99),
}

/** Null where nothing tells a change of the figure from noise. */
export const testedFigure = (metric: string): TestedFigure | null =>
  Object.hasOwn(figures, metric) ? (figures[metric] as TestedFigure) : null
