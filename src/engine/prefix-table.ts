/**
 * Keys with the moment until which each is alive, in two typed arrays. What has expired gives its place back when the
 * table is full: its size follows the keys that are alive, not those ever seen.
 */
export class PrefixTable {
  #keys = new Float64Array(leastSlots)
  #until = new Float64Array(leastSlots)
  #used = 0

  /** Places taken, expired keys included that were not yet cleared away. */
  get size(): number {
    return this.#used
  }

  /** Tells whether a key is alive at a moment, and keeps it alive until another at least. */
  touch(key: number, at: number, until: number): boolean {
    const slot = this.#slotOf(key)
    if (this.#keys[slot] === 0) {
      this.#insert(slot, key, at, until)
      return false
    }
    const before = this.#until[slot] as number
    if (until > before) this.#until[slot] = until
    return before >= at
  }

  /** As `touch`, but a key that is not alive stays so. */
  refresh(key: number, at: number, until: number): boolean {
    const slot = this.#slotOf(key)
    const before = this.#until[slot] as number
    if (this.#keys[slot] === 0 || before < at) return false
    if (until > before) this.#until[slot] = until
    return true
  }

  /** The place of a key, or the free one where it would go. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    // Keys are hashes: their low bits are as good as any.
    let slot = key & mask
    while (this.#keys[slot] !== key && this.#keys[slot] !== 0) slot = (slot + 1) & mask
    return slot
  }

  #insert(slot: number, key: number, at: number, until: number): void {
    this.#keys[slot] = key
    this.#until[slot] = until
    this.#used++
    if (this.#used > this.#keys.length * fullAt) this.#clear(at)
  }

  /** Moves what is alive to a table of twice to four times its number. */
  #clear(at: number): void {
    const keys = this.#keys
    const until = this.#until
    const alive = until.reduce((sum, end, slot) => sum + Number(keys[slot] !== 0 && end >= at), 0)
    const slots = Math.max(leastSlots, 2 ** Math.ceil(Math.log2(alive * 2)))
    this.#keys = new Float64Array(slots)
    this.#until = new Float64Array(slots)
    this.#used = alive
    for (let old = 0; old < keys.length; old++) {
      const key = keys[old] as number
      if (key === 0 || (until[old] as number) < at) continue
      const slot = this.#slotOf(key)
      this.#keys[slot] = key
      this.#until[slot] = until[old] as number
    }
  }
}

const leastSlots = 1024
/** Beyond this share of used places look-ups of a linear table become long. */
const fullAt = 0.7
