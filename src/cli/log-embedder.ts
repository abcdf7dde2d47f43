import type { Embedder } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'
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
  /** False in a dry run: vectors that somebody would bill are those that are known, or none. */
  readonly mayAsk?: boolean
}

/** The embedder of that name, as policies spell it. */
export async function embedderOf(
  { logs, terminal, prices, mayAsk }: EmbedderJob,
  name: string,
): Promise<LiveEmbedder & Embedder> {
  const { database, secret } = logs.store
  const embedder = await openEmbedder(name, {
    env: terminal.env,
    workingFolder: process.cwd(),
    prices: prices.book,
    logged: name === 'logged' ? openLoggedVectors(database, keyHash(secret)) : null,
  })
  const isBilled = embedder.costOf(1e9) !== 0
  return mayAsk === false && isBilled ? { ...embedder, embed: refuseToAsk(name) } : embedder
}

const refuseToAsk = (name: string) => (): never => {
  throw new UserError(`a dry run asks nobody, and not all texts have a vector by ${name} yet`, {
    hint: 'llmcost simulate under the same policy has them embedded, says what that costs, and keeps them',
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
