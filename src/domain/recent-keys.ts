/** How many keys are remembered at most, a power of two: eight megabytes. */
const rememberedKeys = 2_097_152

/**
 * Keys of messages seen lately, so that a shared prefix is passed on once. Each has one place, by its 53-bit number;
 * one that was pushed out of its place is passed on again, and the store keeps it once all the same. That two messages
 * have one number, so that the second is taken for the first, happens once in 10^16 look-ups.
 */
export class RecentKeys {
  readonly #places: number
  /** What of a key its place does not tell, and one more, so that an empty place is like no key. */
  #rests: Uint32Array | null = null

  constructor(places = rememberedKeys) {
    this.#places = places
  }

  /** True when the key was seen lately; remembers it otherwise. */
  has(key: number): boolean {
    this.#rests ??= new Uint32Array(this.#places)
    const place = key % this.#places
    const rest = (key - place) / this.#places + 1
    if (this.#rests[place] === rest) return true
    this.#rests[place] = rest
    return false
  }
}
