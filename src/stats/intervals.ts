import { betaQuantile } from './beta.ts'
import { normalQuantile } from './normal.ts'

/**
 * A range for an unknown number, with the confidence it was made for and the name of the method.
 */
export type Interval = {
  readonly low: number
  readonly high: number
  readonly level: number
  readonly method: string
}

/** `successes` out of `trials`, both whole. */
export type Proportion = { readonly successes: number; readonly trials: number }

/**
 * Wilson's score interval for a proportion: what is displayed. Without trials it is the whole of
 * [0, 1].
 */
export function wilson(proportion: Proportion, level = 0.95): Interval {
  requireProportion(proportion, level)
  return wilsonWeighed(proportion, 1, level)
}

/** The same where trials come in clusters: each counts as one of its design effect, so that there are fewer of them. */
export function wilsonWeighed(
  { successes, trials }: Proportion,
  designEffect: number,
  level = 0.95,
): Interval {
  const method = designEffect === 1 ? 'wilson' : 'wilson-design-effect'
  const n = trials / designEffect
  if (n === 0) return { low: 0, high: 1, level, method }
  const z = normalQuantile((1 + level) / 2)
  const p = successes / trials
  const scale = 1 + (z * z) / n
  const middle = (p + (z * z) / (2 * n)) / scale
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return {
    low: successes === 0 ? 0 : Math.max(0, Math.min(p, middle - half)),
    high: successes === trials ? 1 : Math.min(1, Math.max(p, middle + half)),
    level,
    method,
  }
}

/**
 * The exact two-sided Clopper–Pearson interval, (1 − level)/2 in each tail. Without trials it is
 * [0, 1].
 */
export function clopperPearson(proportion: Proportion, level = 0.95): Interval {
  requireProportion(proportion, level)
  const { successes, trials } = proportion
  const tail = (1 - level) / 2
  return {
    low: lowerBound(successes, trials, tail),
    high: upperBound(successes, trials, tail),
    level,
    method: 'clopper-pearson',
  }
}

/**
 * The exact one-sided bound: with confidence `level` the proportion is not above it. BetaInv(level;
 * k+1, n−k).
 */
export function clopperPearsonUpper(proportion: Proportion, level = 0.95): number {
  requireProportion(proportion, level)
  return upperBound(proportion.successes, proportion.trials, 1 - level)
}

/**
 * The exact one-sided bound: with confidence `level` the proportion is not below it.
 * BetaInv(1−level; k, n−k+1).
 */
export function clopperPearsonLower(proportion: Proportion, level = 0.95): number {
  requireProportion(proportion, level)
  return lowerBound(proportion.successes, proportion.trials, 1 - level)
}

const upperBound = (k: number, n: number, tail: number): number =>
  k === n ? 1 : betaQuantile(1 - tail, { a: k + 1, b: n - k })

const lowerBound = (k: number, n: number, tail: number): number =>
  k === 0 ? 0 : betaQuantile(tail, { a: k, b: n - k + 1 })

function requireProportion({ successes, trials }: Proportion, level: number): void {
  const whole = Number.isInteger(successes) && Number.isInteger(trials)
  if (!whole || successes < 0 || successes > trials) {
    throw new RangeError(`not a proportion: ${successes} of ${trials}`)
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be inside (0, 1), got ${level}`)
}
