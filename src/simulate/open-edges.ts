import type { SlotNeighbours } from './cache-run.ts'
import type { Staggered } from './staggered.ts'

/** Where each slot's neighbours of at least some similarity end: found anew for each lane's threshold from its last. */
export type OpenEdges = {
  readonly neighbours: SlotNeighbours
  /** The other slot, below zero (as -1 - slot) where a guard speaks against it or the next one is as similar. */
  readonly targets: Int32Array
  readonly starts: Uint32Array
  /** By slot and lane. */
  readonly ends: Uint32Array
  /** Similarity of the first neighbour beyond; NaN where there is none. */
  readonly next: Float64Array
  /** The last threshold of each lane. */
  readonly last: Float64Array
}

/** With no neighbour yet. */
export function newOpenEdges(
  neighbours: SlotNeighbours,
  arrays: Staggered,
  lanes: number,
): OpenEdges {
  const slots = neighbours.offsets.length - 1
  return {
    neighbours,
    targets: targetsOf(neighbours, arrays),
    starts: arrays.copy(Uint32Array, neighbours.offsets.subarray(0, slots)),
    ends: arrays.of(Uint32Array, slots * lanes),
    next: arrays.of(Float64Array, slots * lanes),
    last: new Float64Array(lanes).fill(Number.NEGATIVE_INFINITY),
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

/** Finds the ends of all slots at a threshold to each lane; quick where it is below the lane's last one. */
export function openEdges(edges: OpenEdges, thresholds: readonly number[]): void {
  const { neighbours, ends, next, last } = edges
  const lanes = last.length
  for (let lane = 0; lane < thresholds.length; lane++) {
    const threshold = thresholds[lane] as number
    if (!(threshold <= (last[lane] as number))) closeAll(edges, lane)
    last[lane] = threshold
  }
  const { offsets, similarities } = neighbours
  for (let slot = 0; slot + 1 < offsets.length; slot++) {
    const to = offsets[slot + 1] as number
    for (let lane = 0; lane < thresholds.length; lane++) {
      const at = slot * lanes + lane
      const threshold = thresholds[lane] as number
      if (!((next[at] as number) >= threshold)) continue
      const end = endFrom(similarities, ends[at] as number, to, threshold)
      ends[at] = end
      next[at] = end < to ? (similarities[end] as number) : Number.NaN
    }
  }
}

function endFrom(similarities: Float64Array, from: number, to: number, threshold: number): number {
  let end = from
  while (end < to && (similarities[end] as number) >= threshold) end++
  return end
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

function closeAll(
  { neighbours: { offsets, similarities }, ends, next, last }: OpenEdges,
  lane: number,
): void {
  const lanes = last.length
  for (let slot = 0; slot + 1 < offsets.length; slot++) {
    const from = offsets[slot] as number
    ends[slot * lanes + lane] = from
    next[slot * lanes + lane] =
      from === offsets[slot + 1] ? Number.NaN : (similarities[from] as number)
  }
}
