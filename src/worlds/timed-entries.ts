import type { CacheEntry } from '../domain/world.ts'
import type { ExactCache } from '../policy/caching.ts'
import { endOf, SplitMap } from '../vectors/split-map.ts'
import { EntryQueue } from './entry-queue.ts'

/** An entry of one layer, with what decides how long it stays. */
export type TimedEntry<Key extends string | number = number> = Pick<CacheEntry, 'id' | 'bornMs'> & {
  readonly key: Key
  readonly space: string
  /** Of the request that asked for it, in the order of requests. */
  readonly place: number
  readonly ttlMs: number
}

export type EntrySettings = Pick<ExactCache, 'maxEntries' | 'capacityPer' | 'refreshOnHit'>

/** What holds beside the policy where entries are real: room that must never be passed, and whoever keeps count. */
export type EntryBounds<Entry> = {
  readonly maxEntries: number
  readonly maxBytes: number
  bytesOf(entry: Entry): number
  /** An entry is there, in the place of a former one of its key. */
  onPut(entry: Entry, former: Entry | null): void
  onDrop(entry: Entry): void
}

/**
 * One layer's entries: one to a key and namespace, the least recently used going first where there is no more room.
 * Moments must never go back.
 */
export class TimedEntries<
  Key extends string | number = number,
  Entry extends TimedEntry<Key> = TimedEntry<Key>,
