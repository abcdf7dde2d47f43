import type { Embedder } from '../domain/embedder.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Warning } from '../domain/report.ts'
import { embedEach, planEmbedding } from '../embed/embed-all.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { classifiersAsked } from '../policy/conditions-in.ts'
import type { Policy } from '../policy/policy.ts'
import { formatUsd } from '../report/numbers.ts'
import { measuredQuestions } from '../store/measurements.ts'
import type { Store } from '../store/store.ts'
import { openVectorCache } from '../store/vectors.ts'
import type { History } from '../worlds/history.ts'
import { rememberingLabels } from '../worlds/neighbour-classifier.ts'
import { lastUserQuestions } from '../worlds/questions.ts'
import type { LiveEmbedder } from '../worlds/text-vectors.ts'
import type { StoreFlags } from './common-options.ts'
import { sayPrice, textsOf } from './find-log-neighbours.ts'
import { embedderOf } from './log-embedder.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { readEvidence } from './read-evidence.ts'
import type { Terminal } from './terminal.ts'
import {
  nothingTrained,
  type TrainedClassifiers,
  trainClassifiers,
  untrainedWarnings,
} from './train-classifiers.ts'

/** Those of a policy for a log or a suite. */
export type LogClassifiers = TrainedClassifiers & {
  /** What the questions of a log would cost each embedder that bills; empty where no log is known. */
  readonly fees: readonly LookUpFees[]
}

/** What a running gateway pays to have the questions of a log embedded for its classifiers. */
type LookUpFees = {
  readonly embedder: string
  readonly texts: number
  /** Null: unpriced. */
  readonly costNanoUsd: NanoUsd | null
}

export type LogClassifierJob = {
  readonly store: Store
  readonly flags: StoreFlags & { readonly measured?: boolean }
  readonly terminal: Terminal
  readonly prices: RunPrices
  /** What a classifier without files of its own learns from. */
  readonly evidence: Evidence | null
  /** Whose requests are to be labelled; null: they are not known beforehand. */
  readonly history: History | null
  readonly signal: AbortSignal
  /** False in a dry run. */
  readonly mayAsk?: boolean
}

/** What classifiers learn from: their own files, each with what replays measured, or what is known anyway. */
export const logEvidence =
  ({ store, flags, evidence }: Pick<LogClassifierJob, 'store' | 'flags' | 'evidence'>) =>
  async (files: readonly string[]): Promise<Evidence | null> => {
    if (files.length === 0) return evidence
    const measured = flags.measured === false ? [] : measuredQuestions(store.database)
    return readEvidence(files, measured, store.secret)
  }

/** Labels remembered by question: logs ask the same again, and are gone through more than once. */
const mostLabels = 100_000

/**
 * The classifiers by neighbours of a policy, with models in the place of its tiers, ready for the requests of a log or a
 * suite. Vectors that were paid for stay in the store.
 */
export async function logClassifiers(
  policy: Policy,
  job: LogClassifierJob,
): Promise<LogClassifiers> {
  const { store, flags, terminal, prices, history, signal, mayAsk } = job
  const embedders = { logs: { store }, terminal, prices, ...(mayAsk === false && { mayAsk }) }
  const narrator = new Narrator(terminal, flags)
  const embed = (embedder: Embedder, texts: readonly string[]) => {
    const cache = embedder.isWorthStoring
      ? openVectorCache(store.database, keyHash(store.secret))
      : undefined
    sayPrice(embedder, () => texts, cache, narrator)
    return embedEach(embedder, texts, { cache, signal })
  }
  const fees: LookUpFees[] = []
  const trained = await trainClassifiers<LiveEmbedder & Embedder>(policy, {
    evidenceIn: logEvidence(job),
    embedderOf: (name) => embedderOf(embedders, name),
    embed,
    async vectorsOf(embedder) {
      const { embedOne } = embedder
      if (embedOne !== undefined) return embedOne
      const texts = history === null ? [] : textsOf(lastUserQuestions(history))
      if (texts.length > 0 && embedder.costOf(1e9) !== 0) fees.push(feesOf(embedder, texts))
      const vectors = await embed(embedder, texts)
      const embedOnly = async (question: string) => (await embed(embedder, [question]))[0] ?? null
      const known = new Map(texts.map((text, at) => [text, vectors[at] ?? null]))
      return (question) => {
        const vector = known.get(question)
        return vector === undefined ? embedOnly(question) : vector
      }
    },
  })
  const classifiers = new Map(
    Array.from(trained.classifiers, ([name, classifier]) => [
      name,
      rememberingLabels(classifier, mostLabels),
    ]),
  )
  return { ...trained, classifiers, fees }
}

/** Whatever is known already: a gateway has a memory of its own. */
function feesOf(embedder: Embedder, asked: readonly string[]): LookUpFees {
  const { texts, costNanoUsd } = planEmbedding(embedder, asked)
  return { embedder: embedder.name, texts, costNanoUsd }
}

/** The same for a suite, or for what a replay compares with. What replays measured is left out: this one adds to it. */
export async function replayClassifiers(
  policy: Policy,
  evidenceFiles: readonly string[],
  job: Omit<LogClassifierJob, 'evidence' | 'history'>,
): Promise<TrainedClassifiers> {
  if (classifiersAsked(policy).size === 0) return nothingTrained
  const evidence = await readEvidence(evidenceFiles, [], job.store.secret)
  const flags = { ...job.flags, measured: false }
  return logClassifiers(policy, { ...job, flags, evidence, history: null })
}

/** All that a simulation has to say of a policy's classifiers; `where` says whose they are. */
export const classifierWarnings = (trained: LogClassifiers, where = ''): readonly Warning[] => [
  ...untrainedWarnings(trained, where),
  ...feeWarnings(trained, where),
]

/** Of what classifiers pay embedders, which no figure of a simulation holds. */
const feeWarnings = ({ fees }: Pick<LogClassifiers, 'fees'>, where: string): readonly Warning[] =>
  fees.map(({ embedder, texts, costNanoUsd }) => {
    const price =
      costNanoUsd === null ? 'an unknown price' : `about ${formatUsd(costNanoUsd / 1e9)}`
    return {
      code: 'classifier-embedding',
      message: `${where}classifiers have each question embedded by ${embedder}: ${price} for those of this log, which the figures leave out`,
      count: texts,
    }
  })
