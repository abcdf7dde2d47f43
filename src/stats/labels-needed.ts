import { probabilityAtLeast, type WeighedHits } from './clustered-hits.ts'

/** "Wrong hits are below `alpha` of all hits", said wrongly with a probability of at most `delta`. */
export type RiskLimit = { readonly alpha: number; readonly delta: number }

/** How many labelled hits prove a limit kept, if they go on as those labelled so far. */
export type LabelsNeeded =
  | { readonly kind: 'number'; readonly labels: number; readonly more: number }
  /** The observed rate is not below the limit: more labels would only show it more clearly. */
  | { readonly kind: 'never' }

/** A sequence of tests begins only where this many times the least possible labels are there. */
const startFactor = 3

/** The fewest hits that can prove the limit, none of them wrong: ⌈ln δ / ln(1 − α)⌉. */
export function leastLabels({ alpha, delta }: RiskLimit): number {
  requireLimit({ alpha, delta })
  return Math.ceil(Math.log(delta) / Math.log1p(-alpha))
}

/** The labels, divided by the design effect, at which a sequence of tests begins. */
export const labelsToStart = (limit: RiskLimit): number => startFactor * leastLabels(limit)

/** The fewest independent labels that prove the limit with exactly `wrong` wrong ones among them. */
export function labelsForWrong(wrong: number, limit: RiskLimit): number {
  requireLimit(limit)
  return smallestWhole(wrong + 1, (hits) => proves({ hits, wrong, designEffect: 1 }, limit))
}

/**
 * Labels with which these hits would prove the limit at the same rate of wrong ones:
 * max(smallest N with p ≤ δ, `labelsToStart`) × design effect.
 */
export function labelsNeeded(found: WeighedHits, limit: RiskLimit): LabelsNeeded {
  const start = labelsToStart(limit)
  const rate = found.hits === 0 ? 0 : found.wrong / found.hits
  if (rate >= limit.alpha) return { kind: 'never' }
  const proving = (hits: number) => proves({ hits, wrong: rate * hits, designEffect: 1 }, limit)
  const independent = proving(start) ? start : smallestWhole(start, proving)
  const labels = Math.ceil(independent * found.designEffect)
  return { kind: 'number', labels, more: Math.max(0, labels - found.hits) }
}

/** Throws a RangeError unless both numbers are inside (0, 1). */
export function requireLimit({ alpha, delta }: RiskLimit): void {
  if (alpha > 0 && alpha < 1 && delta > 0 && delta < 1) return
  throw new RangeError(`alpha and delta must be inside (0, 1), got ${alpha} and ${delta}`)
}

const proves = (hits: WeighedHits, { alpha, delta }: RiskLimit): boolean =>
  probabilityAtLeast(alpha, hits) <= delta

/** The smallest whole number from `from` on that passes, where all after it pass too. */
function smallestWhole(from: number, passes: (value: number) => boolean): number {
  let low = from - 1
  let high = from
  while (!passes(high)) {
    low = high
    high *= 2
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (passes(middle)) high = middle
    else low = middle
  }
  return high
}
