import { type RouterCurve, scoreUnitsOf, shareOfUnits } from './routing-metrics.ts'

/** A way to answer the questions, with its mean quality and what it costs. Any one unit of cost. */
export type QualityCost = { readonly cost: number; readonly quality: number }

/**
 * The points that something else beats: no dearer and no worse, and better in one of the two. Equal
 * points do not beat each other.
 */
export function dominated<T extends QualityCost>(points: readonly T[]): readonly T[] {
  const beats = (a: QualityCost, b: QualityCost) =>
    a.cost <= b.cost && a.quality >= b.quality && (a.cost < b.cost || a.quality > b.quality)
  return points.filter((point) => points.some((other) => beats(other, point)))
}

/**
 * The upper concave hull, cheapest first: what a random mix of the points can reach at each cost.
 * Of points on one line only the ends stay.
 */
export function upperHull<T extends QualityCost>(points: readonly T[]): readonly T[] {
  const hull: T[] = []
  const sorted = [...points].sort((a, b) => a.cost - b.cost || b.quality - a.quality)
  for (const point of sorted) {
    if (hull.at(-1)?.cost === point.cost) continue
    while (hull.length >= 2 && !bendsDown(hull.at(-2), hull.at(-1), point)) hull.pop()
    hull.push(point)
  }
  return hull
}

/** True when b lies above the line from a to c. */
function bendsDown(
  a: QualityCost | undefined,
  b: QualityCost | undefined,
  c: QualityCost,
): boolean {
  if (a === undefined || b === undefined) return true
  return (b.quality - a.quality) * (c.cost - a.cost) > (c.quality - a.quality) * (b.cost - a.cost)
}

/** What each question cost or would cost at the two models, and what the router itself costs. */
export type PairCosts = {
  readonly weak: ArrayLike<number>
  readonly strong: ArrayLike<number>
  /** Router, validator and lost prefix of all questions together, paid at every share. */
  readonly router?: number
}

/**
 * A router's curve in dollars: for each strong count (0 … n) the cost of all questions and the sum
 * of scores in score units.
 */
export type CostCurve = {
  readonly costs: Float64Array
  readonly totals: Float64Array
  /** Cost of the weak and of the strong model alone, without a router. */
  readonly weakCost: number
  readonly strongCost: number
}

export function costCurve(curve: RouterCurve, costs: PairCosts): CostCurve {
  const { order, totals } = curve
  const byCount = new Float64Array(order.length + 1)
  let weakCost = 0
  for (let i = 0; i < order.length; i++) weakCost += costs.weak[i] as number
  let cost = weakCost + (costs.router ?? 0)
  byCount[0] = cost
  for (const [i, question] of order.entries()) {
    cost += (costs.strong[question] as number) - (costs.weak[question] as number)
    byCount[i + 1] = cost
  }
  return { costs: byCount, totals, weakCost, strongCost: cost - (costs.router ?? 0) }
}

/** A point of a router's curve on both axes from the weak model (0) to the strong one (1). */
type Relative = { readonly cost: number; readonly quality: number }

/** The mean performance gap recovered over all budgets from the weak to the strong model's cost. */
export type DollarApgr = {
  /** Through the router's own points. */
  readonly raw: number
  /** Through their upper concave hull, which mixing at random reaches. */
  readonly hull: number
}

/**
 * APGR with x = (cost − c_w)/(c_s − c_w) in place of the strong share. Budgets that the router
 * itself uses up recover nothing, since the weak model alone is all that they buy. Null where the
 * strong model is not both stronger and dearer.
 */
export function dollarApgr(curve: CostCurve): DollarApgr | null {
  const { totals, costs, weakCost, strongCost } = curve
  const weakTotal = totals[0] as number
  const gap = (totals[totals.length - 1] as number) - weakTotal
  const spread = strongCost - weakCost
  if (gap <= 0 || spread <= 0) return null
  const points: Relative[] = [{ cost: 0, quality: 0 }]
  for (const [i, total] of totals.entries()) {
    const cost = ((costs[i] as number) - weakCost) / spread
    points.push({ cost, quality: (total - weakTotal) / gap })
  }
  const byCost = points.sort((a, b) => a.cost - b.cost || a.quality - b.quality)
  return { raw: areaTo1(byCost), hull: areaTo1(upperHull([...points, { cost: 1, quality: 1 }])) }
}

