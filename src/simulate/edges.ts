import type { SlotNeighbours } from './cache-run.ts'
import { orderDescending } from './order-descending.ts'

/** Pairs of neighbours that no guard speaks against. */
export type Edges = {
  /** By falling similarity. */
  readonly order: Uint32Array
  /** The slot among whose neighbours each pair is. */
  readonly slotOf: Uint32Array
  /** Of each slot the pairs in which it is the other, by falling similarity, one list behind the other. */
  readonly from: Uint32Array
  readonly pairs: Uint32Array
}

/** Sorts the pairs of all slots. */
export function edgesOf({ offsets, others, similarities, guarded }: SlotNeighbours): Edges {
  const slots = offsets.length - 1
  const slotOf = new Uint32Array(others.length)
  for (let slot = 0; slot < slots; slot++)
    slotOf.fill(slot, offsets[slot] as number, offsets[slot + 1] as number)
  const order = orderDescending(similarities).filter((pair) => guarded[pair] === 0)
  const from = new Uint32Array(slots + 1)
  for (const pair of order) {
    const next = (others[pair] as number) + 1
    from[next] = (from[next] as number) + 1
  }
  for (let slot = 0; slot < slots; slot++)
    from[slot + 1] = (from[slot + 1] as number) + (from[slot] as number)
  const next = from.slice()
  const pairs = new Uint32Array(order.length)
  for (const pair of order) {
    const other = others[pair] as number
    const at = next[other] as number
    pairs[at] = pair
    next[other] = at + 1
  }
  return { order, slotOf, from, pairs }
}
