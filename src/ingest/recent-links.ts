/** How many links are remembered at most, a power of two: eight megabytes. */
const rememberedLinks = 1_048_576

/**
 * Links sent along lately, so that a shared prefix is sent once. Each has one place, by its 53-bit number; one that was
 * pushed out of its place is sent again, and the store keeps it once all the same. That two links have one number, so
 * that the second is taken for the first, happens once in 10^16 look-ups.
 */
export class RecentLinks {
  #keys: Float64Array | null = null

  /** True when the link was seen lately; remembers it otherwise. */
  has(key: number): boolean {
    this.#keys ??= new Float64Array(rememberedLinks)
    const place = key % rememberedLinks
    if (this.#keys[place] === key) return true
    this.#keys[place] = key
    return false
  }
}
