import { regularizedBeta } from './beta.ts'

/** Of one cache entry: its labelled hits, and how many of them were wrong. */
export type EntryHits = { readonly hits: number; readonly wrong: number }

/** Labelled hits with what their grouping by entry takes from their weight. */
export type ClusteredHits = {
  readonly hits: number
  readonly wrong: number
  readonly entries: number
  /** wrong / hits; null without hits. */
  readonly wrongRate: number | null
  /** κ = Σm²/n: the size of the entry that a random hit comes from; 0 without hits. */
  readonly meanEntryHits: number
  /** Variance over entries / variance of as many independent hits; 1 where undefined. */
  readonly observedDesignEffect: number
  /** What divides hits and wrong hits in every test: never below 1. */
  readonly designEffect: number
}

/**
 * The share of all spread in being wrong that is taken to lie between entries, whatever the labels
 * show: few wrong hits show too little of it.
 */
const assumedIntraclassCorrelation = 0.5

/**
 * Counts hits by the entry that served them. With m hits and w wrong ones of an entry, n = Σm,
 * p̂ = Σw/n over G entries: design effect = max(1, [G/(G−1)·Σ(w − p̂m)²/n²] / [p̂(1−p̂)/n],
 * 1 + ½(κ − 1)). The first is the ratio estimator's linearised variance (Cochran, Sampling
 * Techniques, 1977, 11.7), the second Kish's 1 + (κ − 1)ρ at ρ = ½.
 */
export function clusteredHits(entries: Iterable<EntryHits>): ClusteredHits {
  const sums = newEntrySums()
  for (const entry of entries) {
    requireEntry(entry)
    addEntry(sums, 1, entry)
  }
  return clusteredBy(sums)
}

/** What `clusteredHits` asks of the entries: whole numbers, so that entries can be taken away again. */
export type EntrySums = {
  entries: number
  hits: number
  wrong: number
  hitSquares: number
  wrongSquares: number
  products: number
}

/** Of no entries. */
export const newEntrySums = (): EntrySums => ({
  entries: 0,
  hits: 0,
  wrong: 0,
  hitSquares: 0,
  wrongSquares: 0,
  products: 0,
})

/** Adds (1) or takes away (-1) an entry. */
export function addEntry(sums: EntrySums, sign: 1 | -1, { hits, wrong }: EntryHits): void {
  if (hits === 0) return
  sums.entries += sign
  sums.hits += sign * hits
  sums.wrong += sign * wrong
  sums.hitSquares += sign * hits ** 2
  sums.wrongSquares += sign * wrong ** 2
  sums.products += sign * hits * wrong
}

/** The same as `clusteredHits`, from sums over its entries. */
export function clusteredBy(sums: Readonly<EntrySums>): ClusteredHits {
  const { entries: count, hits, wrong, hitSquares, wrongSquares, products } = sums
  const rate = hits === 0 ? 0 : wrong / hits
  const residualSquares = wrongSquares - 2 * rate * products + rate ** 2 * hitSquares
  const independent = rate * (1 - rate) * hits
  const defined = count > 1 && independent > 0
  const observed = defined ? ((count / (count - 1)) * residualSquares) / independent : 1
  const meanEntryHits = hits === 0 ? 0 : hitSquares / hits
  return {
    hits,
    wrong,
    entries: count,
    wrongRate: hits === 0 ? null : rate,
    meanEntryHits,
    observedDesignEffect: observed,
    designEffect: Math.max(1, observed, 1 + assumedIntraclassCorrelation * (meanEntryHits - 1)),
  }
}

/** What the probability of too many wrong hits depends on; the counts need not be whole. */
export type WeighedHits = {
  readonly hits: number
  readonly wrong: number
  readonly designEffect: number
}

/**
 * p = P(Beta(k/deff + 1, (n − k)/deff) ≥ α): at deff 1 the exact binomial test of "the rate is α or
 * more" (Clopper–Pearson), 1 without a right hit.
 */
export function probabilityAtLeast(
  alpha: number,
  { hits, wrong, designEffect }: WeighedHits,
): number {
  const a = wrong / designEffect + 1
  const b = (hits - wrong) / designEffect
  return regularizedBeta(1 - alpha, { a: b, b: a })
}

function requireEntry({ hits, wrong }: EntryHits): void {
  const whole = Number.isInteger(hits) && Number.isInteger(wrong)
  if (!whole || wrong < 0 || wrong > hits)
    throw new RangeError(`not hits of an entry: ${wrong} wrong of ${hits}`)
}
