/** How many entries that may not go are passed over for one that may. */
const mostPassed = 8

/**
 * A map that lets go of what was used longest ago once it holds more than so many entries. What `mayGo` says no to
 * stays, and counts as used.
 */
export class RecentlyUsed<K, V> {
  readonly #most: number
  readonly #mayGo: (value: V) => boolean
  readonly #entries = new Map<K, V>()

  constructor(most: number, mayGo: (value: V) => boolean) {
    this.#most = most
    this.#mayGo = mayGo
  }

  /** A look-up counts as a use. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && this.#most !== Number.POSITIVE_INFINITY) this.#touch(key, value)
    return value
  }

  /** A look-up that changes nothing. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value)
    if (this.#entries.size > this.#most) this.#letGo()
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]()
  }

  #touch(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
  }

  #letGo(): void {
    let passed = 0
    for (const [key, value] of this.#entries) {
      if (this.#mayGo(value)) {
        this.#entries.delete(key)
        return
      }
      if (++passed === mostPassed) return
      this.#touch(key, value)
    }
  }
}
