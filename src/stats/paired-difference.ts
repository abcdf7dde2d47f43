import type { Interval } from './intervals.ts'
import type { PairedCounts } from './mcnemar.ts'
import { normalQuantile } from './normal.ts'

/**
 * Tango's score interval (Statistics in Medicine 17, 1998) for first − second of two paired
 * proportions; it holds its level also with few discordant pairs. [−1, 1] without pairs.
 */
export function pairedDifference(counts: PairedCounts, level = 0.9): Interval {
  const { both, onlyFirst, onlySecond, neither } = counts
  const pairs = both + onlyFirst + onlySecond + neither
  const method = 'tango'
  if (pairs === 0) return { low: -1, high: 1, level, method }
  const z = normalQuantile((1 + level) / 2)
  const observed = (onlyFirst - onlySecond) / pairs
  const inside = (delta: number) => Math.abs(scoreAt(delta, counts, pairs)) <= z
  return {
    low: edgeBetween(observed, -1, inside),
    high: edgeBetween(observed, 1, inside),
    level,
    method,
  }
}

/** The score statistic of "the difference is delta", with its restricted maximum likelihood. */
function scoreAt(delta: number, { onlyFirst: b, onlySecond: c }: PairedCounts, n: number): number {
  const numerator = b - c - n * delta
  if (numerator === 0) return 0
  const linear = -b - c + (2 * n - b + c) * delta
  const constant = -c * delta * (1 - delta)
  const root = Math.sqrt(Math.max(0, linear ** 2 - 8 * n * constant))
  const second = Math.max(0, (root - linear) / (4 * n))
  const spread = n * (2 * second + delta * (1 - delta))
  return spread <= 0 ? Math.sign(numerator) * Infinity : numerator / Math.sqrt(spread)
}

const bisections = 100

/** The last point from `from` towards `limit` that is inside: the statistic is monotone on the way. */
function edgeBetween(from: number, limit: number, inside: (at: number) => boolean): number {
  if (inside(limit)) return limit
  let good = from
  let bad = limit
  for (let step = 0; step < bisections; step++) {
    const middle = (good + bad) / 2
    if (inside(middle)) good = middle
    else bad = middle
  }
  return good
}

/** What a non-inferiority test of paired proportions is planned with. */
export type NonInferiorityPlan = {
  /** Largest loss accepted, above 0. */
  readonly margin: number
  /** Share of pairs expected to disagree. */
  readonly discordantShare: number
  /** Expected candidate − baseline; 0 by default. */
  readonly expectedDifference?: number
  /** One-sided error, 5 % by default. */
  readonly delta?: number
  /** 80 % by default. */
  readonly power?: number
  /** Of weighting; 1 by default. */
  readonly designEffect?: number
}

/**
 * Pairs needed: max((z₁₋δ + z_power)²(D − d²)/(m + d)² × design effect, ⌈ln δ/ln(1 − m)⌉), the
 * second so that a loss of the margin would show at all. Null where the expected loss is the margin
 * or more: no number of pairs will do.
 */
export function pairsNeeded(plan: NonInferiorityPlan): number | null {
  const { margin, discordantShare, expectedDifference = 0 } = plan
  const { delta = 0.05, power = 0.8, designEffect = 1 } = plan
  if (!(margin > 0 && margin < 1)) throw new RangeError(`margin must be inside (0, 1): ${margin}`)
  if (!(discordantShare >= Math.abs(expectedDifference) && discordantShare <= 1)) {
    throw new RangeError(`${discordantShare} of pairs cannot differ by ${expectedDifference}`)
  }
  if (margin + expectedDifference <= 0) return null
  const z = normalQuantile(1 - delta) + normalQuantile(power)
  const variance = discordantShare - expectedDifference ** 2
  const forPower = (z ** 2 * variance * designEffect) / (margin + expectedDifference) ** 2
  return Math.ceil(Math.max(forPower, Math.log(delta) / Math.log1p(-margin)))
}
