import type { Embedder } from '../domain/embedder.ts'
import { openEmbedder } from '../embed/open-embedder.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { Similarity } from '../score/equivalence.ts'
import { openLoggedVectors } from '../store/logged-vectors.ts'
import { cosine } from '../vectors/cosine.ts'
import type { LiveEmbedder } from '../worlds/text-vectors.ts'
import type { OpenLogs } from './logs.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

export type EmbedderJob = {
  readonly logs: Pick<OpenLogs, 'store'>
  readonly terminal: Terminal
  readonly prices: RunPrices
}

/** The embedder of that name, as policies spell it. */
export async function embedderOf(
  { logs, terminal, prices }: EmbedderJob,
  name: string,
): Promise<LiveEmbedder & Embedder> {
  const { database, secret } = logs.store
  return openEmbedder(name, {
    env: terminal.env,
    workingFolder: process.cwd(),
    prices: prices.book,
    logged: name === 'logged' ? openLoggedVectors(database, keyHash(secret)) : null,
  })
}

/** Answers are compared by the built-in embedder, whatever the policy's own is. */
export async function similarityOf(): Promise<Similarity> {
  const { openStaticEmbedder } = await import('../embed/static-embedder.ts')
  // Opened when two answers are first compared: many logs hold labels, or none that differ.
  let embedder: ReturnType<typeof openStaticEmbedder> | null = null
  return (a, b) => {
    embedder ??= openStaticEmbedder()
    const [left, right] = [embedder.embedOne(a), embedder.embedOne(b)]
    return left === null || right === null ? null : cosine(left, right)
  }
}
