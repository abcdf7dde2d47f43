import type { Embedder, Vector, VectorCache } from '../domain/embedder.ts'
import type { MeasuredQuestion } from '../domain/measurement.ts'
import { embedEach } from '../embed/embed-all.ts'
import { openEmbedder } from '../embed/open-embedder.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { Policy } from '../policy/policy.ts'
import { bookedEmbedder, type EmbedderBook } from '../serve/booked-embedder.ts'
import { namedPolicy } from '../serve/policy-in-force.ts'
import { measuredQuestions } from '../store/measurements.ts'
import { openStore, type Store } from '../store/store.ts'
import { openVectorCache } from '../store/vectors.ts'
import type { HandedOn } from '../worlds/handed-on-vectors.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { type LiveEmbedder, TextVectors } from '../worlds/text-vectors.ts'
import type { RunPrices } from './price-book.ts'
import { readEvidence } from './read-evidence.ts'
import type { ServeCache } from './serve-cache.ts'
import type { Terminal } from './terminal.ts'
import { type TrainingPorts, trainClassifiers, untrainedWords } from './train-classifiers.ts'

export type ServeClassifiersOptions = {
  /** Of the store that the gateway belongs to, where replays leave what they measured. */
  readonly storePath: string
  readonly secret: string
  readonly prices: RunPrices
  readonly terminal: Terminal
  /** Questions that the cache looks up are not embedded again. */
  readonly opened: Pick<ServeCache, 'embedder' | 'lookUps'>
  /** Where what an embedder bills is written down. */
  readonly book: EmbedderBook
  readonly warn: (sentence: string) => void
}

/** Trains the classifiers by neighbours of a policy, as it is written. */
export type ServeClassifiers = (policy: Policy) => Promise<NeighbourClassifiers>

type LookUps = {
  readonly name: string
  /** For evidence. */
  readonly embedder: LiveEmbedder & Embedder
  /** For questions. */
  readonly vectorOf: HandedOn['vectorOf']
}

/** Texts that are embedded in this thread without a pause: a millisecond or two, for others are waiting. */
const embeddedAtOnce = 16

/**
 * Reads evidence and learns from it while the gateway serves. What cannot be embedded is warned of and not learned.
 * Training throws a UserError for files that hold no scores and for an embedder that cannot be opened.
 */
export function openServeClassifiers(options: ServeClassifiersOptions): ServeClassifiers {
  const { warn } = options
  const byName = new Map<string, LookUps>()
  return async (asked) => {
    const { policy } = namedPolicy(asked)
    const { classifiers, untrained } = await trainClassifiers<LookUps>(policy, {
      evidenceIn: servedEvidence(policy, options),
      async embedderOf(name) {
        const lookUps = byName.get(name) ?? (await openLookUps(name, options))
        byName.set(name, lookUps)
        return lookUps
      },
      embed: (lookUps, texts) => embedEvidence(lookUps, texts, options),
      vectorsOf: ({ vectorOf }) => vectorOf,
    })
    for (const name of untrained) warn(untrainedWords(name))
    return classifiers
  }
}

type EvidenceOptions = Pick<ServeClassifiersOptions, 'storePath' | 'secret' | 'terminal'>

/** What a gateway's classifiers learn from: files, and what replays have measured by now. */
export const servedEvidence =
  (policy: Policy, options: EvidenceOptions): TrainingPorts<never>['evidenceIn'] =>
  async (files) =>
    readEvidence(
      files.length === 0 ? policy.evidence : files,
      await measured(options),
      options.secret,
    )

/** Learning goes on with what could be embedded: a gateway is not to stand still for an embedder. */
async function embedEvidence(
  { name, embedder }: LookUps,
  texts: readonly string[],
  options: ServeClassifiersOptions,
): Promise<readonly (Vector | null)[]> {
  const { warn } = options
  try {
    const vectors = await withVectorCache(options, embedder, (cache) =>
      embedEach(embedder, texts, { cache }),
    )
    const missing = vectors.filter((vector) => vector === null).length
    if (missing > 0)
      warn(
        `classifiers: ${missing} of ${texts.length} questions of evidence have no ${name} vector`,
      )
    return vectors
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    warn(`classifiers: ${name} could not embed the questions of evidence: ${why}`)
    return texts.map(() => null)
  }
}

async function openLookUps(
  name: string,
  { opened, prices, terminal, book }: ServeClassifiersOptions,
): Promise<LookUps> {
  const { embedder: looksUp, lookUps } = opened
  const shared = looksUp?.name === name ? looksUp : null
  const made: LiveEmbedder & Embedder =
    shared ??
    (await openEmbedder(name, {
      env: terminal.env,
      workingFolder: process.cwd(),
      prices: prices.book,
      logged: null,
    }))
  const booked = bookedEmbedder(made, book)
  const own = new TextVectors(booked)
  return {
    name,
    embedder: booked.embedOne === undefined ? booked : inShortTurns(booked),
    vectorOf: shared !== null && lookUps !== null ? lookUps.vectorOf : (text) => own.of(text),
  }
}

const inShortTurns = <Own extends Embedder>(embedder: Own): Own => ({
  ...embedder,
  limits: { ...embedder.limits, textsPerCall: embeddedAtOnce },
})

/** What replays measured; nothing where there is no store yet. */
async function measured(options: EvidenceOptions): Promise<readonly MeasuredQuestion[]> {
  const store = await storeOf(options, false)
  if (store === null) return []
  try {
    return measuredQuestions(store.database)
  } finally {
    store.close()
  }
}

const storeOf = (
  { storePath: path, terminal }: EvidenceOptions,
  create: boolean,
): Promise<Store | null> => openStore({ path, driver: terminal.env['LLMCOST_SQLITE'], create })

/** With the vectors in the store, where they cost something. A budget without room is no reason to keep none for good. */
async function withVectorCache<T>(
  options: ServeClassifiersOptions,
  { isWorthStoring }: Embedder,
  work: (cache: VectorCache | undefined) => Promise<T>,
): Promise<T> {
  const store = isWorthStoring ? await storeOf(options, true) : null
  if (store === null) return work(undefined)
  try {
    const cache = openVectorCache(store.database, keyHash(store.secret))
    return await work({
      ...cache,
      put: (fingerprint, vectors) =>
        cache.put(
          fingerprint,
          vectors.filter(([, vector]) => vector !== null),
        ),
    })
  } finally {
    store.close()
  }
}
