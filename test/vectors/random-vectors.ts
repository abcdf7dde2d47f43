/** Seeded chance (mulberry32), 0 ≤ x < 1. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Shape = {
  readonly count: number
  readonly dimensions: number
  readonly seed: number
  /** How many directions the vectors gather around; none by default. */
  readonly clusters?: number
  /** How far they stray from theirs: at 0.5 two of one cluster have a cosine of about 0.8. */
  readonly spread?: number
  /** Added to all, so that the mean cosine is high. */
  readonly shift?: number
}

/** Random directions, behind each other; in clusters where that is asked for. */
export function randomVectors(shape: Shape): Float32Array {
  const { count, dimensions, clusters = 0, spread = 0.5, shift = 0 } = shape
  const next = random(shape.seed)
  const centres = Float32Array.from({ length: clusters * dimensions }, () => gaussian(next))
  const vectors = new Float32Array(count * dimensions)
  for (let row = 0; row < count; row++) {
    const centre = clusters > 0 ? Math.floor(next() * clusters) : -1
    for (let k = 0; k < dimensions; k++) {
      const own = gaussian(next)
      const at = row * dimensions + k
      vectors[at] =
        shift + (centre < 0 ? own : (centres[centre * dimensions + k] ?? 0) + spread * own)
    }
  }
  return vectors
}

const gaussian = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
