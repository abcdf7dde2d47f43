import type { CacheEntry } from '../domain/world.ts'
import type { ExactCache } from '../policy/caching.ts'

/** An entry of one layer, with what decides how long it stays. */
export type TimedEntry = CacheEntry & {
  readonly key: number
  readonly space: string
  /** Of the request that asked for it, in the order of requests. */
  readonly place: number
  readonly ttlMs: number
}

/**
 * One layer's entries: one to a key and namespace, the least recently used going first where there is no more room.
 * Moments must never go back.
 */
export class TimedEntries {
  readonly #settings: Pick<ExactCache, 'maxEntries' | 'capacityPer' | 'refreshOnHit'>
  readonly #spaces = new Map<string, Map<number, TimedEntry>>()
  /** What is on its way, the first to arrive first. */
  readonly #coming: TimedEntry[] = []
  /** The entries that share one capacity, by their last use. Empty where there is always room. */
  readonly #uses = new Map<string, EntryQueue>()
  /** The same by their birth, apart for each time to live: the first to be born is the first to die. */
  readonly #births = new Map<number, EntryQueue>()

  constructor(settings: Pick<ExactCache, 'maxEntries' | 'capacityPer' | 'refreshOnHit'>) {
    this.#settings = settings
  }

  /** The living entry of a key; looking does not count as using. */
  find(space: string, key: number, at: number): TimedEntry | null {
    const entry = this.#spaces.get(space)?.get(key)
    return entry !== undefined && isAlive(entry, at) ? entry : null
  }

  /** The same, and it is used. */
  use(space: string, key: number, at: number): TimedEntry | null {
    const entry = this.find(space, key, at)
    if (entry !== null) this.touch(entry, at)
    return entry
  }

  /** Makes an entry the most recently used one; where the policy says so its time begins anew. */
  touch(entry: TimedEntry, at: number): void {
    if (this.#settings.refreshOnHit) this.#put({ ...entry, bornMs: at })
    else if (this.#settings.maxEntries !== null) this.#usesOf(entry).renew(entry)
  }

  /** Keeps an entry from its birth on. */
  schedule(entry: TimedEntry): void {
    const coming = this.#coming
    // Answers arrive about as they were asked for: its place is near the end.
    let index = coming.length
    while (index > 0 && isEarlier(entry, coming[index - 1] as TimedEntry)) index--
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

  #put(entry: TimedEntry): void {
    let entries = this.#spaces.get(entry.space)
    if (entries === undefined) {
      entries = new Map()
      this.#spaces.set(entry.space, entries)
    }
    const former = entries.get(entry.key)
    entries.set(entry.key, entry)
    if (this.#settings.maxEntries === null) return
    if (former !== undefined) this.#unqueue(former)
    this.#usesOf(entry).add(entry)
    queueIn(this.#births, entry.ttlMs).add(entry)
  }

  /** Entries whose time is over leave before capacity is counted. */
  #makeRoom(entry: TimedEntry): void {
    const { maxEntries } = this.#settings
    if (maxEntries === null) return
    for (const births of this.#births.values()) {
      let { oldest } = births
      while (oldest !== null && !isAlive(oldest, entry.bornMs)) {
        this.#drop(oldest)
        oldest = births.oldest
      }
    }
    const uses = this.#usesOf(entry)
    while (uses.count > maxEntries && uses.oldest !== null) this.#drop(uses.oldest)
  }

  #drop(entry: TimedEntry): void {
    this.#unqueue(entry)
    this.#spaces.get(entry.space)?.delete(entry.key)
  }

  #unqueue(entry: TimedEntry): void {
    this.#usesOf(entry).remove(entry)
    this.#births.get(entry.ttlMs)?.remove(entry)
  }

  #usesOf({ space }: TimedEntry): EntryQueue {
    return queueIn(this.#uses, this.#settings.capacityPer === 'namespace' ? space : '')
  }
}

function queueIn<Key>(queues: Map<Key, EntryQueue>, key: Key): EntryQueue {
  let queue = queues.get(key)
  if (queue === undefined) {
    queue = new EntryQueue()
    queues.set(key, queue)
  }
  return queue
}

/** By birth, then by the order of requests. */
export const isEarlier = (a: TimedEntry, b: TimedEntry): boolean =>
  a.bornMs < b.bornMs || (a.bornMs === b.bornMs && a.place < b.place)

const isAlive = ({ bornMs, ttlMs }: TimedEntry, at: number): boolean => {
  const age = at - bornMs
  return age >= 0 && age <= ttlMs
}

type Link = { readonly entry: TimedEntry; older: Link | null; newer: Link | null }

/** Entries, the one that was added first in front. A set would walk over all that it has lost to find that one. */
class EntryQueue {
  readonly #links = new Map<TimedEntry, Link>()
  #oldest: Link | null = null
  #newest: Link | null = null

  get count(): number {
    return this.#links.size
  }

  get oldest(): TimedEntry | null {
    return this.#oldest?.entry ?? null
  }

  add(entry: TimedEntry): void {
    const link: Link = { entry, older: null, newer: null }
    this.#links.set(entry, link)
    this.#append(link)
  }

  /** As if it were added only now. */
  renew(entry: TimedEntry): void {
    const link = this.#links.get(entry)
    if (link === undefined) return
    this.#unlink(link)
    this.#append(link)
  }

  remove(entry: TimedEntry): void {
    const link = this.#links.get(entry)
    if (link === undefined) return
    this.#links.delete(entry)
    this.#unlink(link)
  }

  #append(link: Link): void {
    link.older = this.#newest
    link.newer = null
    if (this.#newest === null) this.#oldest = link
    else this.#newest.newer = link
    this.#newest = link
  }

  #unlink({ older, newer }: Link): void {
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
  }
}
