import type { HashBits } from './kernels.ts'
import { mix } from './mix.ts'
import { paddedDimensions } from './quantise.ts'

/**
 * Length of the transform that makes a hash: a power of two that holds a row and gives enough bits. SimHash (Charikar
 * 2002) takes the signs of random projections; here a subsampled randomised Hadamard transform gives all of them in
 * n log n (Ailon and Chazelle 2006; two rounds of signs as in Andoni et al. 2015, "Practical and optimal LSH").
 */
export function transformLength(dimensions: number, bits: HashBits): number {
  return 2 ** Math.ceil(Math.log2(Math.max(paddedDimensions(dimensions), bits)))
}

/** The signs of both rounds, ±1, the same in every run. */
export const hashSigns = (length: number): Float32Array =>
  Float32Array.from({ length: 2 * length }, (_, k) => (mix(k + 1) & 1 ? 1 : -1))

/** How sure the search is to see a pair that just reaches the floor. */
const sureness = 0.999
const smallestNormal = 2 ** -1022

/**
 * The smallest L with P(Bin(bits, angle/π) ≤ L) ≥ 0.999: hashes of two directions that are `angle` apart differ in no
 * more bits, but for one pair in a thousand.
 */
export function hashLimit(bits: HashBits, angle: number): number {
  const p = Math.min(1, Math.max(0, angle / Math.PI))
  let term = (1 - p) ** bits
  // So wide an angle (beyond 135°) that float64 cannot hold the first term: nothing is left out.
  if (term < smallestNormal) return bits
  let sum = term
  let limit = 0
  for (; sum < sureness && limit < bits; limit++) {
    term *= ((bits - limit) / (limit + 1)) * (p / (1 - p))
    sum += term
  }
  return limit
}

/** Limits by angle in steps of π/2048, each for the upper end of its step. */
export function hashLimits(bits: HashBits): Uint16Array {
  return Uint16Array.from({ length: angleSteps + 1 }, (_, step) =>
    hashLimit(bits, ((step + 1) / angleSteps) * Math.PI),
  )
}

const angleSteps = 2048

/** The limit for an angle, from the table. */
export function limitAt(limits: Uint16Array, angle: number): number {
  const step = Math.floor((Math.min(Math.PI, Math.max(0, angle)) / Math.PI) * angleSteps)
  return limits[step] as number
}

/** How long the centred vectors of two sets of rows are, at least and at most. */
export type Lengths = { readonly min: number; readonly max: number }

/**
 * The widest angle at which two unit vectors of a cosine ≥ `floor` can be seen from the centre, by the law of cosines:
 * both ends are at most √(2 − 2·floor) apart, at distances inside `a` and `b`. Without a centre both are 1 and it is
 * acos(floor). `error` is how far an end may be from where its hash saw it.
 */
export function widestAngle(floor: number, a: Lengths, b: Lengths, error: number): number {
  if (a.min <= error || b.min <= error) return Math.PI
  const apart = 2 - 2 * floor
  const least = Math.min(
    ...[a.min, a.max].flatMap((r) =>
      turningPoints(b, r * r - apart).map((t) => cosineAt(r, t, apart)),
    ),
    ...[b.min, b.max].flatMap((t) =>
      turningPoints(a, t * t - apart).map((r) => cosineAt(r, t, apart)),
    ),
  )
  return (
    Math.acos(Math.max(-1, Math.min(1, least))) +
    Math.asin(error / a.min) +
    Math.asin(error / b.min)
  )
}

const cosineAt = (r: number, t: number, apart: number): number =>
  (r * r + t * t - apart) / (2 * r * t)

/** Where along one edge the cosine can be least: its ends, and where the far side stands at a right angle. */
function turningPoints({ min, max }: Lengths, squared: number): readonly number[] {
  const turn = Math.sqrt(Math.max(0, squared))
  return turn > min && turn < max ? [min, max, turn] : [min, max]
}
