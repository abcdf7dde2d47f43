/** Steps of five cache lines visit every set of a processor's nearest memory (64 sets of 64 bytes) before one returns. */
const stepBytes = 320
const pageBytes = 4096

type ArrayType<T> = {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T
}

/**
 * Makes arrays that are walked side by side. Large arrays begin at a page each, so that equal indexes of many fall into
 * the same few lines of the nearest memory and push each other out; these begin at different distances from a page, and
 * a walk over sixteen of them takes a third of the time.
 */
export class Staggered {
  #next = 0

  /** An array of zeros. */
  of<T>(type: ArrayType<T>, length: number): T {
    this.#next = (this.#next + stepBytes) % pageBytes
    const buffer = new ArrayBuffer(this.#next + length * type.BYTES_PER_ELEMENT)
    return new type(buffer, this.#next, length)
  }

  /** The same numbers in an array of this kind. */
  copy<T extends { set(values: ArrayLike<number>): void }>(
    type: ArrayType<T>,
    values: ArrayLike<number>,
  ): T {
    const made = this.of(type, values.length)
    made.set(values)
    return made
  }
}
