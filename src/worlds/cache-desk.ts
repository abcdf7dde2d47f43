import type { EntryFacts } from '../domain/cached-entry.ts'
import type { CacheLayer, RequestId } from '../domain/receipt.ts'
import { type CacheScope, compileScope, isNamed, type Scoped } from './cache-scope.ts'
import { bytesOf, type LiveEntry } from './live-entry.ts'
import type { CacheBounds, LiveLayers } from './live-layers.ts'
import { isAlive } from './timed-entries.ts'

/** An entry as it is shown to whoever looks after the cache: without what was asked and answered. */
export type ListedEntry = {
  readonly layer: CacheLayer
  /** The request whose answer it is. */
  readonly id: RequestId
  readonly key: string
  readonly namespace: string
  readonly facts: EntryFacts
  /** Milliseconds since 1970 UTC. */
  readonly bornMs: number
  readonly ageMs: number
  /** Null: it does not expire. */
  readonly expiresAtMs: number | null
  readonly hits: number
  /** About what it takes in memory. */
  readonly bytes: number
}

/** How many entries of each layer a scope means, gone now or not. */
export type Erased = { readonly exact: number; readonly semantic: number; readonly bytes: number }

type Erasure = { readonly place: number; readonly matches: (entry: Scoped) => boolean }

/** Erasures that answers under way are held against: the last ones. */
const keptErasures = 100

/** Shows and erases entries of a live cache. */
export class CacheDesk {
  readonly #layers: LiveLayers
  readonly #now: () => number
  readonly #erasures: Erasure[] = []

  constructor(layers: LiveLayers, now: () => number) {
    this.#layers = layers
    this.#now = now
  }

  /** What the larger of both layers can hold. */
  get room(): CacheBounds {
    return this.#layers.room
  }

  /** So many living entries at most, of one namespace or of all, those used last in front, layer by layer. */
  list({
    namespace,
    limit,
  }: {
    readonly namespace?: string
    readonly limit: number
  }): ListedEntry[] {
    const isWanted = (entry: LiveEntry) =>
      namespace === undefined || isNamed(entry.space, namespace)
    return this.#collect(isWanted, limit)
  }

  /** The living entries that hold the answer of a request, or have a key. */
  find(name: string): ListedEntry[] {
    const isWanted = ({ id, key }: LiveEntry) => key === name || String(id) === name
    return this.#collect(isWanted, Number.POSITIVE_INFINITY)
  }

  /**
   * Erases the entries of a scope, from now on and on disk, and lets no answer to a request asked before `place` come
   * into it; with `dryRun` it only counts. Throws a `UserError` for a pattern that means nothing.
   */
  erase(scope: CacheScope, place: number, { dryRun }: { readonly dryRun: boolean }): Erased {
    const matches = compileScope(scope)
    const erased = { exact: 0, semantic: 0, bytes: 0 }
    this.#layers.advance(this.#now())
    for (const entry of this.#layers.all()) {
      if (!matches(scopedOf(entry))) continue
      erased[entry.layer]++
      erased.bytes += bytesOf(entry)
    }
    if (dryRun) return erased
    this.#layers.forget((entry) => matches(scopedOf(entry)))
    this.#erasures.push({ place, matches })
    if (this.#erasures.length > keptErasures) this.#erasures.shift()
    return erased
  }

  /** Whether a scope that holds this was erased after the request at a place was asked. */
  isErased(place: number, scoped: Scoped): boolean {
    return this.#erasures.some((erasure) => place < erasure.place && erasure.matches(scoped))
  }

  #collect(isWanted: (entry: LiveEntry) => boolean, limit: number): ListedEntry[] {
    const at = this.#layers.advance(this.#now())
    const listed: ListedEntry[] = []
    for (const entry of this.#layers.all()) {
      if (listed.length >= limit) break
      if (isWanted(entry) && isAlive(entry, at)) listed.push(listedOf(entry, at))
    }
    return listed
  }
}

const scopedOf = ({ id, space, facts }: LiveEntry): Scoped => ({ id, namespace: space, facts })

const listedOf = (entry: LiveEntry, at: number): ListedEntry => ({
  layer: entry.layer,
  id: entry.id,
  key: entry.key,
  namespace: entry.space,
  facts: entry.facts,
  bornMs: entry.bornMs,
  ageMs: at - entry.bornMs,
  expiresAtMs: Number.isFinite(entry.ttlMs) ? entry.bornMs + entry.ttlMs : null,
  hits: entry.uses.hits,
  bytes: bytesOf(entry),
})
