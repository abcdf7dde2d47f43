import { randomFrom, shuffle } from '../stats/random.ts'

/** Things of one stratum, by their places in a list. */
export type Drawn = {
  /** In random order. */
  readonly order: readonly number[]
  /** By stratum: how many there are, and how many were drawn. */
  readonly strata: readonly StratumCount[]
}

export type StratumCount = {
  readonly name: string
  readonly affected: number
  readonly sampled: number
  /** How many of the affected one of the sample stands for, by the mean of all; 1 where it is like any other. */
  readonly weight: number
}

/**
 * Draws `size` of them, from each stratum in proportion to its size and one at least, then puts them in random order,
 * so that any beginning of it is a sample too. `names` has the stratum of each, in an order that does not change.
 */
export function drawSample(names: readonly string[], size: number, seed: string): Drawn {
  const members = new Map<string, number[]>()
  for (const [index, name] of names.entries()) {
    const list = members.get(name)
    if (list === undefined) members.set(name, [index])
    else list.push(index)
  }
  const lists = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
  const total = Math.min(size, names.length)
  const counts = shares(
    lists.map(([, list]) => list.length),
    total,
  )
  const random = randomFrom(seed)
  const order: number[] = []
  for (const [index, [, list]] of lists.entries()) {
    shuffle(list, random)
    order.push(...list.slice(0, counts[index]))
  }
  shuffle(order, random)
  const mean = names.length / Math.max(1, order.length)
  const strata = lists.map(([name, list], index) => {
    const sampled = counts[index] as number
    return { name, affected: list.length, sampled, weight: list.length / sampled / mean }
  })
  return { order, strata }
}

/**
 * Whole numbers in proportion to the sizes that add up to the total, by largest remainders; one at least of each, as
 * long as the total allows, and never more than there are.
 */
function shares(sizes: readonly number[], total: number): readonly number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0)
  if (total >= all) return sizes
  const exact = sizes.map((size) => (size / all) * total)
  const counts = exact.map((share) => Math.max(1, Math.floor(share)))
  const byRest = exact
    .map((share, index) => ({ index, rest: share - (counts[index] as number) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
  let missing = total - counts.reduce((sum, count) => sum + count, 0)
  for (const { index } of byRest) {
    if (missing <= 0) break
    if ((counts[index] as number) >= (sizes[index] as number)) continue
    counts[index] = (counts[index] as number) + 1
    missing--
  }
  return counts
}
