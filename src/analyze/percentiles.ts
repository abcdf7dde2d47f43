import type { ColumnName, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { percentiles as exact } from '../stats/quantile.ts'
import type { Percentiles, PerRequest } from './result.ts'

/** Exact percentiles of one column over all requests that have it. */
export function percentilesOf(source: RequestSource, name: ColumnName): Percentiles {
  return percentilesOfValues(valuesOf(source, name))
}

/** Values of a column in a fresh array, absent ones left out. */
export function valuesOf(source: RequestSource, name: ColumnName): Float64Array {
  const values = new Float64Array(source.count)
  let length = 0
  for (const segment of source.segments([name])) {
    const column = segment[name]
    for (let row = 0; row < segment.length; row++) {
      const value = column[row] as number
      if (!Number.isNaN(value)) values[length++] = value
    }
  }
  return values.subarray(0, length)
}

/** Reorders the values. Null where there are none. */
export function percentilesOfValues(values: Float64Array): Percentiles {
  const found = values.length === 0 ? null : exact(values)
  return found ?? { p50: null, p95: null, p99: null }
}

/** Cost percentiles in dollars from nano-dollars; the mean from their exact sum. */
export function perRequestOf(costs: Float64Array, total: bigint | number): PerRequest {
  const { p50, p95, p99 } = percentilesOfValues(costs)
  const usd = (value: number | null) => (value === null ? null : usdOf(value))
  const mean = costs.length === 0 ? null : usdOf(Math.round(Number(total) / costs.length))
  return { meanUsd: mean, p50Usd: usd(p50), p95Usd: usd(p95), p99Usd: usd(p99) }
}
