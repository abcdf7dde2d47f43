import { type Interval, type Proportion, wilson } from './intervals.ts'

/**
 * Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10) for first − second of two independent
 * proportions: the distances to the ends of both Wilson intervals, combined by squares. Where one of them has no trials
 * nothing is known: [−1, 1].
 */
export function independentDifference(
  first: Proportion,
  second: Proportion,
  level = 0.95,
): Interval {
  const method = 'newcombe'
  const [one, other] = [wilson(first, level), wilson(second, level)]
  if (first.trials === 0 || second.trials === 0) return { low: -1, high: 1, level, method }
  const p = first.successes / first.trials
  const q = second.successes / second.trials
  return {
    low: p - q - Math.hypot(p - one.low, other.high - q),
    high: p - q + Math.hypot(one.high - p, q - other.low),
    level,
    method,
  }
}
