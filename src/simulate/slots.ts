import type { Neighbours } from '../worlds/neighbours.ts'
import type { SlotNeighbours } from './cache-run.ts'

/** Keys inside namespaces, numbered as they come. */
export class Slots {
  readonly #byNamespace: Map<number, number>[] = []
  readonly #keys: number[] = []
  readonly #namespaces: number[] = []

  get count(): number {
    return this.#keys.length
  }

  of(key: number, namespace: number): number {
    let slots = this.#byNamespace[namespace]
    if (slots === undefined) {
      slots = new Map()
      this.#byNamespace[namespace] = slots
    }
    const known = slots.get(key)
    if (known !== undefined) return known
    const slot = this.#keys.length
    slots.set(key, slot)
    this.#keys.push(key)
    this.#namespaces.push(namespace)
    return slot
  }

  /** The slot of a key in a slot's namespace; undefined where nobody there has it. */
  beside(slot: number, key: number): number | undefined {
    return this.#byNamespace[this.#namespaces[slot] as number]?.get(key)
  }

  keyOf(slot: number): number {
    return this.#keys[slot] as number
  }

  namespaces(): Uint32Array {
    return Uint32Array.from(this.#namespaces)
  }
}

/** The neighbours of questions as neighbours of slots: only inside a namespace, in the same order. */
export function slotNeighbours(slots: Slots, neighbours: Neighbours | null): SlotNeighbours {
  const offsets = new Uint32Array(slots.count + 1)
  if (neighbours === null) return { ...noPairs, offsets }
  const size = visitPairs(slots, neighbours, () => {})
  const others = new Uint32Array(size)
  const similarities = new Float64Array(size)
  const guarded = new Uint8Array(size)
  let next = 0
  visitPairs(slots, neighbours, (slot, other, pair) => {
    others[next] = other
    similarities[next] = neighbours.similarities[pair] as number
    guarded[next] = neighbours.guarded[pair] as number
    next++
    offsets[slot + 1] = next
  })
  for (let slot = 0; slot < slots.count; slot++)
    offsets[slot + 1] = Math.max(offsets[slot + 1] as number, offsets[slot] as number)
  return { offsets, others, similarities, guarded }
}

const noPairs = {
  others: new Uint32Array(0),
  similarities: new Float64Array(0),
  guarded: new Uint8Array(0),
}

/** Slot by slot, every pair with another slot of its namespace; returns how many there are. */
function visitPairs(
  slots: Slots,
  { offsets, others }: Neighbours,
  visit: (slot: number, other: number, pair: number) => void,
): number {
  let count = 0
  for (let slot = 0; slot < slots.count; slot++) {
    const question = slots.keyOf(slot)
    const end = offsets[question + 1] as number
    for (let pair = offsets[question] as number; pair < end; pair++) {
      const other = slots.beside(slot, others[pair] as number)
      if (other === undefined) continue
      visit(slot, other, pair)
      count++
    }
  }
  return count
}
