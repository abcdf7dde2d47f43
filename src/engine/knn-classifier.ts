import type { Vector } from '../domain/embedder.ts'
import type { Label } from '../policy/when.ts'
import { type RouterQuality, routerQuality } from '../stats/routing-metrics.ts'
import { type LiveIndex, openLiveIndex } from '../vectors/live-index.ts'

/** Questions as vectors, and how models scored on them. */
export type KnnExamples = {
  /** One for each question; null where its text has none. */
  readonly vectors: readonly (Vector | null)[]
  /** By model, then by question; NaN where not measured. */
  readonly scores: readonly ArrayLike<number>[]
}

/** Predicts how models would score on a question, from the questions most like it. */
export type KnnClassifier = {
  /** The expected score of each model, NaN for one that was never measured; `without` are places that have no say. */
  predict(vector: Vector | null, without?: ReadonlySet<number>): Float64Array
}

/**
 * Trains on the examples at these places (all of them when none are given). The prediction is the mean score of the
 * `neighbours` most similar questions (1,024 at most), weighted by cosine; equally similar ones count in the order of
 * the places. Where no neighbour of positive similarity was measured it is the mean of all examples. Throws a
 * `VectorError` for vectors that are not finite or of several lengths.
 */
export function trainKnn(
  examples: KnnExamples,
  neighbours: number,
  places: Iterable<number> = examples.vectors.keys(),
): KnnClassifier {
  const training = trainKnnInSteps(examples, neighbours, places)
  for (;;) {
    const step = training.next()
    if (step.done === true) return step.value
  }
}

/** Examples learned without a pause: about a millisecond. */
const learnedAtOnce = 128

/** The same with a pause after each few examples, for where others are waiting. */
export function* trainKnnInSteps(
  { vectors, scores }: KnnExamples,
  neighbours: number,
  places: Iterable<number>,
): Generator<void, KnnClassifier> {
  const known: number[] = []
  let index: LiveIndex<number> | null = null
  for (const place of places) {
    const vector = vectors[place]
    if (vector == null) continue
    index ??= openLiveIndex({ dimensions: vector.length, mode: 'exact', capacity: vectors.length })
    index.add(place, vector, everything)
    if (known.push(place) % learnedAtOnce === 0) yield
  }
  return classifierOn({ index, known, scores, neighbours })
}

type Learned = Pick<KnnExamples, 'scores'> & {
  /** Null without a single vector. */
  readonly index: LiveIndex<number> | null
  readonly known: readonly number[]
  readonly neighbours: number
}

function classifierOn({ index, known, scores, neighbours }: Learned): KnnClassifier {
  const means = scores.map((column) => meanOf(known, column))
  const meanWithout = (model: number, without: ReadonlySet<number>): number => {
    if (without.size === 0) return means[model] as number
    const others = known.filter((place) => !without.has(place))
    return meanOf(others, scores[model] ?? [])
  }
  return {
    predict(vector, without = nothing) {
      const nearest = vector && index ? nearestIn(index, vector, neighbours, without) : []
      return Float64Array.from(scores, (column, model) => {
        const vote = voteOf(nearest, column)
        return Number.isNaN(vote) ? meanWithout(model, without) : vote
      })
    },
  }
}

const everything = ''
const nothing: ReadonlySet<number> = new Set()

type Neighbour = { readonly place: number; readonly similarity: number }

function meanOf(places: readonly number[], column: ArrayLike<number>): number {
  const measured = places.map((place) => column[place] as number).filter(Number.isFinite)
  return measured.reduce((sum, score) => sum + score, 0) / measured.length
}

/** Most questions have neighbours as near as this: those below it need not be put into an order then. */
const nearFloor = 0.5

/** The most similar first. */
function nearestIn(
  index: LiveIndex<number>,
  vector: Vector,
  neighbours: number,
  without: ReadonlySet<number>,
): readonly Neighbour[] {
  const above = (floor: number): readonly Neighbour[] => {
    const nearest: Neighbour[] = []
    for (const { id: place, similarity } of index.walk(vector, everything, floor)) {
      if (nearest.length === neighbours || similarity <= 0) break
      if (!without.has(place)) nearest.push({ place, similarity })
    }
    return nearest
  }
  const near = above(nearFloor)
  return near.length === neighbours ? near : above(0)
}

/** NaN where none of them was measured. */
function voteOf(nearest: readonly Neighbour[], column: ArrayLike<number>): number {
  let weighted = 0
  let weights = 0
  for (const { place, similarity } of nearest) {
    const score = column[place] as number
    if (!Number.isFinite(score)) continue
    weighted += similarity * score
    weights += similarity
  }
  return weighted / weights
}

/** What a model of each tier is expected to score; NaN where nobody knows. */
export type TierQuality = { readonly small: number; readonly medium: number }

/** The cheapest tier that is expected to suffice; the strong one needs no proof. */
export function labelOfQuality({ small, medium }: TierQuality, minQuality: number): Label {
  if (small >= minQuality) return 'simple'
  return medium >= minQuality ? 'medium' : 'hard'
}

/** A router judged on questions that it was not trained on. */
export type HeldOutScore = {
  /** Places of the questions it was judged on, the later part. */
  readonly tested: readonly number[]
  /** The expected gain by the strong model on each of them: what a frontier is swept by. */
  readonly strengths: Float64Array
  readonly quality: RouterQuality
}

/** A weak and a strong model, by their places in `scores`. */
export type TwoModels = { readonly weak: number; readonly strong: number }

/**
 * Trains on the earlier part and judges on the rest: by time where every question has one (`at`),
 * else in the order of the examples. Questions that one of the two models was not measured on are
 * left out.
 */
export function scoreHeldOut(
  examples: KnnExamples,
  { weak, strong }: TwoModels,
  options: {
    readonly neighbours: number
    readonly trainShare: number
    readonly at?: ArrayLike<number>
  },
): HeldOutScore {
  const { neighbours, trainShare, at } = options
  const [weakScores, strongScores] = [examples.scores[weak] ?? [], examples.scores[strong] ?? []]
  const measured = [...examples.vectors.keys()].filter(
    (place) => Number.isFinite(weakScores[place]) && Number.isFinite(strongScores[place]),
  )
  if (at !== undefined) measured.sort((a, b) => (at[a] as number) - (at[b] as number) || a - b)
  const cut = Math.floor(measured.length * trainShare)
  const tested = measured.slice(cut)
  const classifier = trainKnn(examples, neighbours, measured.slice(0, cut))
  const strengths = Float64Array.from(tested, (place) => {
    const predicted = classifier.predict(examples.vectors[place] ?? null)
    const gain = (predicted[strong] as number) - (predicted[weak] as number)
    return Number.isNaN(gain) ? 0 : gain
  })
  const pair = {
    weak: tested.map((place) => weakScores[place] as number),
    strong: tested.map((place) => strongScores[place] as number),
  }
  return { tested, strengths, quality: routerQuality(pair, strengths) }
}