> {
  readonly #settings: EntrySettings
  readonly #bounds: EntryBounds<Entry> | null
  readonly #spaces = new SplitMap<string, SplitMap<Key, Entry>>(endOf)
  /** What is on its way, the first to arrive first. */
  #coming: Entry[] = []
  /** All entries by their last use. Empty where there is always room. */
  readonly #uses = new EntryQueue<Entry>()
  /** The same by namespace, where each has room of its own. */
  readonly #spaceUses = new Map<string, EntryQueue<Entry>>()
  /** The same by their birth, apart for each time to live: the first to be born is the first to die. */
  readonly #births = new Map<number, EntryQueue<Entry>>()
  #bytes = 0

  constructor(settings: EntrySettings, bounds: EntryBounds<Entry> | null = null) {
    this.#settings = settings
    this.#bounds = bounds
  }

  /** Entries that are there, and their bytes: known where there are bounds. */
  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#uses.count, bytes: this.#bytes }
  }

  /** The living entry of a key; looking does not count as using. */
  find(space: string, key: Key, at: number): Entry | null {
    const entry = this.held(space, key)
    return entry !== null && isAlive(entry, at) ? entry : null
  }

  /** The entry of a key, be its time over or not. */
  held(space: string, key: Key): Entry | null {
    return this.#spaces.get(space)?.get(key) ?? null
  }

  /** The living entry of a key, and it is used. */
  use(space: string, key: Key, at: number): Entry | null {
    const entry = this.find(space, key, at)
    if (entry !== null) this.touch(entry, at)
    return entry
  }

  /** Makes an entry the most recently used one; where the policy says so its time begins anew. */
  touch(entry: Entry, at: number): void {
    if (this.#settings.refreshOnHit) this.#put({ ...entry, bornMs: at })
    else if (this.#isQueued) this.#renew(entry)
  }

  /** Whether an entry would take the room of one that is newer, and was not used any earlier. */
  displacesNewer(entry: Entry): boolean {
    const { maxEntries } = this.#settings
    const own = this.#usesIn(entry.space) ?? this.#uses
    if (maxEntries !== null && own.count >= maxEntries) return isNewer(own.oldest, entry)
    if (this.#bounds === null) return false
    const { maxEntries: most, maxBytes, bytesOf } = this.#bounds
    const isFull = this.#uses.count >= most || this.#bytes + bytesOf(entry) > maxBytes
    return isFull && isNewer(this.#uses.oldest, entry)
  }

  /** Takes entries as last used at these moments. */
  orderByUse(usedAt: (entry: Entry) => number): void {
    const oldestFirst = [...this.#uses.newestFirst()].reverse()
    for (const entry of oldestFirst.sort((a, b) => usedAt(a) - usedAt(b))) this.#renew(entry)
  }

  /** Keeps an entry from its birth on. */
  schedule(entry: Entry): void {
    const coming = this.#coming
    // Answers arrive about as they were asked for: its place is near the end.
    let index = coming.length
    while (index > 0 && isEarlier(entry, coming[index - 1] as Entry)) index--
    if (index === coming.length) coming.push(entry)
    else coming.splice(index, 0, entry)
  }

  /** Takes in what was born by then. */
  arrive(at: number): void {
    for (;;) {
      const first = this.#coming[0]
      if (first === undefined || first.bornMs > at) return
      this.#coming.shift()
      this.#put(first)
      this.#makeRoom(first)
    }
  }

  /** Drops entries that were over by then, a few at a time. */
  sweep(at: number, most: number): void {
    let left = most
    for (const births of this.#births.values()) {
      for (; left > 0; left--) {
        const { oldest } = births
        if (oldest === null || !isOver(oldest, at)) break
        this.drop(oldest)
      }
      if (left === 0) return
    }
  }

  drop(entry: Entry): void {
    this.#unqueue(entry)
    const entries = this.#spaces.get(entry.space)
    entries?.delete(entry.key)
    if (entries?.size === 0) this.#spaces.delete(entry.space)
    this.#bounds?.onDrop(entry)
  }

  /** Drops some at once, be they there or on their way. */
  forget(isGone: (entry: Entry) => boolean): void {
    this.#coming = this.#coming.filter((entry) => !isGone(entry))
    for (const entry of [...this.#uses.newestFirst()]) if (isGone(entry)) this.drop(entry)
  }

  /** Takes in all that another layer has, as if it had been here from the beginning. */
  adopt(former: TimedEntries<Key, Entry>): void {
    const byUse = [...former.#uses.newestFirst()].reverse()
    // Queues of births have the first to be born in front.
    for (const entry of byUse.toSorted((a, b) => (isEarlier(a, b) ? -1 : 1))) this.#put(entry)
    for (const entry of byUse) this.#renew(entry)
    for (const entry of byUse) this.#makeRoom(entry)
    this.#coming = [...former.#coming]
  }

  /** Entries that are there, the one used last in front: known where there is not always room. */
  newestFirst(): Iterable<Entry> {
    return this.#uses.newestFirst()
  }

  get #isQueued(): boolean {
    return this.#bounds !== null || this.#settings.maxEntries !== null
  }

  #put(entry: Entry): void {
    let entries = this.#spaces.get(entry.space)
    if (entries === undefined) {
      entries = new SplitMap<Key, Entry>(endOf)
      this.#spaces.set(entry.space, entries)
    }
    const former = entries.get(entry.key) ?? null
    entries.set(entry.key, entry)
    if (!this.#isQueued) return
    if (former !== null) this.#unqueue(former)
    this.#uses.add(entry)
    this.#usesIn(entry.space)?.add(entry)
    queueIn(this.#births, entry.ttlMs).add(entry)
    if (this.#bounds === null) return
    this.#bytes += this.#bounds.bytesOf(entry)
    this.#bounds.onPut(entry, former)
  }

  #renew(entry: Entry): void {
    this.#uses.renew(entry)
    this.#usesIn(entry.space)?.renew(entry)
  }

  /** Entries whose time is over leave before capacity is counted. */
  #makeRoom({ space, bornMs }: Entry): void {
    const { maxEntries } = this.#settings
    if (maxEntries !== null) {
      const uses = this.#usesIn(space) ?? this.#uses
      if (uses.count > maxEntries) this.sweep(bornMs, Number.POSITIVE_INFINITY)
      while (uses.count > maxEntries && uses.oldest !== null) this.drop(uses.oldest)
    }
    if (this.#bounds === null) return
    const { maxEntries: most, maxBytes } = this.#bounds
    while ((this.#uses.count > most || this.#bytes > maxBytes) && this.#uses.oldest !== null)
      this.drop(this.#uses.oldest)
  }

  #unqueue(entry: Entry): void {
    this.#uses.remove(entry)
    removeIn(this.#spaceUses, entry.space, entry)
    removeIn(this.#births, entry.ttlMs, entry)
    if (this.#bounds !== null) this.#bytes -= this.#bounds.bytesOf(entry)
  }

  /** Null where all share one capacity. */
  #usesIn(space: string): EntryQueue<Entry> | null {
    const { maxEntries, capacityPer } = this.#settings
    return maxEntries === null || capacityPer === 'all' ? null : queueIn(this.#spaceUses, space)
  }
}

function queueIn<Key, Entry extends Born>(
  queues: Map<Key, EntryQueue<Entry>>,
  key: Key,
): EntryQueue<Entry> {
  let queue = queues.get(key)
  if (queue === undefined) {
    queue = new EntryQueue()
    queues.set(key, queue)
  }
  return queue
}

/** An empty queue is one less to look through. */
function removeIn<Key, Entry extends Born>(
  queues: Map<Key, EntryQueue<Entry>>,
  key: Key,
  entry: Entry,
): void {
  const queue = queues.get(key)
  queue?.remove(entry)
  if (queue?.count === 0) queues.delete(key)
}

type Born = Pick<TimedEntry<string | number>, 'bornMs' | 'place'>

/** By birth, then by the order of requests. */
export const isEarlier = (a: Born, b: Born): boolean =>
  a.bornMs < b.bornMs || (a.bornMs === b.bornMs && a.place < b.place)

const isNewer = (entry: Born | null, than: Born): boolean =>
  entry !== null && entry.bornMs > than.bornMs

type Lived = Pick<TimedEntry<string | number>, 'bornMs' | 'ttlMs'>

export const isAlive = (entry: Lived, at: number): boolean =>
  entry.bornMs <= at && !isOver(entry, at)

const isOver = ({ bornMs, ttlMs }: Lived, at: number): boolean => at - bornMs > ttlMs
