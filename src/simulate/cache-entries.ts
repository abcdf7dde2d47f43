import { clearQueue, frontSlot, newSlotQueue, pushSlot, type SlotQueue } from './slot-queue.ts'
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
  /** Entries of one scope and one time to live end in the order in which they were born: each pair is a lane. */
  readonly births: SlotQueue
  /** How many times to live end, and of each request the number of its own; -1: it does not end. */
  readonly endings: number
  readonly ending: Int32Array
}

/** What a layer is made of. */
export type LayerShape = {
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
  const { timeline, slots, ttlMs, hitsAreEntries, capacity } = shape
  const filler = new Int32Array(slots)
  const [first = 0] = ttlMs
  const isSame = ttlMs.every((each) => each === first)
  return {
    birth: new Int32Array(slots).fill(-1),
    filler,
    owner: hitsAreEntries ? new Int32Array(slots) : filler,
    firstAlive: isSame ? firstAlive(timeline, first) : null,
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
  clearQueue(bounds.births)
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
  { birth, filler, bounds }: CacheEntries,
  slot: number,
  event: number,
  refreshes: boolean,
): void {
  if (refreshes) birth[slot] = event
  if (bounds === null) return
  const scope = scopeOf(bounds, slot)
  pushSlot(bounds.recent, scope, slot)
  if (refreshes) bear(bounds, scope, slot, filler[slot] as number)
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
  bear(bounds, scope, slot, filler)
  if (!isNew) return
  const size = (bounds.sizes[scope] as number) + 1
  bounds.sizes[scope] = size
  if (size > bounds.capacity) dropOne(entries, bounds, scope, event)
}

const scopeOf = ({ scope }: Bounds, slot: number): number =>
  scope === null ? 0 : (scope[slot] as number)

function bear(bounds: Bounds, scope: number, slot: number, filler: number): void {
  const ending = bounds.ending[filler] as number
  if (ending === -1) bounds.births.stands[slot] = -1
  else pushSlot(bounds.births, scope * bounds.endings + ending, slot)
}

/** An entry whose time is over leaves before the one that was not used for longest. */
function dropOne(entries: CacheEntries, bounds: Bounds, scope: number, event: number): void {
  const expired = expiredSlot(entries, bounds, scope, event)
  const slot = expired === -1 ? frontSlot(bounds.recent, scope) : expired
  entries.birth[slot] = -1
  bounds.recent.stands[slot] = -1
  bounds.births.stands[slot] = -1
  bounds.sizes[scope] = (bounds.sizes[scope] as number) - 1
}

function expiredSlot(
  entries: CacheEntries,
  { births, endings }: Bounds,
  scope: number,
  event: number,
): number {
  const first = scope * endings
  for (let lane = first; lane < first + endings; lane++) {
    const slot = frontSlot(births, lane)
    if (slot !== -1 && !isAlive(entries, slot, event)) return slot
  }
  return -1
}

function newBounds({ slots, slotOf, capacity, scope, ttlMs }: LayerShape): Bounds {
  const numbers = new Map(
    [...new Set(ttlMs.filter(Number.isFinite))].map((ms, number) => [ms, number]),
  )
  const endings = numbers.size
  const ending = Int32Array.from(ttlMs, (ms) => numbers.get(ms) ?? -1)
  const scopes = scope === null ? 1 : scope.reduce((most, each) => Math.max(most, each + 1), 0)
  const inScope = new Uint32Array(scopes)
  const inLane = new Uint32Array(scopes * endings)
  slotOf.forEach((slot, place) => {
    if (slot === -1) return
    const own = scope === null ? 0 : (scope[slot] as number)
    inScope[own] = (inScope[own] as number) + 1
    const number = ending[place] as number
    if (number === -1) return
    const lane = own * endings + number
    inLane[lane] = (inLane[lane] as number) + 1
  })
  return {
    capacity,
    scope,
    sizes: new Uint32Array(scopes),
    recent: newSlotQueue(slots, inScope),
    births: newSlotQueue(slots, inLane),
    endings,
    ending,
  }
}
