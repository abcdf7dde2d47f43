import type { HashBits } from './kernels.ts'
import { strideOf } from './quantise.ts'
import { transformLength } from './simhash.ts'
import { maxPages, pageBytes } from './web-assembly.ts'

export type ScanSize = {
  readonly rowCount: number
  readonly dimensions: number
  /** Absent: every pair is compared. */
  readonly bits: HashBits | null
  readonly threads: number
}

/** Where everything stands in the memory that the threads share; addresses and lengths in bytes. */
export type ScanLayout = ScanSize & {
  readonly stride: number
  /** Components of the transform; 0 without hashes. */
  readonly transformLength: number
  /** int16 directions in the order of the scan. */
  readonly rowsAt: number
  /** uint32 for each row: the first row of its group. */
  readonly startsAt: number
  /** float32 for each row: its length as seen from the centre. */
  readonly lengthsAt: number
  /** float32 for each row: the length of its int16 components behind the head. */
  readonly tailsAt: number
  readonly hashesAt: number
  /** float32 signs of both rounds, and the centre in int16's units. */
  readonly signsAt: number
  readonly meanAt: number
  /** What each thread writes: transform, pairs, dots. */
  readonly scratchAt: number
  readonly scratchBytes: number
  readonly pages: number
}

/** Rows compared with each other in one call of a kernel. With these, what it writes has room in the worst case. */
export const leftRows = 64
export const rightRows = 512
const pairBytes = 8
const dotBytes = 4

/** Lays out a memory; null where 32-bit addresses do not reach. */
export function layOut(size: ScanSize): ScanLayout | null {
  const stride = strideOf(size.dimensions)
  const length = size.bits === null ? 0 : transformLength(size.dimensions, size.bits)
  // The kernels take rows by two and by four.
  const rows = Math.ceil((size.rowCount + 1) / 4) * 4
  const place = places()
  const layout = {
    ...size,
    stride,
    transformLength: length,
    rowsAt: place(rows * stride),
    startsAt: place(rows * 4),
    lengthsAt: place(rows * 4),
    tailsAt: place(rows * 4),
    hashesAt: place((rows * (size.bits ?? 0)) / 8),
    signsAt: place(8 * length),
    meanAt: place(4 * length),
    scratchBytes: 4 * length + leftRows * rightRows * (pairBytes + dotBytes),
    scratchAt: place(0),
  }
  const pages = Math.ceil((layout.scratchAt + size.threads * layout.scratchBytes) / pageBytes)
  return pages > maxPages ? null : { ...layout, pages }
}

/** Addresses behind each other, in whole cache lines. */
function places(): (bytes: number) => number {
  let next = 0
  return (bytes) => {
    const at = next
    next = Math.ceil((at + bytes) / 64) * 64
    return at
  }
}
