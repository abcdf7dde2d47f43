import { fillScan, type HashOptions, lengthFrom, meanOf, type Rows } from './fill-scan.ts'
import type { HashBits } from './kernels.ts'
import { pairsIn, scanOrder } from './scan-order.ts'
import { Scanner } from './scanner.ts'

/** Hashes to look with, and each row's distance from their centre; null where it is the origin. */
export type HashChoice = HashOptions & { readonly lengths: Float64Array | null }

/** Rows looked at to choose: half a million pairs. */
const sampleRows = 1024
/** Where more of random pairs than this pass the hashes, directions gather around their mean: it becomes the centre. */
const centredFrom = 0.01
/** Where more than this still pass, comparing all by dot product is quicker: a look-up costs about eight of those. */
const tooMany = 0.1
/** Fewer components say too little by their signs alone, and are compared quickly anyway. */
const fewestDimensions = 64

/** How to hash these rows so that few pairs are left to compare; null where hashes would save nothing. */
export function chooseHash(rows: Rows, floor: number, bits: HashBits): HashChoice | null {
  if (rows.dimensions < fewestDimensions) return null
  const plain = { bits, centre: null, lengths: null }
  const sample = evenly(rows.squaredLengths.length)
  const share = candidateShare(rows, sample, plain, floor)
  if (share <= centredFrom) return plain
  const centre = meanOf(rows, sample)
  const lengths = rows.squaredLengths.map((_, row) => lengthFrom(centre, rows, row))
  const centred = { bits, centre, lengths }
  const least = [
    { choice: plain, share },
    { choice: centred, share: candidateShare(rows, sample, centred, floor) },
  ].sort((a, b) => a.share - b.share)[0]
  return least !== undefined && least.share <= tooMany ? least.choice : null
}

/** Rows at equal distances. */
function evenly(count: number): Uint32Array {
  const length = Math.min(count, sampleRows)
  return Uint32Array.from({ length }, (_, n) => Math.floor((n * count) / length))
}

/** How many of the pairs of a sample pass the hashes. */
function candidateShare(
  rows: Rows,
  sample: Uint32Array,
  choice: HashChoice,
  floor: number,
): number {
  const lengths = choice.lengths && Float64Array.from(sample, (row) => choice.lengths?.[row] ?? 0)
  const places = scanOrder(sample.length, undefined, lengths)
  const order = { ...places, rows: places.rows.map((at) => sample[at] as number) }
  const setup = fillScan(rows, order, { floor, threads: 1, hash: choice })
  const scanner = new Scanner(setup, 0)
  scanner.run({ kind: 'hash', from: 0, to: sample.length })
  scanner.run({ kind: 'near', from: 0, to: sample.length })
  return scanner.candidates / Math.max(1, pairsIn(order))
}
