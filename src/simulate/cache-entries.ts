import { clearQueue, frontSlot, newSlotQueue, pushSlot, type SlotQueue } from './slot-queue.ts'
import type { Staggered } from './staggered.ts'
import { firstAlive, type Timeline } from './timeline.ts'

/**
 * The entries of one layer, one to a slot. With a capacity the least recently used of a scope goes first, after those
 * whose time is over. Births are events of a timeline, so that most questions about age compare two whole numbers.
 */
export type CacheEntries = {
  /** The event at which the entry of each slot was born; -1: nothing is there. */
  readonly birth: Int32Array
  /** The request that filled a slot, whose time to live its entry has. */
  readonly filler: Int32Array
  /** The request whose answer it is: the same, unless hits are entries too. */
  readonly owner: Int32Array
  /** At each event the earliest birth that is not over; null where times to live differ. */
  readonly firstAlive: Int32Array | null
  readonly timesMs: Float64Array
  /** By request. */
  readonly ttlMs: Float64Array
  readonly bounds: Bounds | null
}

type Bounds = {
  readonly capacity: number
  /** Of each slot; null: all share one. */
  readonly scope: Uint32Array | null
  readonly sizes: Uint32Array
  /** In lanes by scope. */
  readonly recent: SlotQueue
  readonly births: Births
}

/** Which slot was filled or refreshed at which event, in order. */
type Births = {
  readonly slots: Uint32Array
  readonly events: Int32Array
  /** How many there are. */
  readonly size: Uint32Array
  /** The times to live that end, the number of each request's own, and how far the entries of each are known to be over. */
  readonly endingsMs: Float64Array
  readonly ending: Int32Array
  readonly heads: Uint32Array
}

/** What a layer is made of. */
export type LayerShape = {
  readonly arrays: Staggered
  readonly timeline: Timeline
  readonly slots: number
  /** Of each request; -1: none. */
  readonly slotOf: Int32Array
  readonly capacity: number
  readonly scope: Uint32Array | null
  readonly ttlMs: Float64Array
  readonly hitsAreEntries: boolean
}

/** A layer without entries. */
export function newEntries(shape: LayerShape): CacheEntries {
  const { arrays, timeline, slots, ttlMs, hitsAreEntries, capacity } = shape
  const birth = arrays.of(Int32Array, slots)
  const filler = arrays.of(Int32Array, slots)
  const [first = 0] = ttlMs
  const isSame = ttlMs.every((each) => each === first)
  return {
    birth,
    filler,
    owner: hitsAreEntries ? arrays.of(Int32Array, slots) : filler,
    firstAlive: isSame ? firstAlive(timeline, first, arrays) : null,
    timesMs: timeline.timesMs,
    ttlMs,
    bounds: capacity === Number.POSITIVE_INFINITY ? null : newBounds(shape),
  }
}

/** Drops every entry. */
export function clearEntries({ birth, bounds }: CacheEntries): void {
  birth.fill(-1)
  if (bounds === null) return
  bounds.sizes.fill(0)
  clearQueue(bounds.recent)
  bounds.births.size.fill(0)
  bounds.births.heads.fill(0)
}

/** Whether a slot has an entry whose time is not over at an event. */
export function isAlive(entries: CacheEntries, slot: number, event: number): boolean {
  const { firstAlive, timesMs, ttlMs, filler } = entries
  const birth = entries.birth[slot] as number
  if (firstAlive !== null) return birth >= (firstAlive[event] as number)
  if (birth === -1) return false
  const ageMs = (timesMs[event] as number) - (timesMs[birth] as number)
  return ageMs <= (ttlMs[filler[slot] as number] as number)
}

/** Counts a hit as a use; where hits refresh, the entry's time begins anew. */
export function touchEntry(
  { birth, bounds }: CacheEntries,
  slot: number,
  event: number,
  refreshes: boolean,
): void {
  if (refreshes) birth[slot] = event
  if (bounds === null) return
  const scope = scopeOf(bounds, slot)
  pushSlot(bounds.recent, scope, slot)
  if (refreshes) bear(bounds.births, slot, event)
}

