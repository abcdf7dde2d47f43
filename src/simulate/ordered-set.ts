/**
 * A set of whole numbers below a size that knows its order: one bit a number, and above each 32 bits one that says
 * whether any is set. Every question takes as many steps as there are levels, four for a million.
 */
export type OrderedSet = {
  /** The lowest first. */
  readonly levels: readonly Uint32Array[]
}

/** The empty set. */
export function newOrderedSet(size: number): OrderedSet {
  const levels: Uint32Array[] = []
  let length = size
  do {
    length = (length + 31) >>> 5
    levels.push(new Uint32Array(Math.max(1, length)))
  } while (length > 1)
  return { levels }
}

export function addTo({ levels }: OrderedSet, member: number): void {
  let at = member
  for (const level of levels) {
    const word = level[at >>> 5] as number
    level[at >>> 5] = word | (1 << (at & 31))
    if (word !== 0) return
    at >>>= 5
  }
}

export function deleteFrom({ levels }: OrderedSet, member: number): void {
  let at = member
  for (const level of levels) {
    const word = (level[at >>> 5] as number) & ~(1 << (at & 31))
    level[at >>> 5] = word
    if (word !== 0) return
    at >>>= 5
  }
}

/** The least member from a number on, -1 when there is none. */
export function firstFrom(set: OrderedSet, from: number): number {
  let at = from
  for (let height = 0; height < set.levels.length; height++) {
    const level = set.levels[height] as Uint32Array
    if (at >>> 5 >= level.length) return -1
    const bits = (level[at >>> 5] as number) & (-1 << (at & 31))
    if (bits !== 0) return lowestUnder(set, height, (at & ~31) + lowestBit(bits))
    at = (at >>> 5) + 1
  }
  return -1
}

/** The greatest member up to a number, -1 when there is none. */
export function lastUpTo(set: OrderedSet, to: number): number {
  let at = to
  for (let height = 0; at >= 0 && height < set.levels.length; height++) {
    const level = set.levels[height] as Uint32Array
    const bits = (level[at >>> 5] as number) & (-1 >>> (31 - (at & 31)))
    if (bits !== 0) return highestUnder(set, height, (at & ~31) + highestBit(bits))
    at = (at >>> 5) - 1
  }
  return -1
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
const highestBit = (bits: number): number => 31 - Math.clz32(bits)

function lowestUnder({ levels }: OrderedSet, height: number, at: number): number {
  let found = at
  for (let below = height - 1; below >= 0; below--)
    found = found * 32 + lowestBit((levels[below] as Uint32Array)[found] as number)
  return found
}

function highestUnder({ levels }: OrderedSet, height: number, at: number): number {
  let found = at
  for (let below = height - 1; below >= 0; below--)
    found = found * 32 + highestBit((levels[below] as Uint32Array)[found] as number)
  return found
}
