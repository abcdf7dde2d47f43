import { slotLists } from './slot-lists.ts'
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

/**
 * What a capacity needs to know. An event uses at most two slots, first the one that a hit touches, then the one of its
 * own request, which is filled: the last use of a slot tells whether an event is still the latest.
 */
type Bounds = {
  readonly capacity: number
  /** Of each slot; null: all share one. */
  readonly scope: Uint32Array | null
  readonly sizes: Uint32Array
  /** By event, two slots: the one touched and the one of its request. Where there is none it is any: it was not used then. */
  readonly used: Int32Array
  /** By slot. */
  readonly lastUse: Int32Array
  /** The events of each scope, one list behind the other, and where in each the least recent use may be. */
  readonly scopeEvents: Int32Array | null
  readonly scopeFrom: Uint32Array
  readonly oldestUse: Uint32Array
  readonly hitsRefresh: boolean
  /** The times to live that end, the number of each request's own, and up to which event the births of each are over. */
  readonly endingsMs: Float64Array
  readonly ending: Int32Array
  readonly over: Uint32Array
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
  readonly hitsRefresh: boolean
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
  const { sizes, lastUse, oldestUse, scopeFrom, over } = bounds
  sizes.fill(0)
  lastUse.fill(-1)
  oldestUse.set(scopeFrom.subarray(0, -1))
  over.fill(0)
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
  bounds.used[2 * event] = slot
  bounds.lastUse[slot] = event
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
  bounds.lastUse[slot] = event
  if (!isNew) return
  const scope = scopeOf(bounds, slot)
  const size = (bounds.sizes[scope] as number) + 1
  bounds.sizes[scope] = size
  if (size > bounds.capacity) makeRoom(entries, bounds, scope, event)
}

const scopeOf = ({ scope }: Bounds, slot: number): number =>
  scope === null ? 0 : (scope[slot] as number)

/** Entries whose time is over leave before the one that was not used for longest. */
function makeRoom(entries: CacheEntries, bounds: Bounds, scope: number, event: number): void {
  const { endingsMs, over } = bounds
  for (let ending = 0; ending < endingsMs.length; ending++) {
    const from = over[ending] as number
    const until = endOfLife(entries, endingsMs[ending] as number, from, event)
    for (let born = from; born < until; born++) freeBornAt(entries, bounds, born, ending)
    over[ending] = until
  }
  if ((bounds.sizes[scope] as number) > bounds.capacity)
    drop(entries, bounds, leastRecent(bounds, scope))
}

/** The first event, from one on, whose births are not over. */
function endOfLife(
  { firstAlive, timesMs }: CacheEntries,
  ttlMs: number,
  from: number,
  event: number,
): number {
  if (firstAlive !== null) return firstAlive[event] as number
  const now = timesMs[event] as number
  let until = from
  while (now - (timesMs[until] as number) > ttlMs) until++
  return until
}

/** Frees what was born at an event and has one time to live, unless it was born again since. */
function freeBornAt(entries: CacheEntries, bounds: Bounds, born: number, ending: number): void {
  const { used, hitsRefresh, ending: endings } = bounds
  const { birth, filler } = entries
  const isIt = (slot: number) => birth[slot] === born && endings[filler[slot] as number] === ending
  const slot = used[2 * born + 1] as number
  if (isIt(slot)) drop(entries, bounds, slot)
  const touched = used[2 * born] as number
  if (hitsRefresh && isIt(touched)) drop(entries, bounds, touched)
}

/** The slot in a scope that was not used for longest; there is one. */
function leastRecent(bounds: Bounds, scope: number): number {
  const { used, lastUse, scopeEvents, oldestUse } = bounds
  for (let at = oldestUse[scope] as number; ; at++) {
    const event = scopeEvents === null ? at : (scopeEvents[at] as number)
    const hit = used[2 * event] as number
    const filled = used[2 * event + 1] as number
    if (lastUse[hit] !== event && lastUse[filled] !== event) continue
    oldestUse[scope] = at
    return lastUse[hit] === event ? hit : filled
  }
}

function drop({ birth }: CacheEntries, bounds: Bounds, slot: number): void {
  const scope = scopeOf(bounds, slot)
  birth[slot] = -1
  bounds.lastUse[slot] = -1
  bounds.sizes[scope] = (bounds.sizes[scope] as number) - 1
}

function newBounds(shape: LayerShape): Bounds {
  const { arrays, timeline, slots, slotOf, capacity, scope, ttlMs, hitsRefresh } = shape
  const own = timeline.events.map((event) => slotOf[event < 0 ? -1 - event : event] as number)
  const used = arrays.of(Int32Array, 2 * own.length)
  for (let event = 0; event < own.length; event++)
    used[2 * event + 1] = Math.max(0, own[event] as number)
  const scopes = scope === null ? 1 : scope.reduce((most, each) => Math.max(most, each + 1), 0)
  const byScope =
    scope === null
      ? null
      : slotLists(
          scopes,
          own.map((slot) => (slot === -1 ? -1 : (scope[slot] as number))),
          own.keys(),
        )
  const endingsMs = Float64Array.from(new Set(ttlMs.filter(Number.isFinite)))
  return {
    capacity,
    scope,
    sizes: new Uint32Array(scopes),
    used,
    lastUse: arrays.of(Int32Array, slots),
    scopeEvents: byScope?.members ?? null,
    scopeFrom: byScope?.from ?? Uint32Array.of(0, own.length),
    oldestUse: new Uint32Array(scopes),
    hitsRefresh,
    endingsMs,
    ending: arrays.copy(
      Int32Array,
      Int32Array.from(ttlMs, (ms) => endingsMs.indexOf(ms)),
    ),
    over: new Uint32Array(endingsMs.length),
  }
}
