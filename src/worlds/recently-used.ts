/** How many entries that may not go are passed over for one that may. */
const mostPassed = 8

type Entry<K, V> = {
  readonly key: K
  value: V
  older: Entry<K, V> | null
  newer: Entry<K, V> | null
}

/**
 * A map that lets go of what was used longest ago once it holds more than so many entries. What `mayGo` says no to
 * stays, and counts as used. Entries are linked: a plain Map would step over all that were moved to find its first.
 */
export class RecentlyUsed<K, V> {
  readonly #most: number
  readonly #mayGo: (value: V) => boolean
  readonly #entries = new Map<K, Entry<K, V>>()
  #oldest: Entry<K, V> | null = null
  #newest: Entry<K, V> | null = null

  constructor(most: number, mayGo: (value: V) => boolean) {
    this.#most = most
    this.#mayGo = mayGo
  }

  /** A look-up counts as a use. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#use(entry)
    return entry.value
  }

  /** A look-up that changes nothing. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value
  }

  set(key: K, value: V): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      this.#use(known)
      return
    }
    const entry = { key, value, older: null, newer: null }
    this.#entries.set(key, entry)
    this.#append(entry)
    if (this.#entries.size > this.#most) this.#letGoBut(entry)
  }

  /** What was used longest ago comes first. */
  map<T>(of: (key: K, value: V) => T): readonly T[] {
    const all: T[] = []
    for (let entry = this.#oldest; entry !== null; entry = entry.newer)
      all.push(of(entry.key, entry.value))
    return all
  }

  #letGoBut(added: Entry<K, V>): void {
    for (let passed = 0; passed < mostPassed; passed++) {
      const entry = this.#oldest
      if (entry === null || entry === added) return
      if (this.#mayGo(entry.value)) {
        this.#entries.delete(entry.key)
        this.#unlink(entry)
        return
      }
      this.#use(entry)
    }
  }

  #use(entry: Entry<K, V>): void {
    if (entry === this.#newest) return
    this.#unlink(entry)
    this.#append(entry)
  }

  #append(entry: Entry<K, V>): void {
    entry.older = this.#newest
    entry.newer = null
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink({ older, newer }: Entry<K, V>): void {
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
  }
}
