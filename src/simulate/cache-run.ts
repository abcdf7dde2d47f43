import type { InsertRule } from '../policy/caching.ts'
import type { Neighbours } from '../worlds/neighbours.ts'
import { RecentSlots } from './recent-slots.ts'

/**
 * A history and a cache policy as arrays, so that a threshold takes milliseconds: what `decide` finds out for each
 * request anew is here done once. Slots are keys inside a namespace; -1 is a bypass.
 */
export type CacheInputs = {
  readonly count: number
  readonly at: Float64Array
  /** When the answer of each request is there if a model is asked. */
  readonly born: Float64Array
  /** Requests by (born, at, place): the order in which answers arrive. */
  readonly arrivals: Uint32Array
  readonly exactSlot: Int32Array
  readonly semanticSlot: Int32Array
  /** For coalescing: the exact slot, whether or not the exact layer is asked; -1 where a request shares no call. */
  readonly flightSlot: Int32Array
  readonly insertable: Uint8Array
  readonly exactSlots: number
  readonly semanticSlots: number
  /** Of each slot: the scope of its capacity. */
  readonly exactScope: Uint32Array | null
  readonly semanticScope: Uint32Array | null
  /** How long what a request leaves lives. */
  readonly exactTtlMs: Float64Array
  readonly semanticTtlMs: Float64Array
  /** Thresholds that a rule sets; NaN: the one of the run. Null where no rule sets any. */
  readonly ownThreshold: Float64Array | null
  readonly insert: InsertRule
  readonly exactCapacity: number
  readonly semanticCapacity: number
  readonly refreshExact: boolean
  readonly refreshSemantic: boolean
  /** Between semantic slots. */
  readonly neighbours: SlotNeighbours
}

export type SlotNeighbours = Pick<Neighbours, 'offsets' | 'others' | 'similarities' | 'guarded'>

export const served = { model: 0, exact: 1, semantic: 2, coalesced: 3 } as const

/** What one run found, by place. */
export type CacheRun = {
  readonly threshold: number
  /** A number of `served`. */
  readonly by: Uint8Array
  /** Whose answer was served; -1 where a model was asked. */
  readonly owner: Int32Array
  /** Of semantic hits; NaN else. */
  readonly similarity: Float64Array
  /** Birth of the entry, or the moment when the awaited answer was there. */
  readonly entryBorn: Float64Array
  /** 1 + the guard that spoke against the most similar entry; 0: none did. */
  readonly guard: Uint8Array
  readonly exactHits: number
  readonly semanticHits: number
  readonly coalesced: number
}

/** Runs the cache over the whole history at one threshold: the same as `decide` in a history world, request by request. */
export function runCache(inputs: CacheInputs, threshold: number): CacheRun {
  const run = new Run(inputs, threshold)
  for (let place = 0; place < inputs.count; place++) run.decide(place)
  return run.result()
}

class Run {
  readonly #inputs: CacheInputs
  readonly #threshold: number
  readonly #exact: RecentSlots
  readonly #semantic: RecentSlots
  readonly #flightEnd: Float64Array
  readonly #flightOwner: Int32Array
  readonly #by: Uint8Array
  readonly #owner: Int32Array
  readonly #similarity: Float64Array
  readonly #entryBorn: Float64Array
  readonly #guard: Uint8Array
  readonly #hits = [0, 0, 0, 0]
  #arrived = 0

