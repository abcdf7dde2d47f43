import { type Kernels, openKernels } from './kernels.ts'
import { directionError, dotLimit, leastInt32 } from './quantise.ts'
import { leftRows, rightRows, type ScanLayout } from './scan-layout.ts'
import { hashLimits, type Lengths, limitAt, widestAngle } from './simhash.ts'
import type { WasmMemory, WasmModule } from './web-assembly.ts'

/** What every thread is told once. */
export type ScanSetup = {
  readonly layout: ScanLayout
  readonly memory: WasmMemory
  readonly module: WasmModule
  readonly floor: number
  /** Bytes of a row that the scan looks at first. */
  readonly head: number
}

/**
 * For the rows from `from` until `to`: make their hashes; or compare them with all rows before them in their group,
 * all by dot product, or by hash and then by dot product.
 */
export type ScanTask = {
  readonly kind: 'hash' | 'scan' | 'near'
  readonly from: number
  readonly to: number
}

/** Bytes of right rows that stay in the first-level cache while the left ones pass by. */
const cachedBytes = 16_384

/** Proposes pairs: all whose cosine reaches the floor (by hash: nearly all), and a few that fall short of it by a hair. */
export class Scanner {
  /** Pairs that hashes let through so far. */
  candidates = 0
  readonly #layout: ScanLayout
  readonly #kernels: Kernels
  readonly #dotLimit: number
  readonly #floor: number
  readonly #starts: Uint32Array
  readonly #lengths: Float32Array
  readonly #tails: Float32Array
  readonly #head: number
  readonly #hashLimits: Uint16Array
  readonly #transformAt: number
  readonly #pairs: Uint32Array
  readonly #dots: Int32Array
  #found = new Uint32Array(1024)
  #foundLength = 0

  constructor({ layout, memory, module, floor, head }: ScanSetup, thread: number) {
    const { rowCount, dimensions, bits } = layout
    const { buffer } = memory
    this.#layout = layout
    this.#kernels = openKernels(memory, module)
    this.#floor = floor
    this.#dotLimit = dotLimit(floor, dimensions)
    this.#starts = new Uint32Array(buffer, layout.startsAt, rowCount)
    this.#lengths = new Float32Array(buffer, layout.lengthsAt, rowCount)
    this.#tails = new Float32Array(buffer, layout.tailsAt, rowCount)
    this.#head = head
    this.#hashLimits = bits === null ? new Uint16Array() : hashLimits(bits)
    this.#transformAt = layout.scratchAt + thread * layout.scratchBytes
    const most = leftRows * rightRows
    this.#pairs = new Uint32Array(buffer, this.#transformAt + 4 * layout.transformLength, 2 * most)
    this.#dots = new Int32Array(buffer, this.#pairs.byteOffset + this.#pairs.byteLength, most)
  }

  /** Pairs (left, right), one behind the other, right before left and in its group; none for hashes. */
  run({ kind, from, to }: ScanTask): Uint32Array {
    this.#foundLength = 0
    for (let left = from; left < to; left += leftRows) {
      const leftEnd = Math.min(to, left + leftRows)
      if (kind === 'hash') this.#hash(left, leftEnd)
      else this.#compare(left, leftEnd, kind)
    }
    return this.#found.slice(0, this.#foundLength)
  }

  #hash(from: number, to: number): void {
    const { rowsAt, stride, meanAt, signsAt, transformLength, hashesAt, bits } = this.#layout
    const bytes = (bits ?? 0) / 8
    for (let row = from; row < to; row++) {
      this.#kernels.hash(
        rowsAt + row * stride,
        stride,
        meanAt,
        signsAt,
        4 * transformLength,
        this.#transformAt,
        hashesAt + row * bytes,
        bytes,
      )
    }
  }

  #compare(left: number, leftEnd: number, kind: 'scan' | 'near'): void {
    // The kernels take right rows by four, counted from the first.
    const start = (this.#starts[left] as number) & ~3
    const cached = Math.floor(cachedBytes / this.#layout.stride) & ~3
    const step = kind === 'near' ? rightRows : Math.min(rightRows, Math.max(4, cached))
    for (let right = start; right < leftEnd; right += step) {
      const rightEnd = Math.min(leftEnd, right + step)
      if (kind === 'scan') this.#scan(left, leftEnd, right, rightEnd)
      else this.#near(left, leftEnd, right, rightEnd)
    }
  }

  #scan(left: number, leftEnd: number, right: number, rightEnd: number): void {
    const { rowsAt, stride } = this.#layout
    const out = this.#pairs.byteOffset
    const limit = this.#dotLimit
    // By Cauchy–Schwarz: what the tails of two rows can add at most is missing from the heads of those that stay.
    const tails =
      rangeOf(this.#tails, left, leftEnd).max * rangeOf(this.#tails, right, rightEnd).max
    const headLimit = leastInt32(limit - tails)
    const found = this.#kernels.scan(
      rowsAt,
      stride,
      this.#head,
      left,
      leftEnd,
      right,
      rightEnd,
      headLimit,
      limit,
      out,
    )
    for (let n = 0; n < found; n++) this.#keep(n, leftEnd)
  }

  #near(left: number, leftEnd: number, right: number, rightEnd: number): void {
    const { rowsAt, stride, hashesAt, bits } = this.#layout
    if (bits === null) return
    const limit = this.#limitBetween(left, leftEnd, right, rightEnd)
    const out = this.#pairs.byteOffset
    const near = this.#kernels.near[bits]
    const found = near(hashesAt, left, leftEnd, right, rightEnd, limit, out)
    this.#kernels.dots(rowsAt, stride, out, found, this.#dots.byteOffset)
    for (let n = 0; n < found; n++) {
      if ((this.#pairs[2 * n + 1] as number) < (this.#pairs[2 * n] as number)) this.candidates++
      if ((this.#dots[n] as number) >= this.#dotLimit) this.#keep(n, leftEnd)
    }
  }

  /** Bits in which the hashes of two rows of these blocks may differ. */
  #limitBetween(left: number, leftEnd: number, right: number, rightEnd: number): number {
    const a = rangeOf(this.#lengths, left, leftEnd)
    const b = rangeOf(this.#lengths, right, rightEnd)
    const error = directionError(this.#layout.dimensions)
    return limitAt(this.#hashLimits, widestAngle(this.#floor, a, b, error))
  }

  /**
   * Takes a pair that a kernel wrote, unless it is of two groups, comes up the other way round as well, or belongs to the
   * row behind an odd end.
   */
  #keep(n: number, leftEnd: number): void {
    const left = this.#pairs[2 * n] as number
    const right = this.#pairs[2 * n + 1] as number
    if (left >= leftEnd || right >= left || right < (this.#starts[left] as number)) return
    if (this.#foundLength === this.#found.length) {
      const grown = new Uint32Array(2 * this.#found.length)
      grown.set(this.#found)
      this.#found = grown
    }
    this.#found[this.#foundLength++] = left
    this.#found[this.#foundLength++] = right
  }
}

function rangeOf(values: Float32Array, from: number, to: number): Lengths {
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (let row = from; row < to; row++) {
    const value = values[row] as number
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}
