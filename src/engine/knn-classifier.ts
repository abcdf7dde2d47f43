import type { Vector } from '../domain/embedder.ts'
import type { Label } from '../policy/when.ts'
import { type RouterQuality, routerQuality } from '../stats/routing-metrics.ts'
import { cosine } from '../vectors/cosine.ts'

/** Questions as vectors, and how models scored on them. */
export type KnnExamples = {
  /** One for each question; null where its text has none. */
  readonly vectors: readonly (Vector | null)[]
  /** By model, then by question; NaN where not measured. */
  readonly scores: readonly ArrayLike<number>[]
}

/** Predicts how models would score on a question, from the questions most like it. */
export type KnnClassifier = {
  /** The expected score of each model; NaN for one that was never measured. */
  predict(vector: Vector | null): Float64Array
}

/**
 * Trains on the examples at these places (all of them when none are given). The prediction is the
 * mean score of the `neighbours` most similar questions, weighted by cosine; equally similar ones
 * count in the order of the examples. Where no neighbour of positive similarity was measured it is
 * the mean of all examples.
 */
export function trainKnn(
  { vectors, scores }: KnnExamples,
  neighbours: number,
  places: Iterable<number> = vectors.keys(),
): KnnClassifier {
  const known: Example[] = []
  for (const place of places) {
    const vector = vectors[place]
    if (vector != null) known.push({ place, vector })
  }
  const means = Float64Array.from(scores, (column) => meanOf(known, column))
  return {
    predict(vector) {
      if (vector === null) return means
      const nearest = nearestTo(vector, known, neighbours)
      return means.map((mean, model) => voteOf(nearest, scores[model] ?? [], mean))
    },
  }
}

type Example = { readonly place: number; readonly vector: Vector }
type Neighbour = { readonly place: number; readonly similarity: number }

function meanOf(examples: readonly Example[], column: ArrayLike<number>): number {
  const measured = examples.map(({ place }) => column[place] as number).filter(Number.isFinite)
  return measured.reduce((sum, score) => sum + score, 0) / measured.length
}

/** The most similar first; kept sorted while they are found, for there are few. */
function nearestTo(
  vector: Vector,
  examples: readonly Example[],
  neighbours: number,
): readonly Neighbour[] {
  const nearest: Neighbour[] = []
  for (const { place, vector: other } of examples) {
    const similarity = cosine(vector, other)
    // Also where a zero vector makes it NaN.
    if (!(similarity > 0)) continue
    const last = nearest[neighbours - 1]
    if (last !== undefined && similarity <= last.similarity) continue
    let at = Math.min(nearest.length, neighbours - 1)
    for (; at > 0 && (nearest[at - 1] as Neighbour).similarity < similarity; at--) {
      nearest[at] = nearest[at - 1] as Neighbour
    }
    nearest[at] = { place, similarity }
  }
  return nearest
}

function voteOf(nearest: readonly Neighbour[], column: ArrayLike<number>, mean: number): number {
  let weighted = 0
  let weights = 0
  for (const { place, similarity } of nearest) {
    const score = column[place] as number
    if (!Number.isFinite(score)) continue
    weighted += similarity * score
    weights += similarity
  }
  return weights === 0 ? mean : weighted / weights
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
