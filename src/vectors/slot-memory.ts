import type { Vector } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'
import { type Kernels, openKernels } from './kernels.ts'
import { quantiseRow, strideOf } from './quantise.ts'
import { hashSigns, transformLength } from './simhash.ts'
import { maxPages, pageBytes, type WasmMemory, webAssembly } from './web-assembly.ts'

/** Told the int16 dot product of a slot with the query. */
export type VisitDot = (slot: number, dot: number) => void

/** Slots compared in one call of a kernel. */
const blockSlots = 4096
const firstCapacity = 64
/** Twice as many would let fewer pairs through, and take twice as long to compare. */
export const hashBits = 256
const hashBytes = hashBits / 8
/** Hashes that rows leave room for: 32 MB of addresses, which cost nothing until they are used. */
const hashesWithoutMoving = 1_048_576
/** The query stands where an entry would. */
const querySlot = 0

/** Rows and hashes of a growing number of vectors, each in a slot of one memory; a freed slot is used again. */
export class SlotMemory {
  readonly #dimensions: number
  readonly #stride: number
  /** Components of the transform; 0 without hashes. */
  readonly #length: number
  readonly #memory: WasmMemory
  readonly #kernels: Kernels
  readonly #pairsAt: number
  readonly #dotsAt: number
  readonly #hashesAt: number
  readonly #freed: number[] = []
  #rowsAt: number
  #capacity: number
  #used = querySlot + 1
  #pairs: Uint32Array
  #dots: Int32Array

  constructor(dimensions: number, hashes: boolean, capacity = firstCapacity) {
    // One more for the query.
    this.#capacity = Math.max(firstCapacity, capacity + 1)
    this.#dimensions = dimensions
    this.#stride = strideOf(dimensions)
    this.#length = hashes ? transformLength(dimensions, hashBits) : 0
    // Signs of two rounds, a centre that stays zero, and the transform.
    this.#pairsAt = 16 * this.#length
    this.#dotsAt = this.#pairsAt + 8 * blockSlots
    this.#hashesAt = this.#dotsAt + 4 * blockSlots
    this.#rowsAt = this.#rowsAtFor(this.#capacity)
    const initial = this.#pagesFor(this.#capacity)
    this.#memory = new webAssembly.Memory({ initial, maximum: maxPages, shared: true })
    this.#kernels = openKernels(this.#memory)
    new Float32Array(this.#memory.buffer, 0, 2 * this.#length).set(hashSigns(this.#length))
    this.#pairs = new Uint32Array(this.#memory.buffer, this.#pairsAt, 2 * blockSlots)
    this.#dots = new Int32Array(this.#memory.buffer, this.#dotsAt, blockSlots)
  }

  /** Slots up to the last one ever taken, freed ones among them. */
  get used(): number {
    return this.#used - 1
  }

  /** Writes a vector to a free slot and tells which. */
  take(vector: Vector, squaredLength: number): number {
    if (this.#freed.length === 0 && this.#used === this.#capacity) this.#grow()
    const slot = this.#freed.pop() ?? this.#used++
    this.#write(slot, vector, squaredLength)
    return slot
  }

  free(slot: number): void {
    this.#freed.push(slot)
  }

  setQuery(vector: Vector, squaredLength: number): void {
    this.#write(querySlot, vector, squaredLength)
  }

  /** Visits these slots. */
  dots(slots: readonly number[], visit: VisitDot): void {
    for (let from = 0; from < slots.length; from += blockSlots) {
      const count = Math.min(blockSlots, slots.length - from)
      for (let n = 0; n < count; n++) this.#setPair(n, slots[from + n] as number)
      this.#visitPairs(count, visit)
    }
  }

  /**
   * Visits the slots whose hash differs from the query's in at most `limit` bits, of those that are wanted. Each time
   * these are `crowd` the limit falls by a quarter for the rest.
   */
  near(
    limit: number,
    isWanted: (slot: number) => boolean,
    visit: VisitDot,
    crowd = Number.POSITIVE_INFINITY,
  ): void {
    const near = this.#kernels.near[hashBits]
    let bits = limit
    let left = crowd
    for (let from = querySlot + 1; from < this.#used; from += blockSlots) {
      const to = Math.min(this.#used, from + blockSlots)
      const found = near(this.#hashesAt, querySlot, querySlot + 1, from, to, bits, this.#pairsAt)
      let count = 0
      for (let n = 0; n < found; n++) {
        const slot = this.#pairs[2 * n + 1] as number
        if (isWanted(slot)) this.#setPair(count++, slot)
      }
      this.#visitPairs(count, visit)
      left -= count
      if (left > 0) continue
      bits = Math.floor(bits * 0.75)
      left = crowd
    }
  }

  #setPair(n: number, slot: number): void {
    this.#pairs[2 * n] = querySlot
    this.#pairs[2 * n + 1] = slot
  }

  #visitPairs(count: number, visit: VisitDot): void {
    this.#kernels.dots(this.#rowsAt, this.#stride, this.#pairsAt, count, this.#dotsAt)
    for (let n = 0; n < count; n++) visit(this.#pairs[2 * n + 1] as number, this.#dots[n] as number)
  }

  #write(slot: number, vector: Vector, squaredLength: number): void {
    const at = this.#rowsAt + slot * this.#stride
    const row = new Int16Array(this.#memory.buffer, at, this.#dimensions)
    quantiseRow({ vectors: vector, row: 0, dimensions: this.#dimensions, squaredLength }, row, 0)
    if (this.#length === 0) return
    this.#kernels.hash(
      at,
      this.#stride,
      8 * this.#length,
      0,
      4 * this.#length,
      12 * this.#length,
      this.#hashesAt + slot * hashBytes,
      hashBytes,
    )
  }

  /** Twice as many slots. Rows stay where they are while there is room for hashes in front of them; else all move. */
  #grow(): void {
    const capacity = 2 * this.#capacity
    const pages = this.#pagesFor(capacity)
    if (pages > maxPages) {
      throw new UserError(`the index cannot hold more than ${this.#capacity - 1} vectors`, {
        hint: 'give the cache a limit of entries (cache.exact.maxEntries)',
      })
    }
    this.#memory.grow(pages - this.#memory.buffer.byteLength / pageBytes)
    const { buffer } = this.#memory
    const rowsAt = this.#rowsAtFor(capacity)
    const end = this.#rowsAt + this.#capacity * this.#stride
    if (rowsAt !== this.#rowsAt) new Uint8Array(buffer).copyWithin(rowsAt, this.#rowsAt, end)
    this.#rowsAt = rowsAt
    this.#capacity = capacity
    this.#pairs = new Uint32Array(buffer, this.#pairsAt, 2 * blockSlots)
    this.#dots = new Int32Array(buffer, this.#dotsAt, blockSlots)
  }

  #rowsAtFor(capacity: number): number {
    const hashes = Math.max(capacity, hashesWithoutMoving) * hashBytes
    return this.#hashesAt + (this.#length === 0 ? 0 : hashes)
  }

  #pagesFor(capacity: number): number {
    return Math.ceil((this.#rowsAtFor(capacity) + capacity * this.#stride) / pageBytes)
  }
}