/** Puts an answer into a slot, in place of what was there. */
export function putEntry(
  entries: CacheEntries,
  slot: number,
  filler: number,
  owner: number,
  event: number,
): void {
  const { birth, bounds } = entries
  const isNew = birth[slot] === -1
  birth[slot] = event
  entries.filler[slot] = filler
  entries.owner[slot] = owner
  if (bounds === null) return
  const scope = scopeOf(bounds, slot)
  pushSlot(bounds.recent, scope, slot)
  bear(bounds.births, slot, event)
  if (!isNew) return
  const size = (bounds.sizes[scope] as number) + 1
  bounds.sizes[scope] = size
  if (size > bounds.capacity) makeRoom(entries, bounds, scope, event)
}

const scopeOf = ({ scope }: Bounds, slot: number): number =>
  scope === null ? 0 : (scope[slot] as number)

function bear({ slots, events, size }: Births, slot: number, event: number): void {
  const next = size[0] as number
  slots[next] = slot
  events[next] = event
  size[0] = next + 1
}

/** Entries whose time is over leave before the one that was not used for longest. */
function makeRoom(entries: CacheEntries, bounds: Bounds, scope: number, event: number): void {
  const { endingsMs } = bounds.births
  for (let ending = 0; ending < endingsMs.length; ending++) freeOver(entries, bounds, ending, event)
  if ((bounds.sizes[scope] as number) > bounds.capacity)
    drop(entries, bounds, frontSlot(bounds.recent, scope))
}

/** Frees the entries of one time to live that are over, in every scope. */
function freeOver(entries: CacheEntries, bounds: Bounds, ending: number, event: number): void {
  const { timesMs, birth, filler } = entries
  const { slots, events, size, endingsMs, ending: endings, heads } = bounds.births
  const now = timesMs[event] as number
  const ttlMs = endingsMs[ending] as number
  let head = heads[ending] as number
  for (; head < (size[0] as number); head++) {
    const born = events[head] as number
    if (!(now - (timesMs[born] as number) > ttlMs)) break
    const slot = slots[head] as number
    // An entry that was put there anew, or refreshed, has another end.
    if (birth[slot] === born && endings[filler[slot] as number] === ending)
      drop(entries, bounds, slot)
  }
  heads[ending] = head
}

function drop({ birth }: CacheEntries, { recent, scope, sizes }: Bounds, slot: number): void {
  const own = scope === null ? 0 : (scope[slot] as number)
  birth[slot] = -1
  recent.stands[slot] = -1
  sizes[own] = (sizes[own] as number) - 1
}

function newBounds({
  arrays,
  timeline,
  slots,
  slotOf,
  capacity,
  scope,
  ttlMs,
}: LayerShape): Bounds {
  const scopes = scope === null ? 1 : scope.reduce((most, each) => Math.max(most, each + 1), 0)
  const inScope = new Uint32Array(scopes)
  for (const slot of slotOf) {
    if (slot === -1) continue
    const own = scope === null ? 0 : (scope[slot] as number)
    inScope[own] = (inScope[own] as number) + 1
  }
  const endingsMs = Float64Array.from(new Set(ttlMs.filter(Number.isFinite)))
  // A hit that refreshes an entry and is one itself makes two births.
  const most = 2 * timeline.events.length
  return {
    capacity,
    scope,
    sizes: new Uint32Array(scopes),
    recent: newSlotQueue(slots, inScope, arrays),
    births: {
      slots: arrays.of(Uint32Array, most),
      events: arrays.of(Int32Array, most),
      size: new Uint32Array(1),
      endingsMs,
      ending: arrays.copy(
        Int32Array,
        Int32Array.from(ttlMs, (ms) => endingsMs.indexOf(ms)),
      ),
      heads: new Uint32Array(endingsMs.length),
    },
  }
}
