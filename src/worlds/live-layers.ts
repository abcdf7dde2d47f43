import type { EntryKeeper, KeptEntry } from '../domain/cached-entry.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type { CacheEntry } from '../domain/world.ts'
import type { CachePolicy } from '../policy/caching.ts'
import { bytesOf, type LiveEntry } from './live-entry.ts'
import { LiveNeighbours } from './live-neighbours.ts'
import { type EntryBounds, type EntrySettings, TimedEntries } from './timed-entries.ts'

/** What a layer never passes, whatever the policy says: a gateway runs for months. Vectors come on top of the bytes. */
export type CacheBounds = { readonly maxEntries: number; readonly maxBytes: number }

const mebibyte = 1024 * 1024
/** Where the policy names no number of entries, and where it does. */
const usualBounds: CacheBounds = { maxEntries: 100_000, maxBytes: 32 * mebibyte }
const widestBounds: CacheBounds = { maxEntries: 1_000_000, maxBytes: 512 * mebibyte }

/** Entries that the index makes room for at once; address space that costs nothing until it is used. */
const widestCapacity = 200_000

/** Entries that are over and leave with each request. */
const sweptAtOnce = 4

export type LayerOptions = {
  readonly keeper: EntryKeeper | null
  readonly index: 'exact' | 'fast'
  /** Null: the usual ones. */
  readonly bounds: CacheBounds | null
  readonly staleMs: number
}

type Entries = TimedEntries<string, LiveEntry>

/** The entries of both layers of a live cache: in memory, in the index of vectors, and with their keeper. */
export class LiveLayers {
  readonly neighbours: LiveNeighbours
  readonly #options: LayerOptions
  #entries: Readonly<Record<CacheLayer, Entries>>
  #at = Number.NEGATIVE_INFINITY
  #corrupt = 0
  #room: CacheBounds = { maxEntries: 0, maxBytes: 0 }
  /** While entries move that the keeper has already. */
  #isMoving = false

  constructor({ exact, semantic }: CachePolicy, options: LayerOptions) {
    this.#options = options
    this.#entries = { exact: this.#open(exact), semantic: this.#open(semantic) }
    const most = semantic.maxEntries ?? usualBounds.maxEntries
    this.neighbours = new LiveNeighbours({
      mode: options.index,
      capacity: Math.min(most, widestCapacity),
      guards: semantic.guards,
    })
  }

  /** The moment of the last request. */
  get at(): number {
    return this.#at
  }

  /** Entries that could not be read, at the start or when they were to be served. */
  get corrupt(): number {
    return this.#corrupt
  }

  /** What the larger of both layers can hold. */
  get room(): CacheBounds {
    return this.#room
  }

  of(layer: CacheLayer): Entries {
    return this.#entries[layer]
  }

  /** Goes on under other settings, with all there is. */
  configure({ exact, semantic }: Pick<CachePolicy, 'exact' | 'semantic'>): void {
    const former = this.#entries
    this.#isMoving = true
    this.#room = { maxEntries: 0, maxBytes: 0 }
    this.#entries = { exact: this.#open(exact), semantic: this.#open(semantic) }
    this.of('exact').adopt(former.exact)
    this.of('semantic').adopt(former.semantic)
    this.#isMoving = false
    this.neighbours.setGuards(semantic.guards)
  }

  /** All that the keeper had is there; so many entries of it could not be read. */
  restored(at: number, corrupt: number): void {
    this.#corrupt += corrupt
    for (const layer of layers)
      this.of(layer).orderByUse(({ bornMs, uses }) => Math.max(bornMs, uses.usedMs ?? bornMs))
    this.advance(at)
  }

