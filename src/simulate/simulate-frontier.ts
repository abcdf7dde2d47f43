import type { Vector } from '../domain/embedder.ts'
import { countWords } from '../engine/classifier.ts'
import { scoreHeldOut } from '../engine/knn-classifier.ts'
import { type Evidence, evidencePair } from '../ingest/evidence-table.ts'
import type { Tier } from '../policy/routing.ts'
import { familyOf } from '../prices/same-model.ts'
import { type McNemar, mcNemar } from '../stats/mcnemar.ts'
import {
  type CostAtQuality,
  costAtQuality,
  costCurve,
  type DollarApgr,
  dollarApgr,
  dominated,
  oracleChoice,
  randomQualityAt,
} from '../stats/quality-cost.ts'
import {
  callShareFor,
  type ModelPair,
  type Outcomes,
  oracleStrengths,
  outcomesOf,
  qualityAt,
  type RouterCurve,
  type RouterQuality,
  routerCurve,
  routerQuality,
} from '../stats/routing-metrics.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import { EvidenceCosts } from './frontier-costs.ts'
import type { FrontierPoint, RoutingMetrics } from './result.ts'

export type FrontierOptions = {
  readonly costOf: CostOf
  /** Names the weak and the strong model where evidence has them; else they are the worst and the best by mean score. */
  readonly tiers?: Readonly<Record<Tier, string>> | null | undefined
  /** Output tokens of an answer where evidence counts none: those of the log, in the mean. */
  readonly outputTokens: number
  /** Of each row's question; a classifier learns from the earlier part and is judged on the later. */
  readonly vectors?: readonly (Vector | null)[] | null | undefined
  readonly neighbours?: number
}

/** What evidence says of a weak model, a strong one, and ways to choose between them. */
export type Frontier = {
  readonly points: readonly FrontierPoint[]
  /** Of the classifier by neighbours where there are vectors, else of the length in characters. */
  readonly metrics: RoutingMetrics | null
  readonly weak: string
  readonly strong: string
  readonly questions: number
  readonly outcomes: Outcomes
  readonly mcNemar: McNemar
  readonly routers: readonly RouterFacts[]
  /** What was taken for granted, in words. */
  readonly assumptions: readonly string[]
}

export type RouterFacts = {
  readonly name: string
  readonly quality: RouterQuality
  /** Null where a cost is not known, or the strong model is not both dearer and better. */
  readonly dollars: DollarApgr | null
  readonly costAt95: CostAtQuality | null
}

/** Null where evidence measured no two models on the same questions. */
export function simulateFrontier(evidence: Evidence, options: FrontierOptions): Frontier | null {
  const models = chooseTwo(evidence, options.tiers ?? null)
  if (models === null) return null
  const pair = evidencePair(evidence, models.weak, models.strong)
  if (pair.rows.length === 0) return null
  const costs = new EvidenceCosts(evidence, options)
  const study: Study = { evidence, options, models, ...pair, costs }
  const routers = routersOf(study)
  const outcomes = outcomesOf(pair)
  const alone = modelPoints(study)
  const mixes = routers.flatMap((router) => pointsOf(study, router))
  const points = markDominated(alone, [...randomPoints(alone), ...mixes])
  const [both, neither] = [outcomes.bothRight ?? outcomes.equal, outcomes.neitherRight ?? 0]
  return {
    points,
    metrics: metricsOf(study, routers),
    weak: evidence.models[models.weak] ?? '',
    strong: evidence.models[models.strong] ?? '',
    questions: pair.rows.length,
    outcomes,
    mcNemar: mcNemar({
      both,
      onlyFirst: outcomes.weakBetter,
      onlySecond: outcomes.strongBetter,
      neither,
    }),
    routers: routers.map((router) => factsOf(study, router)),
    assumptions: costs.assumptions(),
  }
}

type TwoModels = { readonly weak: number; readonly strong: number }

