import type { SlotNeighbours } from './cache-run.ts'
import { orderDescending } from './order-descending.ts'

/**
 * Pairs of neighbours that no guard speaks against, twice, each as they are walked: all by falling similarity, and of
 * each slot those in which it is the other.
 */
export type Edges = {
  /** The slot that looks, the one it may find, and how similar they are. */
  readonly slots: Uint32Array
  readonly others: Uint32Array
  readonly similarities: Float64Array
  /** The slots that may find a slot, by falling similarity, one list behind the other. */
  readonly from: Uint32Array
  readonly lookers: Uint32Array
  readonly alike: Float64Array
}

/** Sorts the pairs of all slots. */
export function edgesOf(neighbours: SlotNeighbours): Edges {
  const { offsets, guarded } = neighbours
  const order = orderDescending(neighbours.similarities).filter((pair) => guarded[pair] === 0)
  const slotOf = new Uint32Array(guarded.length)
  for (let slot = 0; slot + 1 < offsets.length; slot++)
    slotOf.fill(slot, offsets[slot] as number, offsets[slot + 1] as number)
  const slots = order.map((pair) => slotOf[pair] as number)
  const others = order.map((pair) => neighbours.others[pair] as number)
  const similarities = new Float64Array(order.length)
  for (let edge = 0; edge < order.length; edge++)
    similarities[edge] = neighbours.similarities[order[edge] as number] as number
  return { slots, others, similarities, ...byOther(slots, others, similarities, offsets.length) }
}

/** The same edges in lists by the slot that is found. */
function byOther(
  slots: Uint32Array,
  others: Uint32Array,
  similarities: Float64Array,
  ends: number,
): Pick<Edges, 'from' | 'lookers' | 'alike'> {
  const from = new Uint32Array(ends)
  for (const other of others) from[other + 1] = (from[other + 1] as number) + 1
  for (let slot = 0; slot + 1 < ends; slot++)
    from[slot + 1] = (from[slot + 1] as number) + (from[slot] as number)
  const next = from.slice()
  const lookers = new Uint32Array(others.length)
  const alike = new Float64Array(others.length)
  for (let edge = 0; edge < others.length; edge++) {
    const other = others[edge] as number
    const at = next[other] as number
    next[other] = at + 1
    lookers[at] = slots[edge] as number
    alike[at] = similarities[edge] as number
  }
  return { from, lookers, alike }
}
