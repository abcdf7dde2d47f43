import type { Vector } from '../domain/embedder.ts'
import { similarityOf } from './cosine.ts'
import type { Rows } from './fill-scan.ts'
import type { ScanOrder } from './scan-order.ts'

export type Proposed = {
  readonly rows: Rows
  /** Pairs name places in it. */
  readonly order: ScanOrder
  readonly floor: number
}

export type VisitPair = (later: number, earlier: number, similarity: number) => void

/** Visits the pairs of rows, of those that a scan proposes, whose cosine reaches the floor. */
export function visitPairs(
  { rows, order, floor }: Proposed,
  pairs: Uint32Array,
  visit: VisitPair,
): void {
  const { vectors, dimensions, squaredLengths } = rows
  const four = pairs.slice(0, 8)
  const dots = new Float64Array(4)
  for (let n = 0; n < pairs.length; n += 8) {
    const length = Math.min(8, pairs.length - n)
    for (let k = 0; k < length; k++) four[k] = order.rows[pairs[n + k] as number] as number
    fourDots(vectors, dimensions, four, dots)
    for (let k = 0; k < length; k += 2) {
      const a = four[k] as number
      const b = four[k + 1] as number
      const squaredA = squaredLengths[a] as number
      const similarity = similarityOf(dots[k / 2] as number, squaredA, squaredLengths[b] as number)
      if (similarity >= floor) visit(Math.max(a, b), Math.min(a, b), similarity)
    }
  }
}

/** As `dotOfRows` adds up, for four pairs at once: one alone waits for each addition to end, three quarters of its time. */
function fourDots(
  vectors: Vector,
  dimensions: number,
  four: Uint32Array,
  dots: Float64Array,
): void {
  const at = (row: number) => (four[row] ?? 0) * dimensions
  const [a0, a1, a2, a3] = [at(0), at(2), at(4), at(6)]
  const [b0, b1, b2, b3] = [at(1), at(3), at(5), at(7)]
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let k = 0; k < dimensions; k++) {
    sum0 += (vectors[a0 + k] as number) * (vectors[b0 + k] as number)
    sum1 += (vectors[a1 + k] as number) * (vectors[b1 + k] as number)
    sum2 += (vectors[a2 + k] as number) * (vectors[b2 + k] as number)
    sum3 += (vectors[a3 + k] as number) * (vectors[b3 + k] as number)
  }
  dots[0] = sum0
  dots[1] = sum1
  dots[2] = sum2
  dots[3] = sum3
}
