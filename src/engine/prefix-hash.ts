/**
 * A rolling hash over the blocks of a prompt: the key after each block covers that block and all before it, so equal
 * keys mean equal prefixes. Keys have 53 bits: among 10⁷ that two are equal by chance happens once in 180 times. They
 * are under no secret: for memory, not for a store.
 */
export class PrefixHash {
  #high = 0
  #low = 0

  /** Starts anew, apart from every prefix that was started with another text. */
  start(text: string): void {
    this.#high = 0
    this.#low = 0
    this.add(text)
  }

  add(block: number | string): void {
    if (typeof block === 'number') {
      double[0] = block
      this.addWords(words[0] as number, words[1] as number)
      return
    }
    this.addText(block, 0, block.length)
    // Texts must not meet the numbers whose bits they equal.
    this.addWords(block.length, textMark)
  }

  /** The characters of a text from one place to before another. */
  addText(text: string, from: number, to: number): void {
    let one = 0
    let other = to - from
    for (let at = from; at < to; at++) {
      const code = text.charCodeAt(at)
      one = Math.imul(one ^ code, 0x01000193)
      other = Math.imul(other + code, 0x9e3779b1) ^ (other >>> 15)
    }
    this.addWords(one, other)
  }

  /** Two 32-bit numbers; for a given state different pairs lead to different states. */
  addWords(one: number, other: number): void {
    const a = Math.imul(this.#high ^ one, 0x85ebca6b)
    const b = Math.imul(this.#low ^ other, 0xc2b2ae35)
    const high = Math.imul(a ^ (b >>> 15), 0x27d4eb2f)
    const low = Math.imul(b ^ (high >>> 13), 0x165667b1)
    this.#high = high ^ (low >>> 16)
    this.#low = low
  }

  /** The prefix so far as a whole number from 1 to 2^53 − 1. */
  key(): number {
    const low = (this.#low ^ (this.#low >>> 15)) >>> 0
    return (this.#high >>> 11) * 4294967296 + low || 1
  }
}

/** The bits of a double, so that whole numbers of any size and fractions are told apart. */
const double = new Float64Array(1)
const words = new Int32Array(double.buffer)
const textMark = 0x74657874
