/** The three quantiles a report prints. */
export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number }

/** p50, p95 and p99 by nearest rank, or null of no values. Reorders `values`. */
export function percentiles(values: Float64Array): Percentiles | null {
  const [p50, p95, p99] = quantiles(values, [0.5, 0.95, 0.99])
  return p50 === undefined || p95 === undefined || p99 === undefined ? null : { p50, p95, p99 }
}

/**
 * The quantiles of `values` at `shares` (each in [0, 1], ascending), one per share, or none when
 * there are no values.
 *
 * Nearest rank: the smallest value such that at least that share of all values is no larger, i.e.
 * the ⌈share · n⌉-th smallest. So every quantile is a value that occurred, and p50 of an even count
 * is the lower middle one. Exact, in place (`values` is reordered), expected linear time; ±Infinity
 * is a value, NaN a RangeError.
 */
export function quantiles(values: Float64Array, shares: readonly number[]): readonly number[] {
  if (values.length === 0) return []
  if (values.some(Number.isNaN)) throw new RangeError('a quantile of NaN is not a number')
  const found: number[] = []
  let from = 0
  for (const share of shares) {
    const index = rankOf(share, values.length) - 1
    if (index < from - 1) throw new RangeError('shares must ascend')
    if (index >= from) {
      select(values, from, index)
      from = index + 1
    }
    found.push(values[index] as number)
  }
  return found
}

/**
 * Shares are taken to a millionth, so that 0.07 of 100 is the 7th value although 0.07 × 100 > 7 in
 * doubles.
 */
const shareUnits = 1_000_000

function rankOf(share: number, count: number): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share is in [0, 1], got ${share}`)
  return Math.max(1, Math.ceil((Math.round(share * shareUnits) * count) / shareUnits))
}

/** Below this a sort is faster than more partitions. */
const sortBelow = 64
/** A run of bad pivots ends in a sort, so that no order of the input is quadratic. */
const maxPartitions = 100

/**
 * Puts the value of rank `index` of values[from…] there, smaller ones before it, larger ones after
 * it.
 */
function select(values: Float64Array, from: number, index: number): void {
  let low = from
  let high = values.length - 1
  for (let round = 0; high - low > sortBelow && round < maxPartitions; round++) {
    const { left, right } = partition(values, low, high)
    if (index <= right) high = right
    else if (index >= left) low = left
    else return
  }
  values.subarray(low, high + 1).sort()
}

/**
 * Hoare's partition about the middle of three: low…right ≤ pivot, left…high ≥ pivot, what lies
 * between equals it.
 */
function partition(
  values: Float64Array,
  low: number,
  high: number,
): { readonly left: number; readonly right: number } {
  const pivot = pivotOf(values, low, high)
  let left = low
  let right = high
  while (left <= right) {
    while ((values[left] as number) < pivot) left++
    while ((values[right] as number) > pivot) right--
    if (left > right) break
    const swapped = values[left] as number
    values[left++] = values[right] as number
    values[right--] = swapped
  }
  return { left, right }
}

function pivotOf(values: Float64Array, low: number, high: number): number {
  const a = values[low] as number
  const b = values[(low + high) >>> 1] as number
  const c = values[high] as number
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
