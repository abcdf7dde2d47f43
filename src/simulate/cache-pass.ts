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

/**
 * What runs read and change. Several runs, each at a threshold of its own, go through the history side by side in lanes:
 * what one of them just read is at hand for the others. What differs between them stands in arrays lane by lane, that
 * of `index` in a lane at index * lanes + lane.
 */
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
  readonly lanes: number
  readonly timeline: Timeline
  readonly exact: CacheEntries
  readonly semantic: CacheEntries
  /** The last request of each exact slot that asked a model; -1: none. */
  readonly flightOwner: Int32Array
  readonly edges: OpenEdges
}

/** What a pass finds, by place and lane. */
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
export function newCaches(all: CacheInputs, lanes: number): Caches {
  const arrays = new Staggered()
  const inputs = withoutIdle(all, arrays)
  const timeline = timelineOf(inputs, arrays)
  return {
    lanes,
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
      lanes,
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
      lanes,
      timeline,
      slots: inputs.semanticSlots,
      slotOf: inputs.semanticSlot,
      capacity: inputs.semanticCapacity,
      scope: inputs.semanticScope,
      ttlMs: inputs.semanticTtlMs,
      hitsRefresh: inputs.refreshSemantic,
      hitsAreEntries: inputs.insert === 'always',
    }),
    flightOwner: arrays.of(Int32Array, inputs.exactSlots * lanes),
    edges: newOpenEdges(inputs.neighbours, arrays, lanes),
  }
}

/** Decides every request, from empty layers and runs in which all ask the model, one to a threshold. */
export function decideAll(caches: Caches, run: Findings, thresholds: readonly number[]): void {
  clearEntries(caches.exact)
  clearEntries(caches.semantic)
  caches.flightOwner.fill(-1)
  openEdges(caches.edges, thresholds)
  const { events } = caches.timeline
  const lanes = thresholds.length
  for (let event = 0; event < events.length; event++) {
    const place = events[event] as number
    if (place < 0)
      for (let lane = 0; lane < lanes; lane++) keep(caches, run.by, -1 - place, event, lane)
    else for (let lane = 0; lane < lanes; lane++) decideOne(caches, run, place, event, lane)
  }
}

function decideOne(caches: Caches, run: Findings, place: number, event: number, lane: number) {
  const { exact, flightOwner, lanes } = caches
  const same = caches.exactSlot[place] as number
  if (same !== -1 && isAlive(exact, same * lanes + lane, event)) {
    serveSame(caches, run, place, event, lane)
    return
  }
  const flight = caches.flightSlot[place] as number
  if (flight !== -1 && joins(caches, run, place, flight, lane)) return
  const slot = caches.semanticSlot[place] as number
  if (slot !== -1 && findNearest(caches, run, place, slot, event, lane)) return
  if (flight !== -1) flightOwner[flight * lanes + lane] = place
}

/** What a request leaves behind: its answer, where a model gave it or the rule stores logged answers. */
function keep(caches: Caches, by: Uint8Array, place: number, event: number, lane: number): void {
  const { exact, semantic, lanes } = caches
  const how = by[place * lanes + lane] as number
  if (how === served.model) {
    const slot = caches.exactSlot[place] as number
    if (slot !== -1) putEntry(exact, slot, place, place, event, lane)
  } else if (how !== served.semantic || caches.insert !== 'always-oracle') return
  const slot = caches.semanticSlot[place] as number
  if (slot !== -1) putEntry(semantic, slot, place, place, event, lane)
}

function serveSame(
  caches: Caches,
  run: Findings,
  place: number,
  event: number,
  lane: number,
): void {
  const { exact, lanes } = caches
  const slot = caches.exactSlot[place] as number
  const at = place * lanes + lane
  const entry = slot * lanes + lane
  run.by[at] = served.exact
  run.owner[at] = exact.owner[entry] as number
  if (run.details !== null) run.details.birth[at] = exact.birth[entry] as number
  touchEntry(exact, slot, event, caches.refreshExact, lane)
}