type Study = {
  readonly evidence: Evidence
  readonly options: FrontierOptions
  readonly models: TwoModels
  readonly rows: Uint32Array
  readonly weak: Float64Array
  readonly strong: Float64Array
  readonly costs: EvidenceCosts
}

/** The tiers' models where evidence has both; else the worst and the best by mean, of those measured most often. */
function chooseTwo(
  { models, scores }: Evidence,
  tiers: Readonly<Record<Tier, string>> | null,
): TwoModels | null {
  const families = models.map(familyOf)
  const named = (tier: Tier) => (tiers === null ? -1 : families.indexOf(familyOf(tiers[tier])))
  const [small, large] = [named('small'), named('large')]
  if (small !== -1 && large !== -1 && small !== large) return { weak: small, strong: large }
  const means = scores.map(meanOf)
  const order = [...means.keys()]
    .filter((model) => !Number.isNaN(means[model]))
    .sort((a, b) => (means[a] as number) - (means[b] as number) || a - b)
  const [weak, strong] = [order[0], order.at(-1)]
  return weak === undefined || strong === undefined || weak === strong ? null : { weak, strong }
}

function meanOf(column: Float64Array): number {
  const measured = column.filter((score) => !Number.isNaN(score))
  return measured.reduce((sum, score) => sum + score, 0) / measured.length
}

/** A way to choose, judged on all questions, or on the later part of them. */
type Router = {
  readonly name: string
  readonly pair: ModelPair
  /** Rows of evidence, in the order of the pair. */
  readonly rows: readonly number[]
  readonly strengths: ArrayLike<number>
  /** Knows the answers: a bound, and no way to route. */
  readonly isBound?: true
}

export const routerNames = {
  characters: 'more characters → strong',
  words: 'more words → strong',
  oracle: 'oracle',
  neighbours: 'neighbours in evidence (held out)',
} as const

/** The share of the evidence that a classifier learns from. */
const trainShare = 0.5
/** As the policy has it where nobody says. */
const defaultNeighbours = 20

function routersOf(study: Study): readonly Router[] {
  const { evidence, rows, weak, strong } = study
  const pair = { weak, strong }
  const all = [...rows]
  const texts = all.map((row) => evidence.rows[row]?.text ?? '')
  const base = { pair, rows: all }
  const routers: Router[] = [
    { ...base, name: routerNames.characters, strengths: texts.map(({ length }) => length) },
    { ...base, name: routerNames.words, strengths: texts.map((text) => countWords(text)) },
    { ...base, name: routerNames.oracle, strengths: oracleStrengths(pair), isBound: true },
  ]
  const learned = neighbourRouter(study)
  return learned === null ? routers : [...routers, learned]
}

function neighbourRouter({ evidence, options, models }: Study): Router | null {
  const { vectors = null, neighbours = defaultNeighbours } = options
  if (vectors === null) return null
  const { scores } = evidence
  const { tested, strengths } = scoreHeldOut({ vectors, scores }, models, {
    neighbours,
    trainShare,
  })
  if (tested.length === 0) return null
  const at = (model: number) =>
    Float64Array.from(tested, (row) => scores[model]?.[row] ?? Number.NaN)
  const pair = { weak: at(models.weak), strong: at(models.strong) }
  return { name: routerNames.neighbours, pair, rows: tested, strengths }
}

function factsOf(study: Study, { name, pair, rows, strengths }: Router): RouterFacts {
  const curve = routerCurve(pair, strengths)
  const costs = study.costs.of(study.models, rows)
  const inDollars = costs === null ? null : costCurve(curve, costs)
  return {
    name,
    quality: routerQuality(pair, strengths),
    dollars: inDollars === null ? null : dollarApgr(inDollars),
    costAt95: inDollars === null ? null : costAtQuality(inDollars),
  }
}

