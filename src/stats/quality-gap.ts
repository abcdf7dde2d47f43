import type { Interval } from './intervals.ts'
import { normalQuantile } from './normal.ts'

/** How much better one model scores than another on the same questions. */
export type QualityGap = {
  /** Mean of strong − weak. */
  readonly mean: number
  readonly questions: number
  readonly interval: Interval
}

/**
 * The gap q_s − q_w with its paired interval, or null of no question.
 *
 * Wald's interval after adding two imaginary questions, one won by each model with the largest
 * difference that occurs (Bonett & Price, "Adjusted Wald confidence interval for a difference of
 * binomial proportions based on paired data", 2012, here for scores of any range). Without them a
 * handful of equal differences would have an interval of no width.
 */
export function qualityGap(
  pair: { readonly weak: ArrayLike<number>; readonly strong: ArrayLike<number> },
  level = 0.95,
): QualityGap | null {
  const n = pair.weak.length
  if (n === 0) return null
  let sum = 0
  let squares = 0
  let largest = 0
  for (let i = 0; i < n; i++) {
    const difference = (pair.strong[i] as number) - (pair.weak[i] as number)
    sum += difference
    squares += difference * difference
    largest = Math.max(largest, Math.abs(difference))
  }
  const count = n + 2
  const centre = sum / count
  const variance = (squares + 2 * largest * largest) / count - centre * centre
  const half = normalQuantile((1 + level) / 2) * Math.sqrt(Math.max(0, variance) / count)
  const interval = { low: centre - half, high: centre + half, level, method: 'bonett-price' }
  return { mean: sum / n, questions: n, interval }
}
