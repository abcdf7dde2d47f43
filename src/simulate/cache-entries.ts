import { slotLists } from './slot-lists.ts'
import type { Staggered } from './staggered.ts'
import { firstAlive, type Timeline } from './timeline.ts'

/**
 * The entries of one layer, one to a slot. With a capacity the least recently used of a scope goes first, after those
 * whose time is over. Births are events of a timeline, so that most questions about age compare two whole numbers.
 */
export type CacheEntries = {
  readonly lanes: number
  /** By slot and lane. The event at which the entry of each slot was born; -1: nothing is there. */
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
  /** By scope and lane. */
  readonly sizes: Uint32Array
  /** By event: the slot of its request, and in each lane the one touched. Where there is none it is any: it was not used. */
  readonly filled: Int32Array
  readonly touched: Int32Array
  /** By slot and lane. */
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
  readonly lanes: number
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
  const { arrays, lanes, timeline, slots, ttlMs, hitsAreEntries, capacity } = shape
  const birth = arrays.of(Int32Array, slots * lanes)
  const filler = arrays.of(Int32Array, slots * lanes)
  const [first = 0] = ttlMs
  const isSame = slots > 0 && ttlMs.every((each) => each === first)
  return {
    lanes,
    birth,
    filler,
    owner: hitsAreEntries ? arrays.of(Int32Array, slots * lanes) : filler,
    firstAlive: isSame ? firstAlive(timeline, first, arrays) : null,
    timesMs: timeline.timesMs,
    ttlMs,
    bounds: capacity === Number.POSITIVE_INFINITY ? null : newBounds(shape),
  }
}

/** Drops every entry. */
export function clearEntries({ birth, bounds, lanes }: CacheEntries): void {
  birth.fill(-1)
  if (bounds === null) return
  const { sizes, lastUse, oldestUse, scopeFrom, over } = bounds
  sizes.fill(0)
  lastUse.fill(-1)
  for (let at = 0; at < oldestUse.length; at++)
    oldestUse[at] = scopeFrom[Math.floor(at / lanes)] as number
  over.fill(0)
}

/** Whether a slot in a lane has an entry whose time is not over at an event. */
export function isAlive(entries: CacheEntries, entry: number, event: number): boolean {
  const { firstAlive, timesMs, ttlMs, filler } = entries
  const birth = entries.birth[entry] as number
  if (firstAlive !== null) return birth >= (firstAlive[event] as number)
  if (birth === -1) return false
  const ageMs = (timesMs[event] as number) - (timesMs[birth] as number)
  return ageMs <= (ttlMs[filler[entry] as number] as number)
}

/** Counts a hit as a use; where hits refresh, the entry's time begins anew. */
export function touchEntry(
  { birth, bounds, lanes }: CacheEntries,
  slot: number,
  event: number,
  refreshes: boolean,
  lane: number,
): void {
  if (refreshes) birth[slot * lanes + lane] = event
  if (bounds === null) return
  bounds.touched[event * lanes + lane] = slot
  bounds.lastUse[slot * lanes + lane] = event
}

/** Puts an answer into a slot, in place of what was there. */
export function putEntry(
  entries: CacheEntries,
  slot: number,
  filler: number,
  owner: number,
  event: number,
  lane: number,
): void {
  const { birth, bounds, lanes } = entries
  const entry = slot * lanes + lane
  const isNew = birth[entry] === -1
  birth[entry] = event
  entries.filler[entry] = filler
  entries.owner[entry] = owner
  if (bounds === null) return
  bounds.lastUse[entry] = event
  if (!isNew) return
  const scope = scopeOf(bounds, slot)
  const size = (bounds.sizes[scope * lanes + lane] as number) + 1
  bounds.sizes[scope * lanes + lane] = size
  if (size > bounds.capacity) makeRoom(entries, bounds, scope, event, lane)
}

const scopeOf = ({ scope }: Bounds, slot: number): number =>
  scope === null ? 0 : (scope[slot] as number)

/** Entries whose time is over leave before the one that was not used for longest. */
function makeRoom(
  entries: CacheEntries,
  bounds: Bounds,
  scope: number,
  event: number,
  lane: number,
): void {
  const { lanes } = entries
  const { endingsMs, over } = bounds
  for (let ending = 0; ending < endingsMs.length; ending++) {
    const from = over[ending * lanes + lane] as number
    const until = endOfLife(entries, endingsMs[ending] as number, from, event)
    for (let born = from; born < until; born++) freeBornAt(entries, bounds, born, ending, lane)
    over[ending * lanes + lane] = until
  }
  if ((bounds.sizes[scope * lanes + lane] as number) > bounds.capacity)
    drop(entries, bounds, leastRecent(entries, bounds, scope, lane), lane)
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
function freeBornAt(
  entries: CacheEntries,
  bounds: Bounds,
  born: number,
  ending: number,
  lane: number,
): void {
  const { filled, touched, hitsRefresh } = bounds
  const slot = filled[born] as number
  if (isBornAt(entries, bounds, slot, born, ending, lane)) drop(entries, bounds, slot, lane)
  if (!hitsRefresh) return
  const other = touched[born * entries.lanes + lane] as number
  if (isBornAt(entries, bounds, other, born, ending, lane)) drop(entries, bounds, other, lane)
}

function isBornAt(
  { birth, filler, lanes }: CacheEntries,
  { ending: endings }: Bounds,
  slot: number,
  born: number,
  ending: number,
  lane: number,
): boolean {
  const entry = slot * lanes + lane
  return birth[entry] === born && endings[filler[entry] as number] === ending
}

/** The slot in a scope that was not used for longest; there is one. */
function leastRecent({ lanes }: CacheEntries, bounds: Bounds, scope: number, lane: number): number {
  const { filled, touched, lastUse, scopeEvents, oldestUse } = bounds
  for (let at = oldestUse[scope * lanes + lane] as number; ; at++) {
    const event = scopeEvents === null ? at : (scopeEvents[at] as number)
    const hit = touched[event * lanes + lane] as number
    const own = filled[event] as number
    const isHit = lastUse[hit * lanes + lane] === event
    if (!isHit && lastUse[own * lanes + lane] !== event) continue
    oldestUse[scope * lanes + lane] = at
    return isHit ? hit : own
  }
}

function drop({ birth, lanes }: CacheEntries, bounds: Bounds, slot: number, lane: number): void {
  const scope = scopeOf(bounds, slot) * lanes + lane
  birth[slot * lanes + lane] = -1
  bounds.lastUse[slot * lanes + lane] = -1
  bounds.sizes[scope] = (bounds.sizes[scope] as number) - 1
}

function newBounds(shape: LayerShape): Bounds {
  const { arrays, lanes, timeline, slots, slotOf, capacity, scope, ttlMs, hitsRefresh } = shape
  const own = timeline.events.map((event) => slotOf[event < 0 ? -1 - event : event] as number)
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
    sizes: new Uint32Array(scopes * lanes),
    filled: arrays.copy(
      Int32Array,
      own.map((slot) => Math.max(0, slot)),
    ),
    touched: arrays.of(Int32Array, own.length * lanes),
    lastUse: arrays.of(Int32Array, slots * lanes),
    scopeEvents: byScope?.members ?? null,
    scopeFrom: byScope?.from ?? Uint32Array.of(0, own.length),
    oldestUse: new Uint32Array(scopes * lanes),
    hitsRefresh,
    endingsMs,
    ending: arrays.copy(
      Int32Array,
      Int32Array.from(ttlMs, (ms) => endingsMs.indexOf(ms)),
    ),
    over: new Uint32Array(endingsMs.length * lanes),
  }
}
