/** Requests by slot, one list behind the other. */
export type SlotLists = {
  /** Where the list of each slot begins; that of the next one is its end. */
  readonly from: Uint32Array
  readonly members: Int32Array
  /** Where each request stands; -1: nowhere. */
  readonly position: Int32Array
}

/** Groups the requests that have a slot, each list in the order in which they are given. */
export function slotLists(slots: number, slotOf: Int32Array, order: Iterable<number>): SlotLists {
  const places = Int32Array.from(order).filter((place) => slotOf[place] !== -1)
  const from = new Uint32Array(slots + 1)
  for (const place of places) {
    const next = (slotOf[place] as number) + 1
    from[next] = (from[next] as number) + 1
  }
  for (let slot = 0; slot < slots; slot++)
    from[slot + 1] = (from[slot + 1] as number) + (from[slot] as number)
  const next = from.slice()
  const members = new Int32Array(places.length)
  const position = new Int32Array(slotOf.length).fill(-1)
  for (const place of places) {
    const slot = slotOf[place] as number
    const at = next[slot] as number
    members[at] = place
    position[place] = at
    next[slot] = at + 1
  }
  return { from, members, position }
}
