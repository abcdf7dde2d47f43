import type { EntryFacts } from '../domain/cached-entry.ts'
import type { Vector } from '../domain/embedder.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import type { ComparedText } from './compared-text.ts'
import type { HeldAnswer } from './held-answer.ts'
import type { TimedEntry } from './timed-entries.ts'

/** An entry of a live cache. */
export type LiveEntry = TimedEntry<string> & {
  /** Counts up with every entry, of all layers and for good. */
  readonly serial: number
  readonly layer: CacheLayer
  readonly facts: EntryFacts
  readonly held: HeldAnswer
  /** Null in the exact layer. */
  readonly compared: LiveCompared | null
  /** Whether the keeper may have it. */
  readonly isKept: boolean
  /** Goes on where its time begins anew. */
  readonly uses: { hits: number; usedMs: number | null }
}

type LiveCompared = {
  readonly text: ComparedText
  /** Only inside one are texts compared, and only inside one namespace. */
  readonly group: string
  /** Until it stands in the index. */
  vector: Vector | null
}

/** What an entry takes besides its texts: objects, queues, and the slot of its vector. */
export const overheadBytes = 800

/** About what an entry takes in memory; its vector apart. */
export const bytesOf = ({ held, compared, key }: LiveEntry): number =>
  overheadBytes + key.length + held.bytes + (compared?.text.text.length ?? 0)

const factNames = [
  'namespace',
  'user',
  'key',
  'team',
  'feature',
  'plan',
  'session',
  'documentVersion',
  'promptVersion',
  'tags',
] as const satisfies readonly (keyof EntryFacts)[]

/** What is remembered of the request that an entry answered; the model is the one that it asked for. */
export function factsOf(request: Request): EntryFacts {
  const facts: Record<string, unknown> = { model: request.requestedModel ?? request.model }
  for (const name of factNames) if (request[name] !== undefined) facts[name] = request[name]
  return facts as EntryFacts
}
