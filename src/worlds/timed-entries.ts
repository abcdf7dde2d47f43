import type { CacheEntry } from '../domain/world.ts'
import type { ExactCache } from '../policy/caching.ts'

/** An entry of one layer, with what decides how long it stays. */
export type TimedEntry = CacheEntry & {
  readonly key: number
  readonly space: string
  /** When, and by which request in order, it was asked for. */
  readonly askedMs: number
  readonly place: number
  readonly ttlMs: number
}

/** One layer's entries: one to a key and namespace, the least recently used going first where there is no more room. */
export class TimedEntries {
  readonly #settings: Pick<ExactCache, 'maxEntries' | 'capacityPer' | 'refreshOnHit'>
  readonly #spaces = new Map<string, Map<number, TimedEntry>>()
  /** The entries that share one capacity, the least recently used first. */
  readonly #recent = new Map<string, Set<TimedEntry>>()

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
    if (this.#settings.refreshOnHit) this.#replace(entry, { ...entry, bornMs: at })
    else if (this.#settings.maxEntries !== null) this.#renew(entry)
  }

  insert(space: string, entry: TimedEntry): void {
    let entries = this.#spaces.get(space)
    if (entries === undefined) {
      entries = new Map()
      this.#spaces.set(space, entries)
    }
    const former = entries.get(entry.key)
    entries.set(entry.key, entry)
    if (this.#settings.maxEntries === null) return
    const recent = this.#recentOf(entry)
    if (former !== undefined) recent.delete(former)
    recent.add(entry)
    this.#makeRoom(recent, entry.bornMs)
  }

  #replace(former: TimedEntry, entry: TimedEntry): void {
    this.#spaces.get(former.space)?.set(former.key, entry)
    if (this.#settings.maxEntries === null) return
    const recent = this.#recentOf(former)
    recent.delete(former)
    recent.add(entry)
  }

  #renew(entry: TimedEntry): void {
    const recent = this.#recentOf(entry)
    recent.delete(entry)
    recent.add(entry)
  }

  #recentOf({ space }: TimedEntry): Set<TimedEntry> {
    const scope = this.#settings.capacityPer === 'namespace' ? space : ''
    let recent = this.#recent.get(scope)
    if (recent === undefined) {
      recent = new Set()
      this.#recent.set(scope, recent)
    }
    return recent
  }

  /** Entries whose time is over leave before capacity is counted. */
  #makeRoom(recent: Set<TimedEntry>, at: number): void {
    const { maxEntries } = this.#settings
    if (maxEntries === null || recent.size <= maxEntries) return
    for (const entry of recent) if (!isAlive(entry, at)) this.#drop(recent, entry)
    for (const entry of recent) {
      if (recent.size <= maxEntries) return
      this.#drop(recent, entry)
    }
  }

  #drop(recent: Set<TimedEntry>, entry: TimedEntry): void {
    recent.delete(entry)
    this.#spaces.get(entry.space)?.delete(entry.key)
  }
}

const isAlive = ({ bornMs, ttlMs }: TimedEntry, at: number): boolean => {
  const age = at - bornMs
  return age >= 0 && age <= ttlMs
}