  /** Goes on to a moment, unless a later one has been seen: what was born by then is there. The moment to look up at. */
  advance(at: number): number {
    if (at > this.#at) this.#at = at
    for (const layer of layers) {
      this.of(layer).arrive(this.#at)
      this.of(layer).sweep(this.#at - this.#options.staleMs, sweptAtOnce)
    }
    return this.#at
  }

  /** Takes in an entry that the keeper has, if it was born by that moment; in the order of birth. */
  restore(entry: LiveEntry, at: number): void {
    this.#isMoving = true
    this.of(entry.layer).schedule(entry)
    this.of(entry.layer).arrive(Math.min(entry.bornMs, at))
    this.#isMoving = false
  }

  /** Counts an entry as used and gives its answer; null where that cannot be read, and the entry is gone. */
  serve(entry: LiveEntry, at: number): CacheEntry | null {
    const answer = this.#read(entry)
    if (answer === null) return null
    entry.uses.hits++
    entry.uses.usedMs = at
    this.of(entry.layer).touch(entry, at)
    return { id: entry.id, bornMs: entry.bornMs, answer }
  }

  /** The same for when nothing better is to be had: its time may be over. */
  lastGood(space: string, key: string): CacheEntry | null {
    const entry = this.of('exact').held(space, key)
    const answer = entry && this.#read(entry)
    return entry && answer && { id: entry.id, bornMs: entry.bornMs, answer }
  }

  /** Tells the keeper how often each entry has served, and when. */
  noteUses(): void {
    const { keeper } = this.#options
    for (const { isKept, serial, uses } of this.all())
      if (isKept && uses.hits > 0) keeper?.noteUses(serial, { ...uses })
  }

  /** The ones used last in front, layer by layer. */
  *all(): Generator<LiveEntry> {
    for (const layer of layers) yield* this.of(layer).newestFirst()
  }

  /** Drops entries, those too that are not there yet. */
  forget(isGone: (entry: LiveEntry) => boolean): void {
    for (const layer of layers) this.of(layer).forget(isGone)
  }

  #open(settings: EntrySettings): Entries {
    const usual = settings.maxEntries === null ? usualBounds : widestBounds
    const bounds = this.#options.bounds ?? usual
    const { maxEntries, capacityPer } = settings
    const most = capacityPer === 'all' && maxEntries !== null ? maxEntries : bounds.maxEntries
    this.#room = {
      maxEntries: Math.max(this.#room.maxEntries, Math.min(most, bounds.maxEntries)),
      maxBytes: Math.max(this.#room.maxBytes, bounds.maxBytes),
    }
    const watched: EntryBounds<LiveEntry> = {
      ...bounds,
      bytesOf,
      onPut: (entry, former) => this.#put(entry, former),
      onDrop: (entry) => this.#drop(entry),
    }
    return new TimedEntries(settings, watched)
  }

  #read(entry: LiveEntry): Answer | null {
    try {
      return entry.held.read()
    } catch {
      this.#corrupt++
      this.of(entry.layer).drop(entry)
      return null
    }
  }

  #put(entry: LiveEntry, former: LiveEntry | null): void {
    if (former?.serial === entry.serial) {
      if (entry.isKept) this.#options.keeper?.renew(entry.serial, entry.bornMs)
    } else {
      if (former !== null) this.#drop(former)
      // Its vector is with the entry until it stands in the index.
      if (entry.isKept && !this.#isMoving) this.#keep(entry)
    }
    if (entry.layer === 'semantic') this.neighbours.put(entry)
  }

  #drop(entry: LiveEntry): void {
    if (entry.layer === 'semantic') this.neighbours.remove(entry)
    if (entry.isKept) this.#options.keeper?.remove(entry.serial)
  }

  #keep(entry: LiveEntry): void {
    const { keeper } = this.#options
    const kept = keeper && keptEntry(entry)
    if (kept !== null) keeper?.add(kept)
  }
}

const layers = ['exact', 'semantic'] as const satisfies readonly CacheLayer[]

/** Null where the answer cannot be written, or there is no vector to compare by. */
function keptEntry(entry: LiveEntry): KeptEntry | null {
  const { serial, layer, id, key, bornMs, ttlMs, facts, uses, held, space } = entry
  const answer = held.written()
  const compared = keptText(entry)
  if (answer === null || (layer === 'semantic' && compared === null)) return null
  const { hits, usedMs } = uses
  return {
    serial,
    layer,
    id,
    namespace: space,
    key,
    bornMs,
    ttlMs,
    facts,
    hits,
    usedMs,
    answer,
    compared,
  }
}

function keptText({ compared }: LiveEntry): KeptEntry['compared'] {
  if (compared === null || compared.vector === null) return null
  return { group: compared.group, text: compared.text.text, vector: compared.vector }
}
