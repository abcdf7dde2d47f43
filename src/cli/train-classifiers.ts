import type { Embedder, Vector } from '../domain/embedder.ts'
import { inTable } from '../domain/json.ts'
import type { Warning } from '../domain/report.ts'
import type { MaybePromise } from '../domain/world.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { classifiersAsked } from '../policy/conditions-in.ts'
import type { Policy } from '../policy/policy.ts'
import type { ClassifierSettings } from '../policy/routing.ts'
import {
  type NeighbourClassifier,
  type NeighbourClassifiers,
  neighbourClassifier,
  trainNeighbours,
} from '../worlds/neighbour-classifier.ts'

/** Whom training asks. */
export type TrainingPorts<Own extends Pick<Embedder, 'name'>> = {
  /** Scores in these files (none: the policy's), and what replays measured; null without any. */
  readonly evidenceIn: (files: readonly string[]) => Promise<Evidence | null>
  readonly embedderOf: (name: string) => Promise<Own>
  /** One for each text; null where it has no vector. */
  readonly embed: (embedder: Own, texts: readonly string[]) => Promise<readonly (Vector | null)[]>
  /** Of the question of a request. */
  readonly vectorsOf: (
    embedder: Own,
  ) => MaybePromise<(question: string) => MaybePromise<Vector | null>>
}

export type TrainedClassifiers = {
  readonly classifiers: NeighbourClassifiers
  /** What each of them learned from. */
  readonly examples: readonly Examples[]
  /** Classifiers that are asked and have nothing to learn from. */
  readonly untrained: readonly string[]
}

/** Rows of evidence and the vectors of their questions. */
export type Examples = {
  readonly evidence: Evidence
  readonly vectors: readonly (Vector | null)[]
  readonly neighbours: number
}

export const nothingTrained: TrainedClassifiers = {
  classifiers: new Map(),
  examples: [],
  untrained: [],
}

type Knn = Extract<ClassifierSettings, { readonly kind: 'knn' }>

/** The classifiers by neighbours that a policy's rules ask, by name. */
export const knnAsked = (policy: Policy): readonly (readonly [string, Knn])[] =>
  [...classifiersAsked(policy)].flatMap((name) => {
    const settings = inTable(policy.classifiers, name)
    return settings?.kind === 'knn' ? [[name, settings] as const] : []
  })

/**
 * Trains the classifiers by neighbours that a policy's rules ask, with models in the place of its tiers. Throws a
 * UserError for files that hold no scores and for an embedder that cannot be opened.
 */
export async function trainClassifiers<Own extends Pick<Embedder, 'name'>>(
  policy: Policy,
  ports: TrainingPorts<Own>,
): Promise<TrainedClassifiers> {
  const classifiers = new Map<string, NeighbourClassifier>()
  const examples: Examples[] = []
  const untrained: string[] = []
  for (const [name, settings] of knnAsked(policy)) {
    const evidence = await ports.evidenceIn(settings.evidence)
    const trained = evidence && (await train(policy, settings, evidence, ports))
    if (trained === null) untrained.push(name)
    else {
      classifiers.set(name, trained.classifier)
      examples.push(trained.examples)
    }
  }
  return { classifiers, examples, untrained }
}

async function train<Own extends Pick<Embedder, 'name'>>(
  { tiers }: Policy,
  { embedder: named, neighbours, minQuality }: Knn,
  evidence: Evidence,
  { embedderOf, embed, vectorsOf }: TrainingPorts<Own>,
): Promise<{ readonly classifier: NeighbourClassifier; readonly examples: Examples } | null> {
  const embedder = await embedderOf(named)
  const texts = evidence.rows.map(({ text }) => text || null)
  const asked = texts.filter((text) => text !== null)
  const made = asked.length === 0 ? [] : await embed(embedder, asked)
  let next = 0
  const vectors = texts.map((text) => (text === null ? null : (made[next++] ?? null)))
  const labelOf = await trainNeighbours({ evidence, vectors, tiers, neighbours, minQuality })
  if (labelOf === null) return null
  const classifier = neighbourClassifier(labelOf, await vectorsOf(embedder))
  return { classifier, examples: { evidence, vectors, neighbours } }
}

/** Said of a classifier that has nothing to learn from. */
export const untrainedWords = (name: string): string =>
  `classifiers.${name} has no scores of the small or medium tier to learn from, and says "medium" of every request: ` +
  'name eval results in `evidence`, or let llmcost replay measure these models'

/** The same as a report has it; `where` says whose classifiers they are. */
export const untrainedWarnings = (
  { untrained }: TrainedClassifiers,
  where = '',
): readonly Warning[] =>
  untrained.map((name) => ({
    code: 'untrained-classifier',
    message: `${where}${untrainedWords(name)}`,
    count: 1,
  }))