  constructor(inputs: CacheInputs, threshold: number) {
    const { count } = inputs
    this.#inputs = inputs
    this.#threshold = threshold
    this.#exact = new RecentSlots(inputs.exactSlots, inputs.exactCapacity, inputs.exactScope)
    this.#semantic = new RecentSlots(
      inputs.semanticSlots,
      inputs.semanticCapacity,
      inputs.semanticScope,
    )
    this.#flightEnd = new Float64Array(inputs.exactSlots).fill(Number.NEGATIVE_INFINITY)
    this.#flightOwner = new Int32Array(inputs.exactSlots).fill(-1)
    this.#by = new Uint8Array(count)
    this.#owner = new Int32Array(count).fill(-1)
    this.#similarity = new Float64Array(count).fill(Number.NaN)
    this.#entryBorn = new Float64Array(count).fill(Number.NaN)
    this.#guard = new Uint8Array(count)
  }

  decide(place: number): void {
    const { at } = this.#inputs
    const now = at[place] as number
    this.#arrive(place, now)
    if (this.#findExact(place, now) || this.#join(place, now) || this.#findNearest(place, now))
      return
    const flight = this.#inputs.flightSlot[place] as number
    if (flight === -1) return
    this.#flightEnd[flight] = this.#inputs.born[place] as number
    this.#flightOwner[flight] = place
  }

  result(): CacheRun {
    const [, exactHits = 0, semanticHits = 0, coalesced = 0] = this.#hits
    return {
      threshold: this.#threshold,
      by: this.#by,
      owner: this.#owner,
      similarity: this.#similarity,
      entryBorn: this.#entryBorn,
      guard: this.#guard,
      exactHits,
      semanticHits,
      coalesced,
    }
  }

  /** Answers that were there by now are kept, of those requests that came before. */
  #arrive(place: number, now: number): void {
    const { arrivals, born } = this.#inputs
    while (this.#arrived < arrivals.length) {
      const other = arrivals[this.#arrived] as number
      if (other >= place || (born[other] as number) > now) return
      this.#arrived++
      this.#keep(other)
    }
  }

  /** What a request leaves behind: its answer, where a model gave it or the rule stores logged answers. */
  #keep(place: number): void {
    const { insertable, exactSlot, semanticSlot, exactTtlMs, semanticTtlMs, born, insert } =
      this.#inputs
    if (insertable[place] !== 1) return
    const bornMs = born[place] as number
    const exact = exactSlot[place] as number
    const semantic = semanticSlot[place] as number
    const isAsked = this.#by[place] === served.model
    if (isAsked && exact !== -1) this.#exact.put(exact, place, bornMs, exactTtlMs[place] as number)
    const isOracle = insert === 'always-oracle' && this.#by[place] === served.semantic
    if ((isAsked || isOracle) && semantic !== -1)
      this.#semantic.put(semantic, place, bornMs, semanticTtlMs[place] as number)
  }

  #findExact(place: number, now: number): boolean {
    const slot = this.#inputs.exactSlot[place] as number
    if (slot === -1 || !this.#exact.isAlive(slot, now)) return false
    this.#serve(
      place,
      served.exact,
      this.#exact.owner[slot] as number,
      this.#exact.born[slot] as number,
    )
    this.#exact.use(slot, now, this.#inputs.refreshExact)
    return true
  }

  #join(place: number, now: number): boolean {
    const slot = this.#inputs.flightSlot[place] as number
    if (slot === -1 || !((this.#flightEnd[slot] as number) > now)) return false
    this.#serve(
      place,
      served.coalesced,
      this.#flightOwner[slot] as number,
      this.#flightEnd[slot] as number,
    )
    return true
  }

  #findNearest(place: number, now: number): boolean {
    const { semanticSlot, semanticTtlMs, insert, refreshSemantic } = this.#inputs
    const slot = semanticSlot[place] as number
    if (slot === -1) return false
    const pair = this.#nearest(place, slot, now)
    if (pair === -1) return false
    const { others, similarities } = this.#inputs.neighbours
    const entry = others[pair] as number
    const owner = this.#semantic.owner[entry] as number
    this.#serve(place, served.semantic, owner, this.#semantic.born[entry] as number)
    this.#similarity[place] = similarities[pair] as number
    this.#semantic.use(entry, now, refreshSemantic)
    if (insert === 'always')
      this.#semantic.put(slot, owner, now, semanticTtlMs[place] as number, place)
    return true
  }

  /** The pair of the most similar living entry that no guard rejects, the earlier born of two alike; -1: none. */
  #nearest(place: number, slot: number, now: number): number {
    const { offsets, others, similarities, guarded } = this.#inputs.neighbours
    const end = offsets[slot + 1] as number
    let best = -1
    let least = this.#thresholdOf(place)
    for (let pair = offsets[slot] as number; pair < end; pair++) {
      if ((similarities[pair] as number) < least) break
      const entry = others[pair] as number
      if (!this.#semantic.isAlive(entry, now)) continue
      if (guarded[pair] !== 0) {
        if (best === -1) this.#guard[place] ||= guarded[pair] as number
      } else if (best === -1 || this.#isEarlier(entry, others[best] as number)) {
        best = pair
        least = similarities[best] as number
      }
    }
    return best
  }

  #thresholdOf(place: number): number {
    const { ownThreshold } = this.#inputs
    const own = ownThreshold === null ? Number.NaN : (ownThreshold[place] as number)
    return Number.isNaN(own) ? this.#threshold : own
  }

  /** By birth, then by when it was asked for, which is the order of the places that filled it. */
  #isEarlier(entry: number, other: number): boolean {
    const { born, filler } = this.#semantic
    const difference = (born[entry] as number) - (born[other] as number)
    return (
      difference < 0 || (difference === 0 && (filler[entry] as number) < (filler[other] as number))
    )
  }

  #serve(place: number, by: 1 | 2 | 3, owner: number, bornMs: number): void {
    this.#by[place] = by
    this.#owner[place] = owner
    this.#entryBorn[place] = bornMs
    this.#hits[by] = (this.#hits[by] as number) + 1
  }
}
