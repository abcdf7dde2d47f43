import type { Interval } from '../domain/report.ts'
import {
  logRatios,
  meanIncrease,
  type Pair,
  sumIncrease,
  typicalIncrease,
} from '../stats/increase.ts'
import { drawsFor, permutationTest, signFlipTest } from '../stats/random-test.ts'
import type { ScenarioPair } from './pair-scenarios.ts'
import type { CostSample } from './snapshot.ts'

/** Below this no test can tell an increase from noise at the level of a check. */
const leastPairs = 10
const leastRuns = 30

/** What the data say of an increase, before all tests of a check are taken together. */
export type Evidence = {
  /** One-sided: that the sum, and that a typical pair, rose by chance. Empty where too few runs show anything. */
  readonly pValues: readonly number[]
  /** The increases that the tests are about, in the same order. */
  readonly shares: readonly number[]
  readonly interval: Interval | null
  readonly typicalChange: number | null
}

type PairField = 'costNanoUsd' | 'inputTokens' | 'cacheReadTokens' | 'outputTokens'

/** `threshold` is the smallest that a p-value will be held to. */
type Testing = { readonly seed: string; readonly threshold: number }

/** Sign flips over scenarios, on the sum and on the ratios. */
export function pairedEvidence(
  pairs: readonly ScenarioPair[],
  field: PairField,
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

/** Permutations of runs between the sides, on the mean. */
export function unpairedEvidence(
  before: CostSample,
  after: CostSample,
  { seed, threshold }: Testing,
): Evidence {
  const mean = meanIncrease(before.samples, after.samples)
  const known = { interval: mean?.interval ?? null, typicalChange: null }
  if (Math.min(before.samples.length, after.samples.length) < leastRuns)
    return { pValues: [], shares: [], ...known }
  const drawing = { seed, draws: drawsFor(threshold) }
  return {
    pValues: [permutationTest(before.samples, after.samples, drawing)],
    shares: [mean?.share ?? Number.POSITIVE_INFINITY],
    ...known,
  }
}
