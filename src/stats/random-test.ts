import { type Random, randomFrom } from './random.ts'

/** How finely and from which seed a test by drawing decides. */
export type Drawing = {
  /** The same seed gives the same p-value. */
  readonly seed: string
  /** Draws at most; the smallest p-value is 1/(draws + 1). */
  readonly draws: number
}

/** Draws for a test whose p-value is held to `threshold`: twenty of them would lie beyond it by chance. */
export const drawsFor = (threshold: number): number => Math.ceil(20 / threshold) - 1

/** From so few differences on all signs are tried. */
const mostTried = 12
/** So many draws beyond the observed one settle that it is not rare (Besag and Clifford 1991). */
const enoughBeyond = 50

/**
 * One-sided sign-flip test (Fisher) that paired differences are symmetric about 0, against a sum above 0: how often
 * random signs give a sum as large. Exact up to 12 differences, else by draws. 1 without differences.
 */
export function signFlipTest(differences: readonly number[], drawing: Drawing): number {
  const sizes = Float64Array.from(differences.filter((difference) => difference !== 0))
  const observed = sizes.reduce((sum, difference) => sum + difference, 0)
  if (sizes.length === 0) return 1
  const atLeast = observed - tolerance(sizes)
  if (sizes.length <= mostTried) return allSigns(sizes, atLeast)
  const random = randomFrom(drawing.seed)
  return drawnP(drawing.draws, () => randomSum(sizes, observed, random) >= atLeast)
}

/** Sums of the same numbers in another order differ by so much. */
const tolerance = (values: Float64Array): number =>
  1e-12 * values.reduce((sum, value) => sum + Math.abs(value), 0)

function allSigns(sizes: Float64Array, atLeast: number): number {
  const cases = 2 ** sizes.length
  let beyond = 0
  for (let signs = 0; signs < cases; signs++) {
    let sum = 0
    for (let i = 0; i < sizes.length; i++)
      sum += ((signs >>> i) & 1) === 1 ? -(sizes[i] as number) : (sizes[i] as number)
    if (sum >= atLeast) beyond++
  }
  return beyond / cases
}

/** The sum under random signs: what half of them, on average, take from it twice. */
function randomSum(sizes: Float64Array, total: number, random: Random): number {
  let flipped = 0
  for (let start = 0; start < sizes.length; start += 32) {
    let bits = random() * 2 ** 32
    const end = Math.min(sizes.length, start + 32)
    for (let i = start; i < end; i++) {
      flipped += (bits & 1) * (sizes[i] as number)
      bits >>>= 1
    }
  }
  return total - 2 * flipped
}

/**
 * One-sided permutation test that two samples are of one distribution, against a larger mean of the second: how often a
 * random split of all values gives a difference of means as large. 1 where one of them is empty.
 */
export function permutationTest(
  first: readonly number[],
  second: readonly number[],
  drawing: Drawing,
): number {
  if (first.length === 0 || second.length === 0) return 1
  // With sizes fixed the sum of either side decides; the smaller is drawn.
  const drawsSecond = second.length <= first.length
  const size = Math.min(first.length, second.length)
  const pool = Float64Array.from([...first, ...second])
  const sum = (drawsSecond ? second : first).reduce((total, value) => total + value, 0)
  const slack = tolerance(pool)
  const random = randomFrom(drawing.seed)
  return drawnP(drawing.draws, () => {
    const drawn = drawnSum(pool, size, random)
    return drawsSecond ? drawn >= sum - slack : drawn <= sum + slack
  })
}

/** The sum of `size` values drawn without replacement; the pool stays in the order the draw left it. */
function drawnSum(pool: Float64Array, size: number, random: Random): number {
  let sum = 0
  for (let i = 0; i < size; i++) {
    const other = i + Math.floor(random() * (pool.length - i))
    const value = pool[other] as number
    pool[other] = pool[i] as number
    pool[i] = value
    sum += value
  }
  return sum
}

/** The share of draws that are beyond, the observed one among them; ended early where it is not small. */
export function drawnP(draws: number, isBeyond: () => boolean): number {
  let beyond = 0
  for (let draw = 1; draw <= draws; draw++) {
    if (isBeyond()) beyond++
    if (beyond === enoughBeyond) return beyond / draw
  }
  return (beyond + 1) / (draws + 1)
}
