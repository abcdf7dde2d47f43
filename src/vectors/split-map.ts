/** From so many entries on a map is kept in parts, of which there are so many. */
const splitFrom = 512
const parts = 64

/**
 * A map that never takes long for one entry: a large Map copies itself as a whole now and then, for
 * milliseconds in which nothing else is done; each of its parts copies itself alone.
 */
export class SplitMap<Key, Value> {
  readonly #numberOf: (key: Key) => number
  #maps: readonly Map<Key, Value>[] = [new Map()]
  #size = 0

  /** `numberOf` gives whole numbers that are spread evenly, always the same for a key. */
  constructor(numberOf: (key: Key) => number) {
    this.#numberOf = numberOf
  }

  get size(): number {
    return this.#size
  }

  get(key: Key): Value | undefined {
    return this.#mapOf(key).get(key)
  }

  set(key: Key, value: Value): void {
    const map = this.#mapOf(key)
    const before = map.size
    map.set(key, value)
    this.#size += map.size - before
    if (this.#maps.length === 1 && this.#size > splitFrom) this.#split()
  }

  /** False where there is no entry. */
  delete(key: Key): boolean {
    const isGone = this.#mapOf(key).delete(key)
    if (isGone) this.#size--
    return isGone
  }

  #mapOf(key: Key): Map<Key, Value> {
    const part = this.#maps.length === 1 ? 0 : Math.abs(this.#numberOf(key)) % parts
    return this.#maps[part] as Map<Key, Value>
  }

  #split(): void {
    const [whole] = this.#maps as readonly [Map<Key, Value>]
    this.#maps = Array.from({ length: parts }, () => new Map<Key, Value>())
    for (const [key, value] of whole) this.#mapOf(key).set(key, value)
  }
}

/** The same for objects that nobody else holds. */
export class SplitWeakMap<Key extends object, Value> {
  readonly #maps = Array.from({ length: parts }, () => new WeakMap<Key, Value>())
  readonly #numberOf: (key: Key) => number

  constructor(numberOf: (key: Key) => number) {
    this.#numberOf = numberOf
  }

  get(key: Key): Value | undefined {
    return this.#mapOf(key).get(key)
  }

  set(key: Key, value: Value): void {
    this.#mapOf(key).set(key, value)
  }

  #mapOf(key: Key): WeakMap<Key, Value> {
    return this.#maps[Math.abs(this.#numberOf(key)) % parts] as WeakMap<Key, Value>
  }
}

/** Of a number or a text, by the end of it: the most varied part of hashes and of numbers that count up. */
export function endOf(key: string | number): number {
  if (typeof key === 'number') return Math.trunc(key)
  const { length } = key
  return length < 2 ? length : key.charCodeAt(length - 1) * 31 + key.charCodeAt(length - 2)
}
