/**
 * The character trigrams of each text as a set of numbers, the rarest in the collection first.
 * Trigrams are hashed to 20 bits: among the few hundred of a text a collision is rare and moves a
 * similarity by less than a hundredth.
 */
export class ShingleSets {
  readonly #sets: readonly Uint32Array[]
  readonly #sizes: Int32Array
  readonly #sketches: Int32Array

  constructor(texts: readonly string[]) {
    const hashed = hashAll(texts)
    const rank = rarestFirstRanks(hashed)
    this.#sets = hashed.map((set) => set.map((shingle) => rank[shingle] as number).sort())
    this.#sizes = Int32Array.from(this.#sets, (set) => set.length)
    this.#sketches = sketchesOf(this.#sets)
  }

  /** Ascending ranks: 0 is the rarest shingle of all texts. */
  rarestFirst(text: number): Uint32Array {
    return this.#sets[text] as Uint32Array
  }

  /** How many different shingles a text has. */
  size(text: number): number {
    return this.#sizes[text] as number
  }

  /**
   * False only where |a ∩ b| / |a ∪ b| < minSimilarity is certain from the sketches; a few
   * nanoseconds.
   */
  mayReach(a: number, b: number, minSimilarity: number): boolean {
    let left = allowedDifference(this.size(a), this.size(b), minSimilarity)
    for (let i = 0; i < sketchWords && left >= 0; i++) {
      const mine = this.#sketches[a * sketchWords + i] as number
      left -= bitCount(mine ^ (this.#sketches[b * sketchWords + i] as number))
    }
    return left >= 0
  }

  /** Whether |a ∩ b| / |a ∪ b| ≥ minSimilarity; gives up as soon as it cannot be. */
  reaches(a: number, b: number, minSimilarity: number): boolean {
    const left = this.rarestFirst(a)
    const right = this.rarestFirst(b)
    let allowed = allowedDifference(left.length, right.length, minSimilarity)
    let i = 0
    let j = 0
    while (i < left.length && j < right.length && allowed >= 0) {
      const mine = left[i] as number
      const theirs = right[j] as number
      if (mine <= theirs) i++
      if (theirs <= mine) j++
      if (mine !== theirs) allowed--
    }
    return allowed - (left.length - i) - (right.length - j) >= 0
  }
}

/**
 * How many of the rarest shingles of a set suffice to find every set with at least that Jaccard
 * similarity: two such sets share one of them in both their prefixes.
 */
export function prefixLength(size: number, minSimilarity: number): number {
  return size - Math.ceil(minSimilarity * size - rounding) + 1
}

/**
 * How many elements two sets of these sizes may differ in and still reach the similarity; negative
 * if none may.
 */
function allowedDifference(a: number, b: number, minSimilarity: number): number {
  const needed = Math.ceil((minSimilarity * (a + b)) / (1 + minSimilarity) - rounding)
  return Math.min(a, b) < needed ? -1 : a + b - 2 * needed
}

/** Keeps products such as 0.8 × 15 from rounding past the whole number they are. */
const rounding = 1e-9

const hashBits = 20

function hashAll(texts: readonly string[]): readonly Uint32Array[] {
  const seenBy = new Int32Array(1 << hashBits).fill(-1)
  const longest = texts.reduce((length, text) => Math.max(length, text.length), 0)
  const found = new Uint32Array(longest + 2)
  return texts.map((text, i) => {
    let count = 0
    let last = space
    let current = text.length > 0 ? text.charCodeAt(0) : space
    for (let at = 1; at <= text.length; at++) {
      const next = at < text.length ? text.charCodeAt(at) : space
      const shingle = hashTrigram(last, current, next)
      if (seenBy[shingle] !== i) {
        seenBy[shingle] = i
        found[count++] = shingle
      }
      last = current
      current = next
    }
    return found.slice(0, count)
  })
}

/** A text begins and ends with a space, so that its ends count as those of words. */
const space = 32

function hashTrigram(a: number, b: number, c: number): number {
  const mixed = Math.imul(Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca77) ^ c, 0xc2b2ae3d)
  return (mixed ^ (mixed >>> 15)) >>> (32 - hashBits)
}

/** For each hash its place in the order of rarity, ties by hash. */
function rarestFirstRanks(sets: readonly Uint32Array[]): Uint32Array {
  const texts = new Uint32Array(1 << hashBits)
  for (const set of sets) for (const shingle of set) texts[shingle] = (texts[shingle] as number) + 1
  const starts = new Uint32Array(sets.length + 2)
  for (const count of texts) starts[count + 1] = (starts[count + 1] as number) + 1
  for (let i = 1; i < starts.length; i++)
    starts[i] = (starts[i] as number) + (starts[i - 1] as number)
  return texts.map((count) => {
    const rank = starts[count] as number
    starts[count] = rank + 1
    return rank
  })
}

const sketchWords = 16

/**
 * 512 parity bits a set: bit h(x) flips for each element x. Two sets differ in at least as many
 * elements as their sketches do in bits (the bitmap filter of Sandes, Teodoro and Melo, 2017).
 */
function sketchesOf(sets: readonly Uint32Array[]): Int32Array {
  const sketches = new Int32Array(sets.length * sketchWords)
  for (const [text, set] of sets.entries()) {
    for (const shingle of set) {
      const bit = Math.imul(shingle, 0x9e3779b1) >>> 23
      const word = text * sketchWords + (bit >>> 5)
      sketches[word] = (sketches[word] as number) ^ (1 << (bit & 31))
    }
  }
  return sketches
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
