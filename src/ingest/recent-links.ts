/** How many links are remembered at most, a power of two. */
const rememberedLinks = 32_768

/**
 * Links sent along lately, so that a shared prefix is sent once. One that was pushed out of its place is sent again;
 * the store keeps it once all the same.
 */
export class RecentLinks {
  #keys: Float64Array | null = null
  #hashes: string[] = []

  /** True when the link was seen lately; remembers it otherwise. */
  has(key: number, hash: string): boolean {
    this.#keys ??= new Float64Array(rememberedLinks)
    const place = key % rememberedLinks
    if (this.#keys[place] === key && this.#hashes[place] === hash) return true
    this.#keys[place] = key
    this.#hashes[place] = hash
    return false
  }
}
