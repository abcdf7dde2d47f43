import type { LoadedEntries } from '../domain/cached-entry.ts'
import type { Vector } from '../domain/embedder.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type {
  Answered,
  Asked,
  CacheEntry,
  CacheTerms,
  InFlight,
  MaybePromise,
  NearestEntry,
  ResponseCache,
} from '../domain/world.ts'
import { after } from '../engine/after.ts'
import type { CachePolicy } from '../policy/caching.ts'
import { endOf, SplitWeakMap } from '../vectors/split-map.ts'
import { VectorError } from '../vectors/vector-error.ts'
import { CacheDesk, type Erased } from './cache-desk.ts'
import type { CacheScope } from './cache-scope.ts'
import { ComparedText } from './compared-text.ts'
import { HeldAnswers } from './held-answer.ts'
import { type LiveCacheCounts, type LiveCacheOptions, requireLive } from './live-cache-options.ts'
import { bytesOf, factsOf, type LiveEntry } from './live-entry.ts'
import { LiveFlights } from './live-flights.ts'
import { compileLiveKeys, type LiveKeys, type LiveKeysOf } from './live-keys.ts'
import { LiveLayers } from './live-layers.ts'
import type { NearQuery } from './live-neighbours.ts'
import { LookUpAudit, type MissedHits } from './look-up-audit.ts'
import { openRestorer } from './restore-entry.ts'
import { TextVectors } from './text-vectors.ts'

/** A longer answer takes the place of too many others. */
const largestEntry = 4 * 1024 * 1024

/** What is known of a request while it is under way. */
type Seen = {
  readonly keys: LiveKeys
  /** In the order of requests. */
  readonly place: number
  readonly text: ComparedText | null
  /** Null until it is made, and where there is none. */
  vector: Vector | null
}

/**
 * The response cache of live traffic: it serves what a `HistoryCache` would that had met the same requests, times and
 * answers. Its moments are those at which requests were asked. What an embedder or a keeper does wrong is never the
 * caller's trouble.
 */
export class LiveCache implements ResponseCache {
  /** Where entries are looked at. */
  readonly desk: CacheDesk
  readonly #options: LiveCacheOptions
  readonly #layers: LiveLayers
  readonly #vectors: TextVectors | null
  readonly #flights = new LiveFlights()
  readonly #audit = new LookUpAudit()
  readonly #seen = new SplitWeakMap<Asked, Seen>(({ id }) => endOf(id))
  readonly #held: HeldAnswers
  #policy: CachePolicy
  #keysOf: LiveKeysOf
  #places = 0
  #serials = 0
  #tooLarge = 0

