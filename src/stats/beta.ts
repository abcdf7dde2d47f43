/**
 * The shape of a Beta(a, b) distribution; both ≥ 0, not both 0. A zero is a point mass: a = 0 at 0,
 * b = 0 at 1.
 */
export type BetaShape = { readonly a: number; readonly b: number }

/**
 * The regularised incomplete beta function I_x(a, b) = P(Beta(a, b) ≤ x), for x in [0, 1].
 * Continued fraction by Lentz's method (DLMF 8.17.22) on the side of the mean where it converges
 * fast. P(Beta(a, b) ≥ x) without cancellation is `regularizedBeta(1 - x, { a: b, b: a })`.
 */
export function regularizedBeta(x: number, { a, b }: BetaShape): number {
  requireShape(a, b)
  if (!(x >= 0 && x <= 1)) throw new RangeError(`x must be in [0, 1], got ${x}`)
  return lowerTail({ x, complement: 1 - x }, a, b)
}

/** The p-quantile of Beta(a, b): the x with I_x(a, b) = p. */
export function betaQuantile(p: number, shape: BetaShape): number {
  return pointAt(betaQuantileLogit(p, shape)).x
}

/**
 * ln(x / (1 - x)) of the p-quantile x of Beta(a, b): exact to the last digits where x itself is too
 * close to 0 or 1.
 *
 * In y = logit(x) the density x^a (1-x)^b / B(a, b) is log-concave, hence so is the distribution
 * function, and Newton's method on ln I approaches the root from below from any start. A bracket
 * catches underflow far out in the tail.
 */
export function betaQuantileLogit(p: number, { a, b }: BetaShape): number {
  requireShape(a, b)
  if (!(p >= 0 && p <= 1)) throw new RangeError(`p must be in [0, 1], got ${p}`)
  if (a === 0 || p === 0) return -Infinity
  if (b === 0 || p === 1) return Infinity
  return p <= 0.5 ? searchLogit(p, a, b) : -searchLogit(1 - p, b, a)
}

/** A point of [0, 1] with its distance from 1, so that neither end loses digits. */
type Point = { readonly x: number; readonly complement: number }

const maxSearchSteps = 200
/** exp(±745) is the edge of what a double can hold. */
const logitLimit = 745

function searchLogit(p: number, a: number, b: number): number {
  const target = Math.log(p)
  let low = -logitLimit
  let high = logitLimit
  let y = Math.min(Math.max(Math.log(a / b), low), high)
  for (let step = 0; step < maxSearchSteps; step++) {
    const point = pointAt(y)
    const tail = lowerTail(point, a, b)
    if (tail < p) low = y
    else high = y
    const next = y - ((Math.log(tail) - target) * tail) / logitDensity(point, a, b)
    const inside = next > low && next < high
    const moved = inside ? next : (low + high) / 2
    if (Math.abs(moved - y) <= 1e-15 * Math.max(1, Math.abs(y))) return moved
    y = moved
  }
  return y
}

function pointAt(logit: number): Point {
  return { x: 1 / (1 + Math.exp(-logit)), complement: 1 / (1 + Math.exp(logit)) }
}

function lowerTail(point: Point, a: number, b: number): number {
  if (a === 0) return 1
  if (b === 0) return point.complement === 0 ? 1 : 0
  if (point.x === 0) return 0
  if (point.complement === 0) return 1
  const density = logitDensity(point, a, b)
  if (point.x < (a + 1) / (a + b + 2)) {
    return Math.min(1, (density / a) * continuedFraction(point.x, a, b))
  }
  return Math.max(0, 1 - (density / b) * continuedFraction(point.complement, b, a))
}

/**
 * Needed terms grow with the square root of the larger parameter; this allows parameters up to
 * about 1e9.
 */
const maxTerms = 200_000
const tiny = 1e-300

function continuedFraction(x: number, a: number, b: number): number {
  let c = 1
  let d = nonZeroInverse(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= maxTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = nonZeroInverse(1 + even * d)
    c = nonZero(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = nonZeroInverse(1 + odd * d)
    c = nonZero(1 + odd / c)
    result *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return result
}

const nonZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
const nonZeroInverse = (value: number): number => 1 / nonZero(value)

/**
 * x^a (1-x)^b / B(a, b), the density of the logit. In Loader's saddle-point form ("Fast and
 * accurate computation of binomial probabilities", 2000), so that large parameters lose no digits
 * to differences of log-gammas.
 */
function logitDensity({ x, complement }: Point, a: number, b: number): number {
  const n = a + b
  const exponent =
    stirlingError(n) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, n * x) -
    deviance(b, n * complement)
  return Math.exp(exponent) * Math.sqrt((a / n) * (b / (2 * Math.PI)))
}

/**
 * ln Γ(n+1) − ln(√(2πn) (n/e)^n): Stirling's series, and the definition where the series is too
 * short.
 */
function stirlingError(n: number): number {
  if (n < 16) return logGamma(n + 1) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI)
  const square = n * n
  return (
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) /
    n
  )
}

/** k ln(k/mean) + mean − k without cancellation when k is close to the mean. */
function deviance(k: number, mean: number): number {
  if (Math.abs(k - mean) >= 0.1 * (k + mean)) return k * Math.log(k / mean) + mean - k
  const v = (k - mean) / (k + mean)
  let sum = (k - mean) * v
  let power = 2 * k * v
  for (let j = 1; j < 1000; j++) {
    power *= v * v
    const next = sum + power / (2 * j + 1)
    if (next === sum) break
    sum = next
  }
  return sum
}

/** Lanczos's approximation, g = 7 with nine terms (Godfrey): ln Γ(z) for z > 0.5 to about 1e-15. */
function logGamma(z: number): number {
  const shifted = z - 1
  let sum = lanczosHead
  for (const [i, term] of lanczosTerms.entries()) sum += term / (shifted + i + 1)
  const t = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum)
}

const lanczosHead = 0.9999999999998099
const lanczosTerms = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 0.000009984369578019572, 1.5056327351493116e-7,
]

function requireShape(a: number, b: number): void {
  if (a >= 0 && b >= 0 && a + b > 0 && a + b < Infinity) return
  throw new RangeError(`a beta distribution needs a, b ≥ 0, not both 0, finite; got ${a}, ${b}`)
}
