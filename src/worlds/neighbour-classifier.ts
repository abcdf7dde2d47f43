import type { Vector } from '../domain/embedder.ts'
import { rightFromScore } from '../domain/measurement.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import type { AskedLabel, MaybePromise } from '../domain/world.ts'
import { after } from '../engine/after.ts'
import { labelOfQuality, trainKnnInSteps } from '../engine/knn-classifier.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import type { Tiers } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import { familyOf } from '../prices/same-model.ts'
import { VectorError } from '../vectors/vector-error.ts'
import { RecentlyUsed } from './recently-used.ts'

/** What a classifier by neighbours says of a question (a last user message); null where it cannot judge. */
export type NeighbourClassifier = (question: string) => MaybePromise<Label | null>

/** The classifiers of a policy that have learned something, by name. */
export type NeighbourClassifiers = ReadonlyMap<string, NeighbourClassifier>

/** Nothing was learned: every classifier by neighbours says "medium". */
export const noNeighbours: NeighbourClassifiers = new Map()

/**
 * What the engine is told: asking costs nothing by itself, and a classifier that cannot judge, or has learned nothing
 * (undefined), says "medium".
 */
export const askNeighbours = (
  classifier: NeighbourClassifier | undefined,
  question: string,
): MaybePromise<AskedLabel> =>
  after(classifier?.(question) ?? null, (label) => ({
    label: label ?? 'medium',
    costNanoUsd: zeroNanoUsd,
    latencyMs: 0,
  }))

export type NeighbourTraining = {
  readonly evidence: Evidence
  /** Of each row's question; null where it has none. */
  readonly vectors: readonly (Vector | null)[]
  /** Models in the place of tiers (`nameTiers`): whether the small one suffices, or the medium one. */
  readonly tiers: Pick<Tiers, 'small' | 'medium'>
  readonly neighbours: number
  readonly minQuality: number
}

/** The label of a question by its vector; null where it has none. */
export type LabelOfQuestion = (question: string, vector: Vector | null) => Label | null

/**
 * Learns from evidence which tier suffices. A question is never judged by rows about itself: those with the same last
 * user message have no say. Null where no row with a vector has a score of the small or the medium tier. Throws a
 * `VectorError` for vectors of several lengths.
 */
export async function trainNeighbours(
  training: NeighbourTraining,
): Promise<LabelOfQuestion | null> {
  const { evidence, vectors, tiers, neighbours, minQuality } = training
  const scores = [scoresOf(evidence, tiers.small), scoresOf(evidence, tiers.medium)] as const
  const places = evidence.rows.flatMap((_, row) =>
    vectors[row] != null && scores.some((column) => !Number.isNaN(column[row])) ? [row] : [],
  )
  if (places.length === 0) return null
  const classifier = await inTurns(trainKnnInSteps({ vectors, scores }, neighbours, places))
  const rowsOf = rowsByQuestion(evidence, places)
  return (question, vector) => {
    if (vector === null) return null
    const expected = predicted(() => classifier.predict(vector, rowsOf.get(question)))
    if (expected === null) return null
    const [small = Number.NaN, medium = Number.NaN] = expected
    // Nothing but the question's own rows.
    if (Number.isNaN(small) && Number.isNaN(medium)) return null
    return labelOfQuality({ small, medium }, minQuality)
  }
}

/** Lets whoever waits have a turn after each step. */
async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise((resume) => setImmediate(resume))
  }
}

/** Null for a vector that cannot be compared, as of an embedder that has changed. */
function predicted(predict: () => Float64Array): Float64Array | null {
  try {
    return predict()
  } catch (error) {
    if (error instanceof VectorError) return null
    throw error
  }
}

/**
 * By row: of the spellings of a model the first that was measured. What a replay, or people, measured is right or wrong:
 * of two answers that are alike each scores a half, and the cheaper one would have done.
 */
function scoresOf({ models, rows, scores }: Evidence, target: string | null): Float64Array {
  const family = target === null ? null : familyOf(target)
  const columns = scores.filter((_, model) => familyOf(models[model] ?? '') === family)
  return Float64Array.from(rows, ({ replayedBy }, row) => {
    const measured = columns.find((column) => !Number.isNaN(column[row]))
    const score = measured?.[row] ?? Number.NaN
    return replayedBy === null || Number.isNaN(score) ? score : Number(score >= rightFromScore)
  })
}

function rowsByQuestion(
  { rows }: Evidence,
  places: readonly number[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const lists = new Map<string, Set<number>>()
  for (const place of places) {
    const text = rows[place]?.text ?? ''
    const list = lists.get(text)
    if (list === undefined) lists.set(text, new Set([place]))
    else list.add(place)
  }
  return lists
}

/** The same for questions, whose vectors come from there. */
export const neighbourClassifier =
  (
    labelOf: LabelOfQuestion,
    vectorOf: (question: string) => MaybePromise<Vector | null>,
  ): NeighbourClassifier =>
  (question) =>
    question === '' ? null : after(vectorOf(question), (vector) => labelOf(question, vector))

/** A classifier that is asked for each question once, as long as it remembers it. */
export function rememberingLabels(
  classifier: NeighbourClassifier,
  most: number,
): NeighbourClassifier {
  const labels = new RecentlyUsed<string, MaybePromise<Label | null>>(most, () => true)
  return (question) => {
    const known = labels.get(question)
    if (known !== undefined) return known
    const label = classifier(question)
    labels.set(question, label)
    return label
  }
}
