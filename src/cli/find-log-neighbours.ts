import { createHash } from 'node:crypto'
import type { Embedder, VectorCache } from '../domain/embedder.ts'
import { planEmbedding } from '../embed/embed-all.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { Policy } from '../policy/policy.ts'
import { formatUsd } from '../report/numbers.ts'
import { storeArrays, storedArrays } from '../store/kept-arrays.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import { openVectorCache } from '../store/vectors.ts'
import { type FoundNeighbours, findNeighbours } from '../worlds/find-neighbours.ts'
import type { History } from '../worlds/history.ts'
import { neighbourArrayNames, readNeighbours, writeNeighbours } from '../worlds/neighbour-arrays.ts'
import type { Questions } from '../worlds/questions.ts'
import type { OpenLogs } from './logs.ts'
import type { Narrator } from './narrator.ts'

export type NeighbourJob = {
  readonly logs: OpenLogs
  readonly history: History
  readonly questions: Questions
  readonly embedder: Embedder
  readonly policy: Policy
  readonly floor: number
  readonly mode: 'exact' | 'fast'
  readonly narrator: Narrator
  readonly signal: AbortSignal
}

/** Changes whenever the same texts could have other neighbours. */
const listVersion = 2

/** The similar questions of a log: from an earlier run where nothing has changed since, else found now and kept. */
export async function findLogNeighbours(job: NeighbourJob): Promise<FoundNeighbours | null> {
  const { logs, history, questions, embedder, policy, floor, mode, narrator, signal } = job
  const { database, secret } = logs.store
  const { guards, cacheText } = policy.cache.semantic
  // Only questions that are a last user message are told apart without reading texts.
  const key =
    cacheText.kind === 'last-user'
      ? hashOf([listVersion, embedder.fingerprint, floor, mode, guards, history.questionsDigest])
      : null
  const kept = key === null ? null : storedArrays(database, key, [...neighbourArrayNames, 'facts'])
  if (kept !== null) {
    const facts = JSON.parse(Buffer.from(kept['facts'] as Uint8Array).toString()) as Facts
    return { ...facts, neighbours: readNeighbours(kept, floor, [null, ...guards]) }
  }
  const cache = embedder.isWorthStoring ? openVectorCache(database, keyHash(secret)) : undefined
  sayPrice(embedder, () => textsOf(questions), cache, narrator)
  const found = await findNeighbours(questions, {
    embedder,
    cache,
    floor,
    mode,
    guards,
    signal,
    onProgress: ({ step, done, total }) => narrator.working(`${step} questions`, done, total),
  })
  narrator.clear()
  if (key !== null && found !== null) keep(logs, key, found)
  return found
}

/** Those that are kept. */
export const textsOf = (questions: Questions): readonly string[] =>
  Array.from({ length: questions.count }, (_, question) => questions.textOf(question)).filter(
    (text) => text !== null,
  )

type Facts = Omit<FoundNeighbours, 'neighbours'>

function keep(logs: OpenLogs, key: string, { neighbours, ...facts }: FoundNeighbours): void {
  const { database } = logs.store
  const arrays = {
    ...writeNeighbours(neighbours),
    facts: Buffer.from(JSON.stringify(facts)),
  }
  try {
    writeStillUnchanged(database, logs.snapshot, () => storeArrays(database, key, arrays))
  } catch {
    // Lists that cannot be kept, be it on a full disk, are only found again next time.
  }
}

/** Says what an endpoint will bill, before it is asked. */
export function sayPrice(
  embedder: Embedder,
  texts: () => readonly string[],
  cache: VectorCache | undefined,
  narrator: Narrator,
): void {
  if (embedder.costOf(1_000_000_000) === 0) return
  const plan = planEmbedding(embedder, texts(), cache === undefined ? {} : { cache })
  const price =
    plan.costNanoUsd === null ? 'an unknown price' : `about ${formatUsd(plan.costNanoUsd / 1e9)}`
  narrator.say(
    `${embedder.name}: ${plan.toAsk} of ${plan.texts} texts are to be embedded, about ${plan.tokens} tokens for ${price}`,
  )
}

const hashOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
