/**
 * P(Z ≥ z) of the standard normal, with full relative accuracy far out: the Taylor series about 0
 * (DLMF 7.6.2) up to `seriesUpTo`, beyond it the continued fraction of Mills's ratio (DLMF 7.9.1).
 */
export function normalUpperTail(z: number): number {
  if (Number.isNaN(z)) throw new RangeError('z must be a number')
  const size = Math.abs(z)
  const tail = size < seriesUpTo ? 0.5 - centralArea(size) : farTail(size)
  return z < 0 ? 1 - tail : tail
}

/** P(|Z| ≥ |z|): the two-sided p-value of a test by z. */
export const twoSided = (z: number): number => Math.min(1, 2 * normalUpperTail(Math.abs(z)))

const seriesUpTo = 2
const maxTerms = 200

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** P(0 ≤ Z ≤ z) = φ(z) Σ z^(2k+1) / (1·3·…·(2k+1)). */
function centralArea(z: number): number {
  let term = z
  let sum = z
  for (let k = 1; k < maxTerms && term > sum * 1e-17; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  return density(z) * sum
}

/** φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))), from the inside out. */
function farTail(z: number): number {
  if (z === Infinity) return 0
  let fraction = z
  for (let k = maxTerms; k >= 1; k--) fraction = z + k / fraction
  return density(z) / fraction
}