/** The area under straight lines between points, cheapest first, over costs from 0 to 1. */
function areaTo1(points: readonly Relative[]): number {
  let area = 0
  let left: Relative | undefined
  for (const right of points) {
    if (left !== undefined && right.cost > left.cost) area += clippedArea(left, right)
    left = right
  }
  if (left !== undefined && left.cost < 1) area += clippedArea(left, { cost: 1, quality: 1 })
  return area
}

function clippedArea(left: Relative, right: Relative): number {
  const from = Math.max(0, left.cost)
  const to = Math.min(1, right.cost)
  if (to <= from) return 0
  const slope = (right.quality - left.quality) / (right.cost - left.cost)
  const middle = left.quality + slope * ((from + to) / 2 - left.cost)
  return middle * (to - from)
}

/** The cheapest way to a quality. */
export type CostAtQuality = {
  readonly cost: number
  /** 0 and 1 with `router: false` are the models alone. */
  readonly strongShare: number
  readonly router: boolean
}

/**
 * The least cost that reaches `share` (0.95) of the strong model's quality: by the router at one of
 * its shares, or by one model alone, which needs no router. Compared in whole score units. Null
 * where scores are not positive and a share of them means nothing.
 */
export function costAtQuality(curve: CostCurve, share = 0.95): CostAtQuality | null {
  const { totals, costs, weakCost, strongCost } = curve
  const questions = totals.length - 1
  const strongTotal = totals[questions] as number
  if (strongTotal <= 0) return null
  const least = shareOfUnits(strongTotal, share)
  const weakSuffices = (totals[0] as number) >= least
  let best: CostAtQuality = { cost: strongCost, strongShare: 1, router: false }
  if (weakSuffices && weakCost < best.cost) {
    best = { cost: weakCost, strongShare: 0, router: false }
  }
  for (const [i, total] of totals.entries()) {
    const cost = costs[i] as number
    if (total >= least && cost < best.cost) {
      best = { cost, strongShare: i / questions, router: true }
    }
  }
  return best
}

/** The mean score of mixing the two models at random for the same money, clipped to what they are. */
export function randomQualityAt(pair: readonly [QualityCost, QualityCost], cost: number): number {
  const [weak, strong] = pair
  if (strong.cost === weak.cost) return Math.max(weak.quality, strong.quality)
  const share = Math.min(1, Math.max(0, (cost - weak.cost) / (strong.cost - weak.cost)))
  return weak.quality + share * (strong.quality - weak.quality)
}

/**
 * The oracle over any number of models: the best score of each question, at the cheapest model that
 * has it (the first of equally cheap ones).
 */
export function oracleChoice(models: readonly QualityCosts[]): {
  readonly quality: number
  readonly cost: number
  /** The model's place in the list, for each question. */
  readonly choices: Uint16Array
} {
  const questions = models[0]?.scores.length ?? 0
  const choices = new Uint16Array(questions)
  let units = 0
  let cost = 0
  for (let question = 0; question < questions; question++) {
    const at = (model: QualityCosts) => ({
      quality: model.scores[question] as number,
      cost: model.costs[question] as number,
    })
    for (let i = 1; i < models.length; i++) {
      const [best, other] = [models[choices[question] as number], models[i]]
      if (best !== undefined && other !== undefined && isBetter(at(other), at(best))) {
        choices[question] = i
      }
    }
    const best = models[choices[question] as number]
    units += scoreUnitsOf(best?.scores[question] ?? 0)
    cost += best?.costs[question] ?? 0
  }
  return { quality: units / scoreUnitsOf(1) / questions, cost, choices }
}

/** A model's score and cost on each question. */
export type QualityCosts = {
  readonly scores: ArrayLike<number>
  readonly costs: ArrayLike<number>
}

const isBetter = (a: QualityCost, b: QualityCost): boolean =>
  a.quality > b.quality || (a.quality === b.quality && a.cost < b.cost)
