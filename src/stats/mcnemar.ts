import { regularizedBeta } from './beta.ts'
import { twoSided } from './normal-tail.ts'

/** Pairs by which of the two succeeded. */
export type PairedCounts = {
  readonly both: number
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly neither: number
}

/** A test of difference between two paired proportions; all p-values are two-sided. */
export type McNemar = {
  readonly exactP: number
  readonly midP: number
  /** Without continuity correction; null where no pair is discordant. */
  readonly chiSquare: number | null
  readonly chiSquareP: number
}

/** McNemar's test (1947) on the discordant pairs, exact, with mid-p, and by χ². */
export function mcNemar({ onlyFirst: b, onlySecond: c }: PairedCounts): McNemar {
  const n = b + c
  if (n === 0) return { exactP: 1, midP: 1, chiSquare: null, chiSquareP: 1 }
  const fewer = Math.min(b, c)
  const upTo = lowerHalf(fewer, n)
  const below = fewer === 0 ? 0 : lowerHalf(fewer - 1, n)
  const root = (b - c) / Math.sqrt(n)
  return {
    exactP: Math.min(1, 2 * upTo),
    midP: Math.min(1, upTo + below),
    chiSquare: root ** 2,
    chiSquareP: twoSided(root),
  }
}

/** P(Bin(n, ½) ≤ k) for k < n. */
const lowerHalf = (k: number, n: number): number => regularizedBeta(0.5, { a: n - k, b: k + 1 })
