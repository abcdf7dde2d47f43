import type { Vector } from '../domain/embedder.ts'

/** A unit vector's components as int16. */
export const unit = 32_767

/** Components of a row in int16, padded with zeros for the kernels: two vectors of eight. */
export const paddedDimensions = (dimensions: number): number => Math.ceil(dimensions / 16) * 16

/** Bytes of such a row. */
export const strideOf = (dimensions: number): number => 2 * paddedDimensions(dimensions)

const aboveZero = 2 ** 16

export type RowToQuantise = {
  readonly vectors: Vector
  readonly row: number
  readonly dimensions: number
  readonly squaredLength: number
}

/** Writes the direction of a row as int16 from `at` on; a zero row stays zero. */
export function quantiseRow(from: RowToQuantise, out: Int16Array, at: number): void {
  const { vectors, row, dimensions, squaredLength } = from
  const scale = squaredLength === 0 ? 0 : unit / Math.sqrt(squaredLength)
  const start = row * dimensions
  for (let k = 0; k < dimensions; k++)
    // Math.round, three times as quickly: cut off above zero, where that rounds down.
    out[at + k] = (((vectors[start + k] as number) * scale + aboveZero + 0.5) | 0) - aboveZero
}

/**
 * The most that an int16 dot product over 32767² can be off the cosine. Each component is off by at most half a step,
 * so by Cauchy–Schwarz the product by √d/32767 + d/(4·32767²); the rest covers rounding in float64 many times over.
 */
export const quantisationError = (dimensions: number): number =>
  Math.sqrt(dimensions) / unit + dimensions / (4 * unit * unit) + 2e-6

/** The most that an end of a unit vector can be off: half a step in each component. */
export const directionError = (dimensions: number): number => Math.sqrt(dimensions) / (2 * unit)

/** The least int16 dot product that a pair with this cosine can have. */
export const dotLimit = (cosine: number, dimensions: number): number =>
  leastInt32((cosine - quantisationError(dimensions)) * unit * unit)

/** The largest cosine that a pair with this int16 dot product can have. */
export const cosineLimit = (dot: number, dimensions: number): number =>
  dot / (unit * unit) + quantisationError(dimensions)

/** The largest int32 that is not above a limit; the least one for limits below all. */
export const leastInt32 = (limit: number): number => Math.max(-(2 ** 31), Math.floor(limit))