/** Whether an identical request is in flight; if so, its answer is awaited. */
function joins(
  { at, born, flightOwner, lanes }: Caches,
  run: Findings,
  place: number,
  flight: number,
  lane: number,
): boolean {
  const owner = flightOwner[flight * lanes + lane] as number
  if (owner === -1 || !((born[owner] as number) > (at[place] as number))) return false
  run.by[place * lanes + lane] = served.coalesced
  run.owner[place * lanes + lane] = owner
  return true
}

function findNearest(
  caches: Caches,
  run: Findings,
  place: number,
  slot: number,
  event: number,
  lane: number,
): boolean {
  const { semantic, edges, ownThreshold, lanes } = caches
  const own = ownThreshold === null ? Number.NaN : (ownThreshold[place] as number)
  const end = Number.isNaN(own)
    ? (edges.ends[slot * lanes + lane] as number)
    : endOfEdges(edges, slot, own)
  const first = firstLiving(semantic, edges, slot, end, event, lane)
  if (first === end) return false
  const target = edges.targets[first] as number
  const pair =
    target >= 0 ? first : nearestFrom(caches, run.details, { place, event, first, end, lane })
  if (pair === -1) return false
  const other = target >= 0 ? target : (edges.neighbours.others[pair] as number)
  const entry = other * lanes + lane
  const at = place * lanes + lane
  const owner = semantic.owner[entry] as number
  run.by[at] = served.semantic
  run.owner[at] = owner
  if (run.details !== null) {
    run.details.pair[at] = pair
    run.details.birth[at] = semantic.birth[entry] as number
  }
  touchEntry(semantic, other, event, caches.refreshSemantic, lane)
  if (caches.insert === 'always') putEntry(semantic, slot, place, owner, event, lane)
  return true
}

/** The first pair whose entry is alive, else the end: the loop that takes the time of a sweep. */
function firstLiving(
  semantic: CacheEntries,
  { starts, targets }: OpenEdges,
  slot: number,
  end: number,
  event: number,
  lane: number,
): number {
  const { birth, firstAlive, lanes } = semantic
  let pair = starts[slot] as number
  if (pair === end) return end
  // Where times to live differ, every entry asks for its own.
  const oldest = firstAlive === null ? 0 : (firstAlive[event] as number)
  for (; pair < end; pair++) {
    const target = targets[pair] as number
    const entry = (target < 0 ? -1 - target : target) * lanes + lane
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
  readonly lane: number
}

/**
 * The pair of the most similar living entry that no guard rejects, the earlier born of two alike; -1: none. The guard of
 * the most similar one that was rejected, picked alike, counts where that was more similar.
 */
function nearestFrom(
  { edges, semantic, lanes }: Caches,
  details: Details | null,
  { place, event, first, end, lane }: Rest,
): number {
  const { others, similarities, guarded } = edges.neighbours
  const entryOf = (pair: number) => (others[pair] as number) * lanes + lane
  const better = (pair: number, known: number) => {
    if (known === -1) return pair
    const isSame = similarities[pair] === similarities[known]
    return isSame && isEarlier(semantic, entryOf(pair), entryOf(known)) ? pair : known
  }
  let best = -1
  let rejected = -1
  for (let pair = first; pair < end; pair++) {
    if (best !== -1 && similarities[pair] !== similarities[best]) break
    if (!isAlive(semantic, entryOf(pair), event)) continue
    if (guarded[pair] === 0) best = better(pair, best)
    else rejected = better(pair, rejected)
  }
  if (details !== null && similarities[rejected] !== similarities[best])
    details.guard[place * lanes + lane] = guarded[rejected] ?? 0
  return best
}

/** By birth, then by when it was asked for, which is the order of the places that filled it. */
function isEarlier({ birth, timesMs, filler }: CacheEntries, a: number, b: number): boolean {
  const difference =
    (timesMs[birth[a] as number] as number) - (timesMs[birth[b] as number] as number)
  return difference < 0 || (difference === 0 && (filler[a] as number) < (filler[b] as number))
}
