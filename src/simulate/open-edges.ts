import type { SlotNeighbours } from './cache-run.ts'
import type { Staggered } from './staggered.ts'

/** Where each slot's neighbours of at least some similarity end: found anew for each threshold from the last ones. */
export type OpenEdges = {
  readonly neighbours: SlotNeighbours
  /** The other slot, below zero (as -1 - slot) where a guard speaks against it or the next one is as similar. */
  readonly targets: Int32Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Similarity of the first neighbour beyond; NaN where there is none. */
  readonly next: Float64Array
  /** The last threshold. */
  readonly last: Float64Array
}

/** With no neighbour yet. */
export function newOpenEdges(neighbours: SlotNeighbours, arrays: Staggered): OpenEdges {
  const slots = neighbours.offsets.length - 1
  return {
    neighbours,
    targets: targetsOf(neighbours, arrays),
    starts: arrays.copy(Uint32Array, neighbours.offsets.subarray(0, slots)),
    ends: arrays.of(Uint32Array, slots),
    next: arrays.of(Float64Array, slots),
    last: Float64Array.of(Number.NEGATIVE_INFINITY),
  }
}

function targetsOf(
  { others, similarities, guarded }: SlotNeighbours,
  arrays: Staggered,
): Int32Array {
  const targets = arrays.of(Int32Array, others.length)
  for (let pair = 0; pair < targets.length; pair++) {
    const isPlain = guarded[pair] === 0 && similarities[pair] !== similarities[pair + 1]
    const other = others[pair] as number
    targets[pair] = isPlain ? other : -1 - other
  }
  return targets
}

/** Finds the ends of all slots at a threshold; quick where it is below the last one. */
export function openEdges(edges: OpenEdges, threshold: number): void {
  const { neighbours, ends, next, last } = edges
  if (!(threshold <= (last[0] as number))) closeAll(edges)
  last[0] = threshold
  const { offsets, similarities } = neighbours
  for (let slot = 0; slot < ends.length; slot++) {
    if (!((next[slot] as number) >= threshold)) continue
    const to = offsets[slot + 1] as number
    let end = ends[slot] as number
    while (end < to && (similarities[end] as number) >= threshold) end++
    ends[slot] = end
    next[slot] = end < to ? (similarities[end] as number) : Number.NaN
  }
}

/** The end of one slot's neighbours at a threshold of its own. */
export function endOfEdges(
  { neighbours: { offsets, similarities } }: OpenEdges,
  slot: number,
  threshold: number,
): number {
  let low = offsets[slot] as number
  let high = offsets[slot + 1] as number
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((similarities[middle] as number) >= threshold) low = middle + 1
    else high = middle
  }
  return low
}

function closeAll({ neighbours: { offsets, similarities }, ends, next }: OpenEdges): void {
  for (let slot = 0; slot < ends.length; slot++) {
    const from = offsets[slot] as number
    ends[slot] = from
    next[slot] = from === offsets[slot + 1] ? Number.NaN : (similarities[from] as number)
  }
}
