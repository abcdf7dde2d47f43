import type { Interval } from './intervals.ts'
import { normalQuantile } from './normal.ts'
import { studentTQuantile } from './student-t.ts'

/** One thing measured twice. */
export type Pair = { readonly before: number; readonly after: number }

/** A change as a share of what was before, with its interval where there are enough values for one. */
export type Increase = { readonly share: number; readonly interval: Interval | null }

const level = 0.95

/**
 * By which share the sum rose: Σafter/Σbefore − 1, its interval by the linearised ratio (Cochran 1977, 6.4). Null where
 * nothing was before.
 */
export function sumIncrease(pairs: readonly Pair[]): Increase | null {
  const before = pairs.reduce((sum, pair) => sum + pair.before, 0)
  if (before === 0) return null
  const ratio = pairs.reduce((sum, pair) => sum + pair.after, 0) / before
  const residuals = pairs.map((pair) => pair.after - ratio * pair.before)
  const error = (standardError(residuals) * pairs.length) / before
  return { share: ratio - 1, interval: tInterval(ratio - 1, error, pairs.length, 'paired-ratio') }
}

/**
 * By which share a typical pair rose: the geometric mean of after/before, less 1, over pairs with both above 0. Null
 * without such pairs. Where sizes differ by orders of magnitude it tells a change that the sum hides.
 */
export function typicalIncrease(pairs: readonly Pair[]): Increase | null {
  const logs = logRatios(pairs)
  if (logs.length === 0) return null
  const mean = meanOf(logs)
  const inLogs = tInterval(mean, standardError(logs), logs.length, 'log-ratio')
  const interval = inLogs && {
    ...inLogs,
    low: Math.expm1(inLogs.low),
    high: Math.expm1(inLogs.high),
  }
  return { share: Math.expm1(mean), interval }
}

/** log(after/before) of the pairs that have both. */
export const logRatios = (pairs: readonly Pair[]): readonly number[] =>
  pairs
    .filter(({ before, after }) => before > 0 && after > 0)
    .map(({ before, after }) => Math.log(after / before))

/** By which share the mean rose between two samples, its interval by the delta method. Null where the first is 0. */
export function meanIncrease(first: readonly number[], second: readonly number[]): Increase | null {
  const [before, after] = [meanOf(first), meanOf(second)]
  if (!(before > 0) || second.length === 0) return null
  const ratio = after / before
  const error = Math.hypot(standardError(second), ratio * standardError(first)) / before
  const least = Math.min(first.length, second.length)
  return { share: ratio - 1, interval: tInterval(ratio - 1, error, least, 'ratio-of-means') }
}

/**
 * The smallest rise of the mean, as a share, that the permutation test of two samples of these sizes finds with the
 * given power: where (z₁₋threshold + z_power) standard errors of the difference are. Values are as those of the sample,
 * and the risen ones spread as much wider. Null where no rise is found, or nothing is known of the spread.
 */
export function detectableIncrease(
  sample: readonly number[],
  sizes: { readonly first: number; readonly second: number },
  { threshold, power }: { readonly threshold: number; readonly power: number },
): number | null {
  const mean = meanOf(sample)
  if (sample.length < 2 || !(mean > 0)) return null
  const z = normalQuantile(1 - threshold) + normalQuantile(power)
  const variation = (standardError(sample) * Math.sqrt(sample.length)) / mean
  const unit = (z * variation) ** 2
  // (ratio − 1)² = unit/first + unit·ratio²/second, solved for the larger ratio.
  const a = 1 - unit / sizes.second
  const c = 1 - unit / sizes.first
  if (a <= 0) return null
  return (1 + Math.sqrt(1 - a * c)) / a - 1
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function standardError(values: readonly number[]): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}

function tInterval(at: number, error: number, count: number, method: string): Interval | null {
  if (count < 2 || !Number.isFinite(error)) return null
  const half = studentTQuantile((1 + level) / 2, count - 1) * error
  return { low: at - half, high: at + half, level, method }
}
