import type { Staggered } from './staggered.ts'

/**
 * Slots in the order in which they were last named, in lanes: a slot is in one lane at a time. Naming a slot again leaves
 * its former place behind, which is passed over when it comes to the front; a full lane is closed up.
 */
export type SlotQueue = {
  /** Every lane's own stretch, and what of it is in use. */
  readonly slots: Uint32Array
  readonly from: Uint32Array
  readonly heads: Uint32Array
  readonly tails: Uint32Array
  /** Where each slot stands; -1: nowhere. */
  readonly stands: Int32Array
}

/** An empty queue. A lane never holds more different slots than `sizes` says of it. */
export function newSlotQueue(
  slots: number,
  sizes: ArrayLike<number>,
  arrays: Staggered,
): SlotQueue {
  const from = new Uint32Array(sizes.length + 1)
  // Twice the room, so that a lane is at least half empty once it is closed up.
  for (let lane = 0; lane < sizes.length; lane++)
    from[lane + 1] = (from[lane] as number) + 2 * (sizes[lane] as number)
  return {
    slots: arrays.of(Uint32Array, from[sizes.length] as number),
    from,
    heads: from.slice(0, -1),
    tails: from.slice(0, -1),
    stands: arrays.of(Int32Array, slots).fill(-1),
  }
}

/** Empties every lane. */
export function clearQueue({ from, heads, tails, stands }: SlotQueue): void {
  heads.set(from.subarray(0, -1))
  tails.set(from.subarray(0, -1))
  stands.fill(-1)
}

/** Puts a slot behind all others of a lane. */
export function pushSlot(queue: SlotQueue, lane: number, slot: number): void {
  const { slots, from, tails, stands } = queue
  if (tails[lane] === from[lane + 1]) closeUp(queue, lane)
  const tail = tails[lane] as number
  slots[tail] = slot
  stands[slot] = tail
  tails[lane] = tail + 1
}

/** The slot at the front of a lane, -1 when there is none. */
export function frontSlot({ slots, heads, tails, stands }: SlotQueue, lane: number): number {
  const tail = tails[lane] as number
  let head = heads[lane] as number
  while (head < tail && stands[slots[head] as number] !== head) head++
  heads[lane] = head
  return head < tail ? (slots[head] as number) : -1
}

function closeUp({ slots, from, heads, tails, stands }: SlotQueue, lane: number): void {
  let next = from[lane] as number
  const tail = tails[lane] as number
  for (let stand = heads[lane] as number; stand < tail; stand++) {
    const slot = slots[stand] as number
    if (stands[slot] !== stand) continue
    slots[next] = slot
    stands[slot] = next
    next++
  }
  heads[lane] = from[lane] as number
  tails[lane] = next
}
