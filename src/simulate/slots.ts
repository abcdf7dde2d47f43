import type { Neighbours } from '../worlds/neighbours.ts'
import type { SlotNeighbours } from './cache-run.ts'
import type { CanServe } from './can-serve.ts'
import { type SlotLists, slotLists } from './slot-lists.ts'

/** Keys inside namespaces, numbered as they come. */
export class Slots {
  #count = 0
  readonly #keys: Int32Array
  readonly #namespaces: Int32Array
  /** By hash: the slot of a key in a namespace, or in one of the next cells; -1: none. Half of them stay empty. */
  readonly #cells: Int32Array
  readonly #shift: number

  /** For so many slots at most. */
  constructor(most: number) {
    const bits = Math.ceil(Math.log2(2 * most + 2))
    this.#keys = new Int32Array(most)
    this.#namespaces = new Int32Array(most)
    this.#cells = new Int32Array(2 ** bits).fill(-1)
    this.#shift = 32 - bits
  }

  get count(): number {
    return this.#count
  }

  of(key: number, namespace: number): number {
    const cells = this.#cells
    // Multiplied by odd numbers without a pattern, neighbouring numbers are far apart in their high bits.
    let cell = (Math.imul(key, 0x9e3779b1) + Math.imul(namespace, 0x85ebca6b)) >>> this.#shift
    for (let slot = cells[cell] as number; slot !== -1; slot = cells[cell] as number) {
      if (this.#keys[slot] === key && this.#namespaces[slot] === namespace) return slot
      cell = cell + 1 === cells.length ? 0 : cell + 1
    }
    const slot = this.#count++
    cells[cell] = slot
    this.#keys[slot] = key
    this.#namespaces[slot] = namespace
    return slot
  }

  keyOf(slot: number): number {
    return this.#keys[slot] as number
  }

  /** The slots of each namespace, one list behind the other. */
  byNamespace(): Pick<SlotLists, 'from' | 'members'> {
    const namespaces = this.#namespaces.subarray(0, this.#count)
    const most = namespaces.reduce((last, each) => Math.max(last, each), -1)
    const slots = namespaces.map((_, slot) => slot)
    return slotLists(most + 1, namespaces, slots)
  }

  namespaces(): Uint32Array {
    return Uint32Array.from(this.#namespaces.subarray(0, this.#count))
  }
}

/** The neighbours of questions as neighbours of slots, in the same order: inside a namespace, where one can serve. */
export function slotNeighbours(
  slots: Slots,
  neighbours: Neighbours | null,
  canServe: CanServe,
): SlotNeighbours {
  const offsets = new Uint32Array(slots.count + 1)
  if (neighbours === null) return { ...noPairs, offsets }
  // The numbers of pairs that are kept, in the order of the visit: looked for once, and walked twice.
  const kept = new Uint32Array(mostPairs(slots, neighbours))
  const keptOthers = new Uint32Array(kept.length)
  const keptSlots = new Uint32Array(kept.length)
  let found = 0
  visitPairs(slots, neighbours, canServe, (slot, other, pair) => {
    offsets[slot + 1] = (offsets[slot + 1] as number) + 1
    kept[found] = pair
    keptOthers[found] = other
    keptSlots[found++] = slot
  })
  for (let slot = 0; slot < slots.count; slot++)
    offsets[slot + 1] = (offsets[slot + 1] as number) + (offsets[slot] as number)
  const size = offsets[slots.count] as number
  const others = new Uint32Array(size)
  const similarities = new Float64Array(size)
  const guarded = new Uint8Array(size)
  const next = offsets.slice()
  for (let index = 0; index < found; index++) {
    const slot = keptSlots[index] as number
    const pair = kept[index] as number
    const place = next[slot] as number
    next[slot] = place + 1
    others[place] = keptOthers[index] as number
    similarities[place] = neighbours.similarities[pair] as number
    guarded[place] = neighbours.guarded[pair] as number
  }
  return { offsets, others, similarities, guarded }
}

function mostPairs(slots: Slots, { offsets }: Neighbours): number {
  let pairs = 0
  for (let slot = 0; slot < slots.count; slot++) {
    const question = slots.keyOf(slot)
    pairs += (offsets[question + 1] as number) - (offsets[question] as number)
  }
  return pairs
}

const noPairs = {
  others: new Uint32Array(0),
  similarities: new Float64Array(0),
  guarded: new Uint8Array(0),
}

/** Namespace by namespace, slot by slot, every pair with a slot of the same namespace that can serve. */
function visitPairs(
  slots: Slots,
  { offsets, others }: Neighbours,
  canServe: CanServe,
  visit: (slot: number, other: number, pair: number) => void,
): void {
  const slotOf = new Int32Array(offsets.length - 1).fill(-1)
  const { from, members } = slots.byNamespace()
  for (let namespace = 0; namespace < from.length - 1; namespace++) {
    const own = members.subarray(from[namespace], from[namespace + 1])
    for (const slot of own) slotOf[slots.keyOf(slot)] = slot
    for (const slot of own) {
      const question = slots.keyOf(slot)
      const end = offsets[question + 1] as number
      for (let pair = offsets[question] as number; pair < end; pair++) {
        const other = slotOf[others[pair] as number] as number
        if (other !== -1 && canServe(slot, other)) visit(slot, other, pair)
      }
    }
    for (const slot of own) slotOf[slots.keyOf(slot)] = -1
  }
}
