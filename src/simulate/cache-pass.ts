import {
  type CacheEntries,
  clearEntries,
  isAlive,
  newEntries,
  putEntry,
  touchEntry,
} from './cache-entries.ts'
import type { CacheInputs } from './cache-run.ts'
import { withoutIdle } from './idle-slots.ts'
import { endOfEdges, newOpenEdges, type OpenEdges, openEdges } from './open-edges.ts'
import { served } from './served.ts'
import { Staggered } from './staggered.ts'
import { type Timeline, timelineOf } from './timeline.ts'

/** What a run reads and changes. */
export type Caches = Pick<
  CacheInputs,
  | 'at'
  | 'born'
  | 'exactSlot'
  | 'flightSlot'
  | 'semanticSlot'
  | 'ownThreshold'
  | 'insert'
  | 'refreshExact'
  | 'refreshSemantic'
> & {
  readonly timeline: Timeline
  readonly exact: CacheEntries
  readonly semantic: CacheEntries
  /** The last request of each exact slot that asked a model; -1: none. */
  readonly flightOwner: Int32Array
  readonly edges: OpenEdges
}

/** What a pass finds, by place. */
export type Findings = {
  /** A number of `served`. */
  readonly by: Uint8Array
  /** Of hits. */
  readonly owner: Int32Array
  /** Null where sums are enough. */
  readonly details: Details | null
}

type Details = {
  /** Of semantic hits: the pair of neighbours. */
  readonly pair: Int32Array
  /** Of exact and semantic hits: the event at which the entry was born. */
  readonly birth: Int32Array
  /** 1 + the guard that spoke against the most similar entry. */
  readonly guard: Uint8Array
}

/** Empty layers for some inputs. */
export function newCaches(all: CacheInputs): Caches {
  const arrays = new Staggered()
  const inputs = withoutIdle(all, arrays)
  const timeline = timelineOf(inputs, arrays)
  return {
    at: inputs.at,
    born: inputs.born,
    exactSlot: inputs.exactSlot,
    flightSlot: inputs.flightSlot,
    semanticSlot: inputs.semanticSlot,
    ownThreshold: inputs.ownThreshold,
    insert: inputs.insert,
    refreshExact: inputs.refreshExact,
    refreshSemantic: inputs.refreshSemantic,
    timeline,
    exact: newEntries({
      arrays,
      timeline,
      slots: inputs.exactSlots,
      slotOf: inputs.exactSlot,
      capacity: inputs.exactCapacity,
      scope: inputs.exactScope,
      ttlMs: inputs.exactTtlMs,
      hitsRefresh: inputs.refreshExact,
      hitsAreEntries: false,
    }),
    semantic: newEntries({
      arrays,
      timeline,
      slots: inputs.semanticSlots,
      slotOf: inputs.semanticSlot,
      capacity: inputs.semanticCapacity,
      scope: inputs.semanticScope,
      ttlMs: inputs.semanticTtlMs,
      hitsRefresh: inputs.refreshSemantic,
      hitsAreEntries: inputs.insert === 'always',
    }),
    flightOwner: arrays.of(Int32Array, inputs.exactSlots),
    edges: newOpenEdges(inputs.neighbours, arrays),
  }
}

/** Decides every request, from empty layers and a run in which all ask the model. */
export function decideAll(caches: Caches, run: Findings, threshold: number): void {
  const { exact, flightOwner, edges } = caches
  clearEntries(exact)
  clearEntries(caches.semantic)
  flightOwner.fill(-1)
  openEdges(edges, threshold)
  const { events } = caches.timeline
  const { exactSlot, flightSlot, semanticSlot } = caches
  for (let event = 0; event < events.length; event++) {
    const place = events[event] as number
    if (place < 0) {
      keep(caches, run.by, -1 - place, event)
      continue
    }
    const same = exactSlot[place] as number
    if (same !== -1 && isAlive(exact, same, event)) {
      serveSame(caches, run, place, event)
      continue
    }
    const flight = flightSlot[place] as number
    if (flight !== -1 && joins(caches, run, place, flight)) continue
    const slot = semanticSlot[place] as number
    if (slot !== -1 && findNearest(caches, run, place, slot, event)) continue
    if (flight !== -1) flightOwner[flight] = place
  }
}