  /** Throws a `UserError` for an insert rule that no live cache can follow. */
  constructor(options: LiveCacheOptions) {
    const { policy, embedder, hash, keeper, now } = options
    const { index = 'fast', bounds = null, staleMs = 0 } = options
    requireLive(policy)
    this.#options = options
    this.#policy = policy
    this.#keysOf = compileLiveKeys(policy, hash)
    this.#vectors = embedder && new TextVectors(embedder)
    this.#held = new HeldAnswers(options.codec)
    this.#layers = new LiveLayers(policy, { keeper, index, bounds, staleMs })
    this.desk = new CacheDesk(this.#layers, now)
  }

  /**
   * Goes on under another policy, with the entries and the embedder there are. Throws as the constructor does, and
   * changes nothing then.
   */
  configure(policy: CachePolicy): void {
    requireLive(policy)
    this.#policy = policy
    this.#keysOf = compileLiveKeys(policy, this.#options.hash)
    this.#layers.configure(policy)
  }

  findExact(asked: Asked, { namespace }: CacheTerms): CacheEntry | null {
    const at = this.#layers.advance(asked.at)
    const { exactKey } = this.#see(asked).keys
    if (exactKey === null) return null
    const entry = this.#layers.of('exact').find(namespace, exactKey, at)
    return entry === null ? null : this.#layers.serve(entry, at)
  }

  /** At once, unless the embedder lets wait. */
  findNearest(asked: Asked, terms: CacheTerms): MaybePromise<NearestEntry> {
    const seen = this.#see(asked)
    const { text } = seen
    if (text === null) return { kind: 'bypass', reason: 'no-text' }
    if (this.#isLong(seen)) return { kind: 'bypass', reason: 'long-conversation' }
    const vector = this.#vectors?.of(text.text) ?? null
    if (vector instanceof Promise && terms.coalesce && seen.keys.exactKey !== null)
      this.#flights.awaitLookUp(flightKey(terms.namespace, seen.keys.exactKey), vector)
    return after(vector, (made) =>
      made === null ? noVector : this.#nearest(asked, terms, seen, { text, vector: made }),
    )
  }

  #nearest(
    asked: Asked,
    { namespace, threshold }: CacheTerms,
    seen: Seen,
    compared: Pick<NearQuery, 'text' | 'vector'>,
  ): NearestEntry {
    const at = this.#layers.advance(asked.at)
    const query = { ...compared, group: seen.keys.group, namespace, threshold, at }
    try {
      for (;;) {
        const { found, guarded } = this.#layers.neighbours.nearest(query)
        const entry = found && this.#layers.serve(found.entry, at)
        // One whose answer cannot be read is gone, and the next one may serve.
        if (found !== null && entry === null) continue
        seen.vector = compared.vector
        this.#audit.note(query)
        return {
          kind: 'asked',
          found: found && entry && { entry, similarity: found.similarity },
          guarded,
        }
      }
    } catch (error) {
      if (!(error instanceof VectorError)) throw error
      this.#vectors?.fail()
      return noVector
    }
  }

  findInFlight(asked: Asked, { namespace }: CacheTerms): MaybePromise<InFlight | null> {
    const at = this.#layers.advance(asked.at)
    this.#flights.sweep(at)
    const { exactKey } = this.#see(asked).keys
    return exactKey === null ? null : this.#flights.find(flightKey(namespace, exactKey), at)
  }

  begin(asked: Asked, { namespace }: CacheTerms): void {
    const { exactKey } = this.#see(asked).keys
    if (exactKey !== null) this.#flights.begin(flightKey(namespace, exactKey), asked)
  }

  end(asked: Asked, _terms: CacheTerms, answered: Answered | null): void {
    this.#flights.end(asked, answered, this.#layers.at)
  }

  /** An answer that nobody knows is not kept, nor one of a scope that was erased while it was on its way. */
  remember(layer: CacheLayer, asked: Asked, terms: CacheTerms, entry: CacheEntry): void {
    const made = this.#make(layer, asked, terms, entry)
    if (made !== null) this.#take(made)
  }

  /** Null: it is not to be kept. */
  #make(layer: CacheLayer, asked: Asked, terms: CacheTerms, from: CacheEntry): LiveEntry | null {
    const { id, bornMs, answer } = from
    const seen = this.#see(asked)
    const key = this.#keyIn(layer, seen)
    if (key === null || answer === null) return null
    const facts = factsOf(asked.request)
    if (this.desk.isErased(seen.place, { id, namespace: terms.namespace, facts })) return null
    const { text, vector, keys } = seen
    return {
      serial: ++this.#serials,
      layer,
      id,
      bornMs,
      key,
      space: terms.namespace,
      place: seen.place,
      ttlMs: layer === 'exact' ? terms.exactTtlMs : terms.semanticTtlMs,
      facts,
      held: this.#held.hold(answer),
      compared: layer === 'exact' || text === null ? null : { text, group: keys.group, vector },
      isKept: this.#options.mayKeep?.(asked.request) ?? true,
      uses: { hits: 0, usedMs: null },
    }
  }

