import type { Interval } from '../domain/report.ts'
import {
  logRatios,
  meanIncrease,
  type Pair,
  sumIncrease,
  typicalIncrease,
} from '../stats/increase.ts'
import { drawsFor, permutationTest, signFlipTest } from '../stats/random-test.ts'
import { bootstrapChange, exchangeTest, type Sides } from '../stats/weighted-test.ts'
import type { ScenarioPair } from './pair-scenarios.ts'
import type { SumField } from './tested-figures.ts'

/** Below this no test can tell an increase from noise at the level of a check. */
export const leastPairs = 10
export const leastRuns = 30

/** What the data say of an increase, before all tests of a check are taken together. */
export type Evidence = {
  /** One-sided: that the sum, and that a typical pair, rose by chance. Empty where too few runs show anything. */
  readonly pValues: readonly number[]
  /** The increases that the tests are about, in the same order. */
  readonly shares: readonly number[]
  readonly interval: Interval | null
  readonly typicalChange: number | null
}

/** `threshold` is the smallest that a p-value will be held to. */
type Testing = { readonly seed: string; readonly threshold: number }

/** Sign flips over scenarios, on the sum and on the ratios. */
export function pairedEvidence(
  pairs: readonly ScenarioPair[],
  field: SumField,
  { seed, threshold }: Testing,
): Evidence {
  const values = pairs.map(
    ({ before, after }): Pair => ({
      before: before[field] / Math.max(1, before.runs),
      after: after[field] / Math.max(1, after.runs),
    }),
  )
  const sum = sumIncrease(values)
  const typical = typicalIncrease(values)
  const known = { interval: sum?.interval ?? null, typicalChange: typical?.share ?? null }
  if (values.length < leastPairs) return { pValues: [], shares: [], ...known }
  const draws = drawsFor(threshold)
  return {
    pValues: [
      signFlipTest(
        values.map(({ before, after }) => after - before),
        { seed: `${seed} sum`, draws },
      ),
      signFlipTest(logRatios(values), { seed: `${seed} ratios`, draws }),
    ],
    shares: [sum?.share ?? Number.POSITIVE_INFINITY, typical?.share ?? 0],
    ...known,
  }
}

/** Permutations of runs between the sides, on the mean of what each came to. */
export function unpairedEvidence(
  before: readonly number[],
  after: readonly number[],
  { seed, threshold }: Testing,
): Evidence {
  const mean = meanIncrease(before, after)
  const known = { interval: mean?.interval ?? null, typicalChange: null }
  if (Math.min(before.length, after.length) < leastRuns)
    return { pValues: [], shares: [], ...known }
  const drawing = { seed, draws: drawsFor(threshold) }
  return {
    pValues: [permutationTest(before, after, drawing)],
    shares: [mean?.share ?? Number.POSITIVE_INFINITY],
    ...known,
  }
}

/**
 * Exchanges of scenarios or runs between the sides, on a rate or a percentile. `worse` is the direction that is tested,
 * `change` that of the whole, which is known better than by a sample. What is within its bound is not drawn for.
 */
export function exchangeEvidence(
  sides: Sides,
  asked: { readonly worse: 1 | -1; readonly change: number | null; readonly isWithin: boolean },
  { seed, threshold }: Testing,
): Evidence {
  const known = { interval: bootstrapChange(sides, `${seed} interval`), typicalChange: null }
  const least = sides.arePairs ? leastPairs : leastRuns
  if (Math.min(sides.first, sides.second) < least) return { pValues: [], shares: [], ...known }
  const { worse, change, isWithin } = asked
  const drawing = { seed, draws: Math.ceil(drawsFor(threshold) / 4) }
  return {
    pValues: [isWithin ? 1 : exchangeTest(sides, worse, drawing)],
    shares: [change ?? worse * Number.POSITIVE_INFINITY],
    ...known,
  }
}
