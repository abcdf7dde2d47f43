import { type QualityGap, qualityGap } from './quality-gap.ts'

/** Scores of a weak and a strong model on the same questions, in the same order. Higher is better. */
export type ModelPair = { readonly weak: ArrayLike<number>; readonly strong: ArrayLike<number> }

/**
 * What quality each share of strong answers reaches when the questions a router finds hardest go to
 * the strong model first.
 */
export type RouterCurve = {
  readonly questions: number
  /** Question indices in the order in which they go to the strong model. */
  readonly order: Uint32Array
  /**
   * `questions` + 1 sums of scores in whole score units: entry i has the first i of `order`
   * answered by the strong model, so the first is the weak model alone, the last the strong one.
   */
  readonly totals: Float64Array
}

/** Scores are summed in millionths, so that shares of quality compare exactly. */
export const scoreUnits = 1_000_000

/** A score as a whole number of score units. */
export const scoreUnitsOf = (score: number): number => Math.round(score * scoreUnits)

/**
 * The curve of a router that gives each question a strength, the need of the strong model. Equal
 * strengths keep the order of the questions.
 */
export function routerCurve(pair: ModelPair, strengths: ArrayLike<number>): RouterCurve {
  const order = strongFirst(pair, strengths)
  const totals = new Float64Array(order.length + 1)
  let total = 0
  for (let i = 0; i < order.length; i++) total += scoreUnitsOf(pair.weak[i] as number)
  totals[0] = total
  for (const [i, question] of order.entries()) {
    total += scoreUnitsOf(pair.strong[question] as number)
    total -= scoreUnitsOf(pair.weak[question] as number)
    totals[i + 1] = total
  }
  return { questions: order.length, order, totals }
}

function strongFirst({ weak, strong }: ModelPair, strengths: ArrayLike<number>): Uint32Array {
  const questions = weak.length
  if (strong.length !== questions || strengths.length !== questions) {
    throw new RangeError(
      `${questions} weak, ${strong.length} strong, ${strengths.length} strengths`,
    )
  }
  for (let i = 0; i < questions; i++) {
    const known = Number.isFinite(weak[i]) && Number.isFinite(strong[i])
    if (!known || Number.isNaN(strengths[i])) throw new RangeError(`question ${i} has a NaN`)
  }
  const order = Uint32Array.from({ length: questions }, (_, i) => i)
  return order.sort((a, b) => compareDown(strengths[a] as number, strengths[b] as number) || a - b)
}

/** Infinities too: their difference would be NaN. */
const compareDown = (a: number, b: number): number => (a === b ? 0 : a > b ? -1 : 1)

/** The mean score of the weak model alone, the strong one alone, or with the first i questions strong. */
export const qualityAt = ({ questions, totals }: RouterCurve, strongCount: number): number =>
  (totals[strongCount] as number) / scoreUnits / questions

/**
 * The performance gap recovered, (q(r) − q_w) / (q_s − q_w), with the first `strongCount` questions
 * answered by the strong model; null where the two models are equal.
 */
export function pgrAt(curve: RouterCurve, strongCount: number): number | null {
  const { weakTotal, gap } = endsOf(curve)
  return gap === 0 ? null : ((curve.totals[strongCount] as number) - weakTotal) / gap
}

/**
 * The mean performance gap recovered over all strong shares: trapezoids through all n + 1 points
 * (RouteLLM, arXiv 2406.18665). 0.5 is what chance reaches. Null where the two models are equal.
 */
export function apgr(curve: RouterCurve): number | null {
  const { weakTotal, gap } = endsOf(curve)
  if (gap === 0) return null
  let sum = 0
  for (let i = 0; i < curve.questions; i++) {
    const left = (curve.totals[i] as number) - weakTotal
    const right = (curve.totals[i + 1] as number) - weakTotal
    sum += (left + right) / 2
  }
  return sum / gap / curve.questions
}

/**
 * CPT(x): the smallest share of strong answers that recovers at least `share` of the gap. Compared
 * in whole score units, `share` taken to a millionth. Null where the strong model is not stronger.
 */
export function callShareFor(curve: RouterCurve, share: number): number | null {
  const { weakTotal, gap } = endsOf(curve)
  if (gap <= 0) return null
  const least = weakTotal + shareOfUnits(gap, share)
  for (let i = 0; i <= curve.questions; i++) {
    if ((curve.totals[i] as number) >= least) return i / curve.questions
  }
  return null
}

