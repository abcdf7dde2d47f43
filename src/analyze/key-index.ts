/** Numbers distinct 53-bit keys 0, 1, 2 … in the order they come: a hash table in typed arrays. */
export class KeyIndex {
  #keys: Float64Array
  #numbers: Int32Array
  #size = 0

  constructor(expected = 1024) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)))
    this.#keys = new Float64Array(slots)
    this.#numbers = new Int32Array(slots).fill(-1)
  }

  get size(): number {
    return this.#size
  }

  /** The number of a key, new keys included. */
  add(key: number): number {
    if (this.#size * 2 >= this.#keys.length) this.#grow()
    const slot = this.#slotOf(key)
    const known = this.#numbers[slot] as number
    if (known >= 0) return known
    this.#keys[slot] = key
    this.#numbers[slot] = this.#size
    return this.#size++
  }

  /** The number of a known key, or -1. */
  find(key: number): number {
    return this.#numbers[this.#slotOf(key)] as number
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    // Both halves of the key count: keys may differ in their high bits alone.
    const high = Math.imul(Math.floor(key / 4294967296), 0x85ebca6b)
    const mixed = Math.imul(((key % 4294967296) | 0) ^ high ^ (high >>> 13), 0x9e3779b1)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    while (this.#numbers[slot] !== -1 && this.#keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const keys = this.#keys
    const numbers = this.#numbers
    this.#keys = new Float64Array(keys.length * 2)
    this.#numbers = new Int32Array(keys.length * 2).fill(-1)
    for (let old = 0; old < keys.length; old++) {
      if (numbers[old] === -1) continue
      const slot = this.#slotOf(keys[old] as number)
      this.#keys[slot] = keys[old] as number
      this.#numbers[slot] = numbers[old] as number
    }
  }
}

/** Number arrays that grow as they are written to; unwritten places are `fill`. */
export class NumberList {
  values: Float64Array
  readonly #fill: number

  constructor(fill = 0, expected = 1024) {
    this.values = new Float64Array(expected).fill(fill)
    this.#fill = fill
  }

  get(index: number): number {
    return index < this.values.length ? (this.values[index] as number) : this.#fill
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.#grow(index)
    this.values[index] = value
  }

  add(index: number, value: number): void {
    this.set(index, this.get(index) + value)
  }

  #grow(index: number): void {
    const grown = new Float64Array(Math.max(index + 1, this.values.length * 2)).fill(this.#fill)
    grown.set(this.values)
    this.values = grown
  }
}

/** Keys handled at a time where a table of all would not fit: some 25 MB. */
const keysAtOnce = 500_000

/** Into how many parts (by key modulo) that many keys are split. */
export const partsOf = (keys: number): number => Math.max(1, Math.ceil(keys / keysAtOnce))
