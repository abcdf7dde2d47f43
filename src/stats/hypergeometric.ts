/** A random sample without replacement, all of it labelled. */
export type LabelledSample = {
  /** Hits of this log. */
  readonly population: number
  readonly sample: number
  /** Wrong ones in the sample. */
  readonly wrong: number
}

/**
 * With this confidence no more of the population are wrong: the largest K with
 * P(Hypergeometric(population, K, sample) ≤ wrong) > 1 − level. Exact, and equal to the count once
 * everything is labelled. It is a bound for this log alone, whatever future traffic does.
 */
export function hypergeometricUpper(labelled: LabelledSample, level = 0.95): number {
  requireSample(labelled, level)
  const { population, sample, wrong } = labelled
  let low = wrong
  let high = population - (sample - wrong)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (probabilityUpTo(labelled, middle) > 1 - level) low = middle
    else high = middle - 1
  }
  return low
}

/** P(at most `wrong` of the sample are wrong) if `all` of the population are. */
function probabilityUpTo({ population, sample, wrong }: LabelledSample, all: number): number {
  const least = Math.max(0, sample - (population - all))
  if (wrong < least) return 0
  const mode = Math.floor(((sample + 1) * (all + 1)) / (population + 2))
  const top = Math.min(sample, all)
  const start = Math.min(Math.max(mode, least), top)
  // Relative to the mode, outward by ratios of neighbouring terms: nothing under- or overflows.
  const ratio = (x: number) =>
    ((all - x) * (sample - x)) / ((x + 1) * (population - all - sample + x + 1))
  let below = start <= wrong ? 1 : 0
  let total = 1
  for (let x = start, term = 1; x < top && term > negligible; x++) {
    term *= ratio(x)
    total += term
    if (x + 1 <= wrong) below += term
  }
  for (let x = start, term = 1; x > least && term > negligible; x--) {
    term /= ratio(x - 1)
    total += term
    if (x - 1 <= wrong) below += term
  }
  return below / total
}

/** Terms fall faster than geometrically: what is left out is no part of a double's last digit. */
const negligible = 1e-25

function requireSample({ population, sample, wrong }: LabelledSample, level: number): void {
  const whole = [population, sample, wrong].every(Number.isInteger)
  if (!whole || wrong < 0 || wrong > sample || sample > population) {
    throw new RangeError(`not a sample: ${wrong} wrong of ${sample} of ${population}`)
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be inside (0, 1), got ${level}`)
}
