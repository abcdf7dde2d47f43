import type { Vector } from '../domain/embedder.ts'
import { requireLength, VectorError } from './vector-error.ts'

/**
 * The similarity of two vectors of one length: Σ a[k]·b[k] / √(Σ a[k]² · Σ b[k]²), each sum in float64 in the order of
 * the components, at most 1 and at least −1. The same in both directions, exactly 1 for a vector and itself, NaN where
 * one is zero, so that it reaches no threshold. Every similarity of this project is this one, bit for bit.
 */
export function cosine(a: Vector, b: Vector): number {
  const dimensions = a.length
  requireLength(b.length, dimensions)
  return similarityOf(
    dotOfRows(a, 0, b, 0, dimensions),
    squaredLength(a, 0, dimensions),
    squaredLength(b, 0, dimensions),
  )
}

/** The same from its three sums. One root of the product, not a product of roots: √(x·x) is x without an error. */
export function similarityOf(dot: number, squaredA: number, squaredB: number): number {
  return Math.min(1, Math.max(-1, dot / Math.sqrt(squaredA * squaredB)))
}

/** Σ a[k]·b[k] of row i and row j of vectors that stand behind each other, in float64 in the order of the components. */
export function dotOfRows(a: Vector, i: number, b: Vector, j: number, dimensions: number): number {
  let right = j * dimensions
  let sum = 0
  for (let left = i * dimensions; left < (i + 1) * dimensions; left++)
    sum += (a[left] as number) * (b[right++] as number)
  return sum
}

/**
 * Σ a[k]² of a row; 0 for one that is zero or so short (below 1e-75) that it has no direction to speak of. Throws a
 * `VectorError` where a component is not finite, or the row so long (above 1e75) that products would overflow.
 */
export function squaredLength(vectors: Vector, row: number, dimensions: number): number {
  const sum = dotOfRows(vectors, row, vectors, row, dimensions)
  // Also where the sum is NaN.
  if (!(sum <= longest)) throw new VectorError('a component is not finite, or far too large', row)
  return sum < shortest ? 0 : sum
}

/** Squared lengths whose product, and its root, float64 holds without loss. */
const longest = 1e150
const shortest = 1e-150