  #take(made: LiveEntry): void {
    if (bytesOf(made) <= largestEntry) this.#layers.of(made.layer).schedule(made)
    else this.#tooLarge++
    this.#layers.advance(this.#layers.at)
  }

  /** The text by which a request would be compared; null where it would not be. */
  textOf(asked: Asked): string | null {
    const seen = this.#see(asked)
    return seen.text === null || this.#isLong(seen) ? null : seen.text.text
  }

  /**
   * Keeps an answer of the past as if it had been given to this request, unless there is a later one or it would take
   * the room of newer ones; in the order of birth. `vector` is that of `textOf`. Whether a layer took it.
   */
  warm(asked: Asked, terms: CacheTerms, entry: CacheEntry, vector: Vector | null): boolean {
    const seen = this.#see(asked)
    seen.vector = vector
    this.#layers.advance(entry.bornMs)
    let isTaken = false
    for (const layer of ['exact', 'semantic'] as const) {
      const key = this.#keyIn(layer, seen)
      const held = key && this.#layers.of(layer).held(terms.namespace, key)
      if (!terms[layer] || (held && held.bornMs >= entry.bornMs)) continue
      const made = this.#make(layer, asked, terms, entry)
      if (made === null || this.#layers.of(layer).displacesNewer(made)) continue
      this.#take(made)
      isTaken = true
    }
    return isTaken
  }

  /** The last answer to an identical request, be its time over or not: for when nobody else answers. */
  lastGood(asked: Asked, { namespace }: CacheTerms): CacheEntry | null {
    const { exactKey } = this.#see(asked).keys
    return exactKey === null ? null : this.#layers.lastGood(namespace, exactKey)
  }

  /** Takes in what an earlier process left. Throws where it cannot be read. */
  restore(): LoadedEntries | null {
    const { keeper, codec, now, staleMs = 0 } = this.#options
    const at = now()
    const restored = openRestorer(codec)
    // Before all that are asked for from now on.
    let place = Number.MIN_SAFE_INTEGER
    const loaded = keeper?.load(at - staleMs, (kept) =>
      this.#layers.restore(restored(kept, place++), at),
    )
    this.#serials = Math.max(this.#serials, loaded?.lastSerial ?? 0)
    this.#layers.restored(at, loaded?.corrupt ?? 0)
    return loaded ?? null
  }

  /** Hands the keeper what it does not have yet. */
  close(): void {
    this.#layers.advance(this.#options.now())
    this.#layers.noteUses()
  }

  /** Erases what a scope means, here and at the keeper; answers on their way into it are not kept. */
  invalidate(scope: CacheScope, options: { readonly dryRun: boolean }): Erased {
    const erased = this.desk.erase(scope, this.#places, options)
    if (!options.dryRun) this.#flights.detach()
    return erased
  }

  /** Of the neighbours of the last look-ups, how many the index in use misses. Takes its time. */
  missedHits(): Promise<MissedHits> {
    return this.#audit.missedHits(this.#layers.neighbours, this.#options.now())
  }

  get counts(): LiveCacheCounts {
    const { corrupt, neighbours } = this.#layers
    return {
      exact: this.#layers.of('exact').size,
      semantic: this.#layers.of('semantic').size,
      inFlight: this.#flights.count,
      corrupt,
      tooLarge: this.#tooLarge,
      cutShort: neighbours.cutShort,
      lookUps: this.#vectors?.counts ?? null,
    }
  }

  #see(asked: Asked): Seen {
    const known = this.#seen.get(asked)
    if (known !== undefined) return known
    const keys = this.#keysOf(asked.request, this.#options.keysOf?.(asked))
    const isCompared = keys.semanticKey !== null && keys.text !== null
    const text = isCompared ? new ComparedText(keys.text ?? '') : null
    const seen: Seen = { keys, place: this.#places++, text, vector: null }
    this.#seen.set(asked, seen)
    return seen
  }

  /** The semantic layer keeps what it could be asked for. */
  #keyIn(layer: CacheLayer, { keys, vector }: Seen): string | null {
    return layer === 'exact' ? keys.exactKey : vector && keys.semanticKey
  }

  #isLong({ keys }: Seen): boolean {
    return keys.messages > this.#policy.semantic.maxMessages
  }
}

/** A key has no line break. */
const flightKey = (namespace: string, exactKey: string): string => `${exactKey}\n${namespace}`

const noVector = { kind: 'bypass', reason: 'no-vector' } as const
