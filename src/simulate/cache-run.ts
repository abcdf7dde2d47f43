import type { InsertRule } from '../policy/caching.ts'
import type { Neighbours } from '../worlds/neighbours.ts'
import { type Caches, decideAll, newCaches } from './cache-pass.ts'
import { served } from './served.ts'

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
  /** How many of them are there when each request is decided. */
  readonly arrivedBefore: Uint32Array
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
  /** Between semantic slots, the most similar first; those that can never serve may be left out. */
  readonly neighbours: SlotNeighbours
}

export type SlotNeighbours = Pick<Neighbours, 'offsets' | 'others' | 'similarities' | 'guarded'>

export { served } from './served.ts'

/** How one run served each request, by place: enough for sums and verdicts. */
export type CacheOutcome = {
  readonly threshold: number
  /** A number of `served`. */
  readonly by: Uint8Array
  /** Whose answer was served; of no meaning where a model was asked. */
  readonly owner: Int32Array
  readonly exactHits: number
  readonly semanticHits: number
  readonly coalesced: number
  /** 1 where a budget keeps a request on the first rung of its ladder; absent: nowhere. */
  readonly downgraded?: Uint8Array
}

/** All that one run found, by place. */
export type CacheRun = CacheOutcome & {
  /** -1 where a model was asked. */
  readonly owner: Int32Array
  /** Of semantic hits; NaN else. */
  readonly similarity: Float64Array
  /** Birth of the entry, or the moment when the awaited answer was there. */
  readonly entryBorn: Float64Array
  /** 1 + the guard that spoke against the most similar entry; 0: none did. */
  readonly guard: Uint8Array
}

/** Runs the cache over the whole history at one threshold: the same as `decide` in a history world, request by request. */
export const runCache = (inputs: CacheInputs, threshold: number): CacheRun =>
  openCacheRunner(inputs).run(threshold)

/** Runs at one threshold after the other, quickest from high to low, in memory that is used again. */
export type CacheRunner = {
  run(threshold: number): CacheRun
  /** The same run, without similarities, births and guards. */
  outcome(threshold: number): CacheOutcome
}

/** Makes ready what runs over the same inputs share. */
export function openCacheRunner(inputs: CacheInputs): CacheRunner {
  const { count } = inputs
  const caches = newCaches(inputs, 1)
  const found = () => ({ by: new Uint8Array(count), owner: new Int32Array(count).fill(-1) })
  return {
    run(threshold) {
      const { by, owner } = found()
      const details = {
        pair: new Int32Array(count),
        birth: new Int32Array(count),
        guard: new Uint8Array(count),
      }
      decideAll(caches, { by, owner, details }, [threshold])
      const { guard, ...where } = details
      return { threshold, by, owner, guard, ...measuresOf(caches, { by, owner, ...where }) }
    },
    outcome(threshold) {
      const { by, owner } = found()
      decideAll(caches, { by, owner, details: null }, [threshold])
      return { threshold, by, owner, ...countsOf(hitsOf(by)) }
    },
  }
}

/** How many requests were served in each way, by number of `served`. */
function hitsOf(by: Uint8Array): Uint32Array {
  const hits = new Uint32Array(4)
  for (const how of by) hits[how] = (hits[how] as number) + 1
  return hits
}

/** How many requests were served in each way. */
export const countsOf = (hits: Uint32Array) => ({
  exactHits: hits[served.exact] as number,
  semanticHits: hits[served.semantic] as number,
  coalesced: hits[served.coalesced] as number,
})

type Found = Pick<CacheRun, 'by' | 'owner'> & {
  readonly pair: Int32Array
  readonly birth: Int32Array
}

/** Similarities, times and counts. */
function measuresOf(
  { born, edges, timeline }: Caches,
  { by, owner, pair, birth }: Found,
): Omit<CacheRun, 'threshold' | 'by' | 'owner' | 'guard'> {
  const similarity = new Float64Array(by.length).fill(Number.NaN)
  const entryBorn = new Float64Array(by.length).fill(Number.NaN)
  for (let place = 0; place < by.length; place++) {
    const how = by[place] as number
    if (how === served.model) continue
    entryBorn[place] =
      how === served.coalesced
        ? (born[owner[place] as number] as number)
        : (timeline.timesMs[birth[place] as number] as number)
    if (how === served.semantic)
      similarity[place] = edges.neighbours.similarities[pair[place] as number] as number
  }
  return { similarity, entryBorn, ...countsOf(hitsOf(by)) }
}
