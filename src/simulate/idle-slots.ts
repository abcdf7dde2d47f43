import type { CacheInputs, SlotNeighbours } from './cache-run.ts'
import type { Staggered } from './staggered.ts'

/**
 * The same inputs without the look-ups that can find nothing and the entries that nobody looks for: most questions are
 * asked once. Where a layer has a capacity its entries stay, for they push out others.
 */
export function withoutIdle(inputs: CacheInputs, arrays: Staggered): CacheInputs {
  const { exactSlot, flightSlot, semanticSlot } = inputs
  const exactSlots = isUsed(exactSlot) || isUsed(flightSlot) ? inputs.exactSlots : 0
  // Without the layer nobody looks at a neighbour.
  const isOff = !isUsed(semanticSlot)
  const semanticSlots = isOff ? 0 : inputs.semanticSlots
  const neighbours = isOff ? noNeighbours : inputs.neighbours
  const isShared = sharedSlots(exactSlots, exactSlot, flightSlot)
  const isLinked = linkedSlots(neighbours)
  const kept = (slots: Int32Array, isKept: Uint8Array, isAll = false) =>
    isAll ? arrays.copy(Int32Array, slots) : only(slots, isKept, arrays)
  return {
    ...inputs,
    exactSlots,
    semanticSlots,
    neighbours,
    exactSlot: kept(exactSlot, isShared, isLimited(inputs.exactCapacity)),
    flightSlot: kept(flightSlot, isShared),
    semanticSlot: kept(semanticSlot, isLinked, isLimited(inputs.semanticCapacity)),
  }
}

const noNeighbours: SlotNeighbours = {
  offsets: new Uint32Array(1),
  others: new Uint32Array(0),
  similarities: new Float64Array(0),
  guarded: new Uint8Array(0),
}

const isUsed = (slots: Int32Array): boolean => slots.some((slot) => slot !== -1)

const isLimited = (capacity: number): boolean => capacity !== Number.POSITIVE_INFINITY

function only(slots: Int32Array, isKept: Uint8Array, arrays: Staggered): Int32Array {
  const kept = arrays.of(Int32Array, slots.length)
  for (let place = 0; place < slots.length; place++) {
    const slot = slots[place] as number
    kept[place] = slot !== -1 && isKept[slot] === 1 ? slot : -1
  }
  return kept
}

/** Slots that more than one request has, in whichever role. */
function sharedSlots(slots: number, exactSlot: Int32Array, flightSlot: Int32Array): Uint8Array {
  const requests = new Uint8Array(slots)
  for (let place = 0; place < exactSlot.length; place++) {
    const exact = exactSlot[place] as number
    const slot = exact === -1 ? (flightSlot[place] as number) : exact
    if (slot !== -1) requests[slot] = Math.min(2, (requests[slot] as number) + 1)
  }
  return requests.map((each) => (each > 1 ? 1 : 0))
}

/** Slots with a neighbour, itself among them, or that are one. */
function linkedSlots({ offsets, others }: SlotNeighbours): Uint8Array {
  const isLinked = new Uint8Array(offsets.length - 1)
  for (let slot = 0; slot < isLinked.length; slot++)
    if (offsets[slot] !== offsets[slot + 1]) isLinked[slot] = 1
  for (const other of others) isLinked[other] = 1
  return isLinked
}
