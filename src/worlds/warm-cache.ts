import type { Embedder, Vector, VectorCache } from '../domain/embedder.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Answer, Request } from '../domain/request.ts'
import type { Asked, CacheTerms } from '../domain/world.ts'
import { embedAll } from '../embed/embed-all.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { isWhole } from '../engine/decide.ts'
import type { CachePolicy } from '../policy/caching.ts'
import type { History } from './history.ts'
import type { FactsAt } from './history-facts.ts'
import type { LiveCache } from './live-cache.ts'
import { overheadBytes } from './live-entry.ts'
import { loggedAnswer } from './logged-answer.ts'

export type WarmOptions = {
  readonly cache: LiveCache
  readonly compiled: CompiledPolicy
  readonly factsAt: FactsAt
  /** Null: the semantic layer stays cold. */
  readonly embedder: Embedder | null
  /** Vectors that were paid for before. */
  readonly vectors?: VectorCache | undefined
  /** Milliseconds since 1970 UTC: entries are as old as their answers. */
  readonly now: number
  /** So many of the newest answers at most, and no more than the cache can hold. */
  readonly most?: number
  /** The answer as the cache is to hold it; null: it cannot be served. By default as the log has it. */
  readonly answerOf?: (answer: Answer, request: Request) => Answer | null
  /** The id of an entry; one id must never stand for two answers. By default the place in the store. */
  readonly idOf?: (answer: Answer, request: Request, bornMs: number) => string | number
  /** Also the moment to write down what was kept so far. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Why an answer of the log is not kept, the first reason that holds. */
export const warmSkips = [
  'over-limit',
  'expired',
  /** No answer, one that was cut off, a tool call, one of several choices, no time. */
  'not-whole',
  /** By a rule of the policy, or with both layers off. */
  'ruled-out',
  /** The same was asked again, and answered later. */
  'repeated',
  /** The log holds its question or its answer as a hash at most, or nobody could serve it. */
  'no-text',
  /** The cache has it already, or a later answer to the same, or is full of newer ones. */
  'held',
] as const
export type WarmSkip = (typeof warmSkips)[number]

export type Warmed = {
  /** Answers that went into one layer or both. */
  readonly kept: number
  readonly skipped: Readonly<Record<WarmSkip, number>>
  /** What making their vectors came to; the cost is null without a price. */
  readonly tokens: number
  readonly costNanoUsd: NanoUsd | null
  /** Why the semantic layer was left as it was from some answer on; null: it was not. */
  readonly embedderFault: string | null
}

/** What is to go into the cache. */
type Candidate = {
  readonly place: number
  readonly terms: CacheTerms
  readonly bornMs: number
  readonly answer: Answer
}

/** Requests looked at between two moments for others, and answers whose vectors are held at once. */
const lookedAtOnce = 500

/**
 * Fills a live cache with the newest answers of a history that are still good under its policy. They are as old as they
 * are: what a time to live would have ended by now is not kept. Where the embedder fails the rest goes into the exact
 * layer alone.
 */
export async function warmFromHistory(history: History, options: WarmOptions): Promise<Warmed> {
  const { candidates, skipped } = await collect(history, options)
  const { signal, onProgress } = options
  const vectors = new WarmVectors(options)
  let kept = 0
  for (let from = 0; from < candidates.length; from += lookedAtOnce) {
    await new Promise(setImmediate)
    signal?.throwIfAborted()
    const some = candidates.slice(from, from + lookedAtOnce)
    kept += await warmSome(history, some, vectors, options)
    onProgress?.(history.count + from + some.length, history.count + candidates.length)
  }
  const { tokens, costNanoUsd, fault } = vectors
  skipped.held = candidates.length - kept
  return { kept, skipped, tokens, costNanoUsd, embedderFault: fault }
}

/** How many of these answers the cache took. Their prompts are read again: those of all would be too many to hold. */
async function warmSome(
  { seq, at, requestAt }: History,
  candidates: readonly Candidate[],
  vectors: WarmVectors,
  { cache, idOf }: WarmOptions,
): Promise<number> {
  const asked = candidates.map(({ place }): Asked => {
    const [id, moment] = [seq[place] as number, at[place] as number]
    return { id, at: moment, request: requestAt(place), bypass: null }
  })
  const made = await vectors.of(
    candidates.map(({ terms }, row) => (terms.semantic ? cache.textOf(asked[row] as Asked) : null)),
  )
  let taken = 0
  for (const [row, { terms, bornMs, answer }] of candidates.entries()) {
    const each = asked[row] as Asked
    const entry = { id: idOf?.(answer, each.request, bornMs) ?? each.id, bornMs, answer }
    if (cache.warm(each, terms, entry, made[row] ?? null)) taken++
  }
  return taken
}

/** Makes vectors a few at a time, and adds up what they came to. */
class WarmVectors {
  readonly #options: WarmOptions
  tokens = 0
  costNanoUsd: NanoUsd | null = zeroNanoUsd
  fault: string | null = null

  constructor(options: WarmOptions) {
    this.#options = options
  }

  /** Null for null, and where a text has no vector. */
  async of(texts: readonly (string | null)[]): Promise<readonly (Vector | null)[]> {
    const { embedder, vectors, signal } = this.#options
    const compared = texts.filter((text) => text !== null)
    if (embedder === null || this.fault !== null || compared.length === 0) return []
    try {
      const { rows, dimensions, present, tokens } = await embedAll(embedder, compared, {
        cache: vectors,
        signal,
      })
      this.tokens += tokens
      this.costNanoUsd = embedder.costOf(this.tokens)
      let row = 0
      return texts.map((text) => {
        const found = text === null ? -1 : row++
        const from = found * dimensions
        return present[found] === 1 ? rows.subarray(from, from + dimensions) : null
      })
    } catch (error) {
      signal?.throwIfAborted()
      this.fault = error instanceof Error ? error.message : String(error)
      return []
    }
  }
}

/** What is fit to be kept, in the order of birth; looked for from the newest on. */
async function collect(
  history: History,
  options: WarmOptions,
): Promise<{ candidates: readonly Candidate[]; skipped: Record<WarmSkip, number> }> {
  const { cache, most = Number.POSITIVE_INFINITY, signal, onProgress } = options
  const { maxEntries, maxBytes } = cache.desk.room
  const skipped = Object.fromEntries(warmSkips.map((name) => [name, 0])) as Record<WarmSkip, number>
  const candidates: Candidate[] = []
  const chooser = new Chooser(history, options)
  let bytes = 0
  for (const [index, place] of newestFirst(history).entries()) {
    if (index % lookedAtOnce === 0) {
      await new Promise(setImmediate)
      signal?.throwIfAborted()
      onProgress?.(index, history.count * 2)
    }
    const isFull = candidates.length >= Math.min(most, maxEntries) || bytes >= maxBytes
    const chosen = isFull ? 'over-limit' : chooser.choose(place)
    if (typeof chosen === 'string') {
      skipped[chosen]++
      continue
    }
    candidates.push(chosen)
    bytes += overheadBytes + (chosen.answer.text?.length ?? 0)
  }
  return { candidates: candidates.reverse(), skipped }
}

function newestFirst({ count, born }: History): Uint32Array {
  const places = Uint32Array.from({ length: count }, (_, place) => place)
  return places.sort((a, b) => (born[b] as number) - (born[a] as number) || b - a)
}

/** Says of one request after the other whether its answer is to be kept. */
class Chooser {
  readonly #history: History
  readonly #options: WarmOptions
  readonly #longestMs: number
  readonly #taken = new Set<string>()

  constructor(history: History, options: WarmOptions) {
    this.#history = history
    this.#options = options
    this.#longestMs = longestTtlMs(options.compiled.policy.cache)
  }

  choose(place: number): Candidate | WarmSkip {
    const history = this.#history
    const { compiled, factsAt, now } = this.#options
    const bornMs = history.born[place] as number
    const ageMs = now - bornMs
    if (ageMs > this.#longestMs) return 'expired'
    if (!history.hasTimes || history.insertable[place] !== 1) return 'not-whole'
    const facts = factsAt(place)
    const terms = compiled.termsOf(facts)
    if (!terms.exact && !terms.semantic) return 'ruled-out'
    const isOver = ageMs > terms.exactTtlMs || !terms.exact
    if (isOver && (ageMs > terms.semanticTtlMs || !terms.semantic)) return 'expired'
    const name = `${terms.namespace}\n${history.exact[place]}`
    if (this.#taken.has(name)) return 'repeated'
    const logged = this.#answerAt(place, facts.request)
    if (logged === null) return 'no-text'
    if (!isWhole(logged)) return 'not-whole'
    const { answerOf = (answer: Answer) => answer } = this.#options
    const answer = answerOf(logged, facts.request)
    if (answer === null) return 'no-text'
    this.#taken.add(name)
    return { place, terms, bornMs, answer }
  }

  /** With its text read: who keeps it may outlive the store. */
  #answerAt(place: number, request: Request): Answer | null {
    const logged = loggedAnswer(this.#history, place)
    if (request.prompt === undefined || logged?.text === undefined) return null
    const { text, finishReason, toolCalls } = logged
    return {
      text,
      ...(finishReason !== undefined && { finishReason }),
      ...(toolCalls !== undefined && { toolCalls }),
    }
  }
}

/** Of any entry under a policy. */
function longestTtlMs({ exact, semantic, rules }: CachePolicy): number {
  const all = [exact, semantic, ...rules].map(({ ttlSeconds }) => ttlSeconds)
  const seconds = all.flatMap((ttl) => (ttl === undefined ? [] : (ttl ?? Number.POSITIVE_INFINITY)))
  return Math.max(...seconds) * 1000
}