function metricsOf(study: Study, routers: readonly Router[]): RoutingMetrics | null {
  const router = routers.find(({ name }) => name === routerNames.neighbours) ?? routers[0]
  if (router === undefined) return null
  const quality = routerQuality(router.pair, router.strengths)
  const isMeasured = quality.kind === 'measured'
  const curve = routerCurve(router.pair, router.strengths)
  const cpt = (share: number) => (isMeasured ? callShareFor(curve, share) : null)
  const { weak, strong } = study
  const costs = new Float64Array(weak.length)
  const best = oracleChoice([weak, strong].map((scores) => ({ scores, costs })))
  return {
    apgr: isMeasured ? quality.apgr : null,
    cpt: { '0.2': cpt(0.2), '0.5': cpt(0.5), '0.8': cpt(0.8) },
    oracleQuality: best.quality,
  }
}

/** Every model alone, on the questions of the pair that it was measured on. */
function modelPoints({ evidence, models, rows, costs }: Study): readonly FrontierPoint[] {
  return evidence.models.flatMap((name, model) => {
    const scores = evidence.scores[model] ?? new Float64Array(0)
    const measured = rows.filter((row) => !Number.isNaN(scores[row]))
    const cost = costs.meanOf(model, measured)
    if (measured.length === 0 || cost === null) return []
    const sum = measured.reduce((total, row) => total + (scores[row] as number), 0)
    const strongShare = model === models.weak ? 0 : model === models.strong ? 1 : null
    return [pointOf(name, strongShare, cost * rows.length, sum / measured.length)]
  })
}

/** Mixing the weak and the strong model at random. */
function randomPoints(models: readonly FrontierPoint[]): readonly FrontierPoint[] {
  const [weak, strong] = [0, 1].map((end) => models.find(({ strongShare }) => strongShare === end))
  if (weak === undefined || strong === undefined) return []
  const ends = [qualityCost(weak), qualityCost(strong)] as const
  return shares.map((share) => {
    const cost = weak.costUsd + share * (strong.costUsd - weak.costUsd)
    return pointOf('random', share, cost * nano, randomQualityAt(ends, cost))
  })
}

const qualityCost = ({ costUsd, quality }: FrontierPoint) => ({
  cost: costUsd,
  quality: quality ?? 0,
})

/** Strong shares at which a router is shown; its ends are the models alone. */
const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const

function pointsOf(study: Study, { name, pair, rows, strengths }: Router): readonly FrontierPoint[] {
  const costs = study.costs.of(study.models, rows)
  if (costs === null) return []
  const curve = routerCurve(pair, strengths)
  const { costs: byCount } = costCurve(curve, costs)
  // Judged on fewer questions, it is shown at the cost of all.
  const scale = study.rows.length / rows.length
  return shares.map((share) => {
    const count = Math.round(share * curve.questions)
    return pointOf(name, share, (byCount[count] as number) * scale, qualityOf(curve, count))
  })
}

const qualityOf = (curve: RouterCurve, count: number): number => qualityAt(curve, count)

const nano = 1e9

const pointOf = (
  name: string,
  strongShare: number | null,
  costNanoUsd: number,
  quality: number,
): FrontierPoint => ({ name, strongShare, costUsd: costNanoUsd / nano, quality, dominated: false })

/** A model is beaten by other models alone; a mix by anything but the oracle, which nobody can have. */
function markDominated(
  models: readonly FrontierPoint[],
  mixes: readonly FrontierPoint[],
): readonly FrontierPoint[] {
  const real = mixes.filter(({ name }) => name !== routerNames.oracle)
  const beatenModels = beatenOf(models)
  const beaten = beatenOf([...models, ...real])
  return [
    ...models.map((point) => ({ ...point, dominated: beatenModels.has(point) })),
    ...mixes.map((point) => ({ ...point, dominated: beaten.has(point) })),
  ]
}

const beatenOf = (points: readonly FrontierPoint[]): ReadonlySet<FrontierPoint> =>
  new Set(
    dominated(points.map((point) => ({ ...qualityCost(point), point }))).map(({ point }) => point),
  )
