import { type ColumnName, type RequestSource, segmentLength } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { percentiles as exact } from '../stats/quantile.ts'
import type { Percentiles, PerRequest } from './result.ts'

/** Exact percentiles of one column over all requests that have it. */
export function percentilesOf(source: RequestSource, name: ColumnName): Percentiles {
  return percentilesOfValues(valuesOf(source, name))
}

/** Values of a column in a fresh array, absent ones left out. */
export function valuesOf(source: RequestSource, name: ColumnName): Float64Array {
  let present = 0
  for (const value of eachValue(source, name)) present += value.length
  const values = new Float64Array(present)
  let length = 0
  for (const value of eachValue(source, name)) {
    values.set(value, length)
    length += value.length
  }
  return values
}

/** The values of each segment, in an array that is used again for the next. */
function* eachValue(source: RequestSource, name: ColumnName): Generator<Float64Array> {
  const present = new Float64Array(segmentLength)
  for (const segment of source.segments([name])) {
    let length = 0
    const column = segment[name]
    for (let row = 0; row < segment.length; row++) {
      const value = column[row] as number
      if (!Number.isNaN(value)) present[length++] = value
    }
    yield present.subarray(0, length)
  }
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
