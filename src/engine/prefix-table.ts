/**
 * Keys with the moment until which each is alive, in one typed array. What has expired gives its place back when the
 * table is full: its size follows the keys that are alive, not those ever seen.
 */
export class PrefixTable {
  /** A key and its end side by side, so that a look-up waits for memory once. A key of 0 is a free place. */
  #cells = new Float64Array(2 * leastPlaces)
  #used = 0

  /** Places taken, expired keys included that were not yet cleared away. */
  get size(): number {
    return this.#used
  }

  /** Tells whether a key is alive at a moment, and keeps it alive until another at least. */
  touch(key: number, at: number, until: number): boolean {
    const cell = this.#cellOf(key)
    if (this.#cells[cell] === 0) {
      this.#insert(cell, key, at, until)
      return false
    }
    return this.#extend(cell, at, until)
  }

  /** As `touch`, but a key that is not alive stays so. */
  refresh(key: number, at: number, until: number): boolean {
    const cell = this.#cellOf(key)
    const isAlive = this.#cells[cell] !== 0 && (this.#cells[cell + 1] as number) >= at
    return isAlive && this.#extend(cell, at, until)
  }

  #extend(cell: number, at: number, until: number): boolean {
    const before = this.#cells[cell + 1] as number
    if (until > before) this.#cells[cell + 1] = until
    return before >= at
  }

  /** Where a key is, or would go. */
  #cellOf(key: number): number {
    const cells = this.#cells
    const mask = cells.length - 1
    // Keys are hashes: their low bits are as good as any.
    let cell = (key << 1) & mask
    while (cells[cell] !== key && cells[cell] !== 0) cell = (cell + 2) & mask
    return cell
  }

  #insert(cell: number, key: number, at: number, until: number): void {
    this.#cells[cell] = key
    this.#cells[cell + 1] = until
    this.#used++
    if (this.#used * 2 > this.#cells.length * fullAt) this.#clear(at)
  }

  /** Moves what is alive to a table of two to four times as many places. */
  #clear(at: number): void {
    const old = this.#cells
    let alive = 0
    for (let cell = 0; cell < old.length; cell += 2) {
      if (old[cell] !== 0 && (old[cell + 1] as number) >= at) alive++
    }
    const places = Math.max(leastPlaces, 2 ** Math.ceil(Math.log2(alive * 2)))
    this.#cells = new Float64Array(2 * places)
    this.#used = alive
    for (let cell = 0; cell < old.length; cell += 2) {
      const key = old[cell] as number
      const until = old[cell + 1] as number
      if (key === 0 || until < at) continue
      const moved = this.#cellOf(key)
      this.#cells[moved] = key
      this.#cells[moved + 1] = until
    }
  }
}

const leastPlaces = 1024
/** Beyond this share of used places look-ups of a linear table become long. */
const fullAt = 0.7