/** What a request leaves behind: its answer, where a model gave it or the rule stores logged answers. */
function keep(caches: Caches, by: Uint8Array, place: number, event: number): void {
  const { exact, semantic } = caches
  const how = by[place] as number
  if (how === served.model) {
    const slot = caches.exactSlot[place] as number
    if (slot !== -1) putEntry(exact, slot, place, place, event)
  } else if (how !== served.semantic || caches.insert !== 'always-oracle') return
  const slot = caches.semanticSlot[place] as number
  if (slot !== -1) putEntry(semantic, slot, place, place, event)
}

function serveSame(caches: Caches, run: Findings, place: number, event: number): void {
  const { exact } = caches
  const slot = caches.exactSlot[place] as number
  run.by[place] = served.exact
  run.owner[place] = exact.owner[slot] as number
  if (run.details !== null) run.details.birth[place] = exact.birth[slot] as number
  touchEntry(exact, slot, event, caches.refreshExact)
}

/** Whether an identical request is in flight; if so, its answer is awaited. */
function joins(
  { at, born, flightOwner }: Caches,
  run: Findings,
  place: number,
  flight: number,
): boolean {
  const owner = flightOwner[flight] as number
  if (owner === -1 || !((born[owner] as number) > (at[place] as number))) return false
  run.by[place] = served.coalesced
  run.owner[place] = owner
  return true
}

function findNearest(
  caches: Caches,
  run: Findings,
  place: number,
  slot: number,
  event: number,
): boolean {
  const { semantic, edges, ownThreshold } = caches
  const own = ownThreshold === null ? Number.NaN : (ownThreshold[place] as number)
  const end = Number.isNaN(own) ? (edges.ends[slot] as number) : endOfEdges(edges, slot, own)
  const first = firstLiving(semantic, edges, slot, end, event)
  if (first === end) return false
  const target = edges.targets[first] as number
  const pair = target >= 0 ? first : nearestFrom(caches, run.details, { place, event, first, end })
  if (pair === -1) return false
  const entry = target >= 0 ? target : (edges.neighbours.others[pair] as number)
  const owner = semantic.owner[entry] as number
  run.by[place] = served.semantic
  run.owner[place] = owner
  if (run.details !== null) {
    run.details.pair[place] = pair
    run.details.birth[place] = semantic.birth[entry] as number
  }
  touchEntry(semantic, entry, event, caches.refreshSemantic)
  if (caches.insert === 'always') putEntry(semantic, slot, place, owner, event)
  return true
}

/** The first pair whose entry is alive, else the end: the loop that takes the time of a sweep. */
function firstLiving(
  semantic: CacheEntries,
  { starts, targets }: OpenEdges,
  slot: number,
  end: number,
  event: number,
): number {
  const { birth, firstAlive } = semantic
  let pair = starts[slot] as number
  if (pair === end) return end
  // Where times to live differ, every entry asks for its own.
  const oldest = firstAlive === null ? 0 : (firstAlive[event] as number)
  for (; pair < end; pair++) {
    const target = targets[pair] as number
    const entry = target < 0 ? -1 - target : target
    if ((birth[entry] as number) < oldest) continue
    if (firstAlive !== null || isAlive(semantic, entry, event)) return pair
  }
  return end
}

type Rest = {
  readonly place: number
  readonly event: number
  readonly first: number
  readonly end: number
}

/** The pair of the most similar living entry that no guard rejects, the earlier born of two alike; -1: none. */
function nearestFrom(
  { edges, semantic }: Caches,
  details: Details | null,
  { place, event, first, end }: Rest,
): number {
  const { others, similarities, guarded } = edges.neighbours
  let best = -1
  for (let pair = first; pair < end; pair++) {
    if (best !== -1 && similarities[pair] !== similarities[best]) break
    const entry = others[pair] as number
    if (!isAlive(semantic, entry, event)) continue
    if (guarded[pair] === 0) {
      if (best === -1 || isEarlier(semantic, entry, others[best] as number)) best = pair
    } else if (best === -1 && details !== null) details.guard[place] ||= guarded[pair] as number
  }
  return best
}

/** By birth, then by when it was asked for, which is the order of the places that filled it. */
function isEarlier({ birth, timesMs, filler }: CacheEntries, a: number, b: number): boolean {
  const difference =
    (timesMs[birth[a] as number] as number) - (timesMs[birth[b] as number] as number)
  return difference < 0 || (difference === 0 && (filler[a] as number) < (filler[b] as number))
}
