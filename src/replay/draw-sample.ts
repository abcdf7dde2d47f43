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
 * Draws `size` of them, from each stratum in proportion to its size and one at least where that many may be drawn, then puts them in random order,
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
  if (total < lists.length) return drawPlain(lists, total, seed)
  const counts = shares(
    lists.map(([, list]) => list.length),
    total,
  )
  const random = randomFrom(seed)
  const order: number[] = []
  for (const [index, [, list]] of lists.entries()) {
    shuffle(list, random)
    for (const each of list.slice(0, counts[index])) order.push(each)
  }
  shuffle(order, random)
  const mean = names.length / Math.max(1, order.length)
  const strata = lists.map(([name, list], index) => {
    const sampled = counts[index] as number
    return { name, affected: list.length, sampled, weight: list.length / sampled / mean }
  })
  return { order, strata }
}

/** Where there are more strata than may be drawn each request has the same chance, and weighs the same. */
function drawPlain(
  lists: readonly (readonly [string, readonly number[]])[],
  total: number,
  seed: string,
): Drawn {
  const all = lists.flatMap(([, list]) => list)
  shuffle(all, randomFrom(seed))
  const order = all.slice(0, total)
  const drawn = new Set(order)
  const strata = lists.map(([name, list]) => {
    const sampled = list.filter((each) => drawn.has(each)).length
    return { name, affected: list.length, sampled, weight: 1 }
  })
  return { order, strata }
}

/**
 * Whole numbers in proportion to the sizes that add up to the total, by largest remainders; one at least of each, which may
 * come to more, and never more than there are.
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
