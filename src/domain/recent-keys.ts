/** How many keys are remembered at most, a power of two: eight megabytes. */
const rememberedKeys = 1_048_576

/**
 * Keys of messages seen lately, so that a shared prefix is passed on once. Each has one place, by its 53-bit number;
 * one that was pushed out of its place is passed on again, and the store keeps it once all the same. That two messages
 * have one number, so that the second is taken for the first, happens once in 10^16 look-ups.
 */
export class RecentKeys {
  #keys: Float64Array | null = null

  /** True when the key was seen lately; remembers it otherwise. */
  has(key: number): boolean {
    this.#keys ??= new Float64Array(rememberedKeys)
    const place = key % rememberedKeys
    if (this.#keys[place] === key) return true
    this.#keys[place] = key
    return false
  }
}