/** The least whole number of units that is at least that share of `units`. */
export function shareOfUnits(units: number, share: number): number {
  const product = BigInt(units) * BigInt(Math.round(share * scoreUnits))
  const divisor = BigInt(scoreUnits)
  const quotient = product / divisor
  return Number(product > quotient * divisor ? quotient + 1n : quotient)
}

function endsOf({ totals, questions }: RouterCurve): {
  readonly weakTotal: number
  readonly gap: number
} {
  const weakTotal = totals[0] as number
  return { weakTotal, gap: (totals[questions] as number) - weakTotal }
}

/** Strengths of the router that knows every score: first what the strong model gains most on. */
export function oracleStrengths({ weak, strong }: ModelPair): Float64Array {
  const { length } = weak
  return Float64Array.from({ length }, (_, i) => (strong[i] as number) - (weak[i] as number))
}

/**
 * The standard deviation of APGR over random orders, whose mean is 0.5: that of a linear statistic
 * of a random permutation, √(Σ(d − d̄)² · (n² − 1)/(12n) / (n − 1)) / Σd. Null where the two models
 * are equal or there is one question.
 */
export function randomApgrDeviation(pair: ModelPair): number | null {
  const gains = oracleStrengths(pair)
  const n = gains.length
  const sum = gains.reduce((total, gain) => total + gain, 0)
  if (n < 2 || sum === 0) return null
  const squares = gains.reduce((total, gain) => total + (gain - sum / n) ** 2, 0)
  return Math.sqrt((squares * (n * n - 1)) / (12 * n) / (n - 1)) / Math.abs(sum)
}

/** On how many questions which model is better, by score. */
export type Outcomes = {
  readonly weakBetter: number
  readonly strongBetter: number
  /** Both right and both wrong, where every score is 0 or 1. */
  readonly equal: number
  readonly bothRight: number | null
  readonly neitherRight: number | null
}

export function outcomesOf({ weak, strong }: ModelPair): Outcomes {
  const counts = { weakBetter: 0, strongBetter: 0, equal: 0, bothRight: 0, neitherRight: 0 }
  let isBinary = true
  for (let i = 0; i < weak.length; i++) {
    const [a, b] = [weak[i] as number, strong[i] as number]
    isBinary &&= (a === 0 || a === 1) && (b === 0 || b === 1)
    if (a !== b) counts[a > b ? 'weakBetter' : 'strongBetter']++
    else counts.equal++
    if (a === b) counts[a === 1 ? 'bothRight' : 'neitherRight']++
  }
  return isBinary ? counts : { ...counts, bothRight: null, neitherRight: null }
}

/** How good a router is, or why that cannot be said. */
export type RouterQuality =
  | {
      readonly kind: 'measured'
      readonly gap: QualityGap
      readonly apgr: number
      /** The strong share that recovers half and four fifths of the gap. */
      readonly cpt50: number
      readonly cpt80: number
      /** The standard deviation of a random router's APGR about 0.5. */
      readonly randomDeviation: number
    }
  | {
      readonly kind: 'unmeasured'
      readonly why: 'too-few' | 'no-gap' | 'weak-is-better'
      readonly gap: QualityGap | null
    }

/**
 * Judges a router by its strengths. Unmeasured where the paired interval of q_s − q_w contains 0:
 * there is then no gap to recover.
 */
export function routerQuality(pair: ModelPair, strengths: ArrayLike<number>): RouterQuality {
  const gap = qualityGap(pair)
  if (gap === null) return { kind: 'unmeasured', why: 'too-few', gap }
  if (gap.interval.high < 0) return { kind: 'unmeasured', why: 'weak-is-better', gap }
  const curve = routerCurve(pair, strengths)
  const area = apgr(curve)
  const cpt50 = callShareFor(curve, 0.5)
  const cpt80 = callShareFor(curve, 0.8)
  const randomDeviation = randomApgrDeviation(pair)
  if (area === null || cpt50 === null || cpt80 === null || randomDeviation === null) {
    return { kind: 'unmeasured', why: 'no-gap', gap }
  }
  if (gap.interval.low <= 0) return { kind: 'unmeasured', why: 'no-gap', gap }
  return { kind: 'measured', gap, apgr: area, cpt50, cpt80, randomDeviation }
}
