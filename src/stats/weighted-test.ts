import type { Interval } from './intervals.ts'
import { randomFrom } from './random.ts'
import { type Drawing, drawnP } from './random-test.ts'

/** A figure of things that are each counted as often as their weight says; NaN where it has none. */
export type WeightedFigure = (weights: Uint32Array) => number

/**
 * Two sides of things: the first `first` are of one, the `second` after them of the other. Where they are pairs, the
 * n-th of one is that of the other.
 */
export type Sides = {
  readonly figure: WeightedFigure
  readonly first: number
  readonly second: number
  readonly arePairs: boolean
}

const level = 0.95

/**
 * One-sided test that the sides may change places, against a larger figure of the second (a smaller one where `sign` is
 * −1): how often a random exchange, within pairs where there are pairs, differs as much. Whole things change places, so
 * that what belongs together stays together. 1 where a side has no figure.
 */
export function exchangeTest(sides: Sides, sign: 1 | -1, drawing: Drawing): number {
  const { figure, first, second } = sides
  const [one, other] = [new Uint32Array(first + second), new Uint32Array(first + second)]
  one.fill(1, 0, first)
  other.fill(1, first)
  const difference = () => sign * (figure(other) - figure(one))
  const observed = difference()
  if (Number.isNaN(observed)) return 1
  const atLeast = observed - 1e-12 * Math.abs(observed)
  const random = randomFrom(drawing.seed)
  const exchange = sides.arePairs ? exchangePairs : exchangeAny(first + second)
  return drawnP(drawing.draws, () => {
    exchange(one, other, first, random)
    return !(difference() < atLeast)
  })
}

function exchangePairs(
  one: Uint32Array,
  other: Uint32Array,
  pairs: number,
  random: () => number,
): void {
  for (let pair = 0; pair < pairs; pair++) {
    const stays = random() < 0.5 ? 1 : 0
    one[pair] = stays
    other[pair] = 1 - stays
    one[pairs + pair] = 1 - stays
    other[pairs + pair] = stays
  }
}

function exchangeAny(count: number) {
  const order = Uint32Array.from({ length: count }, (_, thing) => thing)
  return (one: Uint32Array, other: Uint32Array, first: number, random: () => number): void => {
    one.fill(0)
    other.fill(1)
    for (let place = 0; place < first; place++) {
      const from = place + Math.floor(random() * (count - place))
      const thing = order[from] as number
      order[from] = order[place] as number
      order[place] = thing
      one[thing] = 1
      other[thing] = 0
    }
  }
}

/** Resamplings of a bootstrap: the ends of its interval are then known to a hundredth of its width or so. */
const resamplings = 999

/**
 * The interval of second/first − 1, by a percentile bootstrap over whole things (Efron and Tibshirani 1993, 13). Null
 * where one of the sides has no figure in some of the resamplings, or fewer than two things.
 */
export function bootstrapChange(sides: Sides, seed: string): Interval | null {
  const { figure, first, second, arePairs } = sides
  if (Math.min(first, second) < 2) return null
  const [one, other] = [new Uint32Array(first + second), new Uint32Array(first + second)]
  const random = randomFrom(seed)
  const draw = (weights: Uint32Array, from: number, size: number) => {
    for (let i = 0; i < size; i++) {
      const thing = from + Math.floor(random() * size)
      weights[thing] = (weights[thing] as number) + 1
    }
  }
  const changes = new Float64Array(resamplings)
  for (let i = 0; i < resamplings; i++) {
    one.fill(0)
    other.fill(0)
    draw(one, 0, first)
    if (arePairs) other.set(one.subarray(0, first), first)
    else draw(other, first, second)
    changes[i] = figure(other) / figure(one) - 1
  }
  if (!changes.every(Number.isFinite)) return null
  changes.sort()
  const at = (share: number) => changes[Math.round(share * (resamplings + 1)) - 1] as number
  return { low: at((1 - level) / 2), high: at((1 + level) / 2), level, method: 'bootstrap' }
}

/** Σ over / Σ under. */
export const ratioFigure =
  (over: Float64Array, under: Float64Array): WeightedFigure =>
  (weights) => {
    let [top, bottom] = [0, 0]
    for (let thing = 0; thing < weights.length; thing++) {
      const weight = weights[thing] as number
      top += weight * (over[thing] as number)
      bottom += weight * (under[thing] as number)
    }
    return top / bottom
  }

/** The quantile of values that belong to things, several to one perhaps: the least that `share` of them do not pass. */
export function quantileFigure(
  values: readonly { readonly thing: number; readonly value: number }[],
  share: number,
): WeightedFigure {
  const sorted = [...values].sort((a, b) => a.value - b.value)
  const things = Uint32Array.from(sorted, ({ thing }) => thing)
  return (weights) => {
    let total = 0
    for (let i = 0; i < things.length; i++) total += weights[things[i] as number] as number
    if (total === 0) return Number.NaN
    let rest = share * total
    for (let i = 0; i < things.length; i++) {
      rest -= weights[things[i] as number] as number
      if (rest <= 1e-9) return (sorted[i] as { readonly value: number }).value
    }
    return Number.NaN
  }
}
