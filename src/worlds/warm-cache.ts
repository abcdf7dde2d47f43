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
  /** So many of the newest answers at most; 100,000 by default. */
  readonly most?: number
  /** The answer as the cache is to hold it; null: it cannot be served. By default as the log has it. */
  readonly answerOf?: (answer: Answer, request: Request) => Answer | null
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
] as const
export type WarmSkip = (typeof warmSkips)[number]

export type Warmed = {
  /** Answers that went into one layer or both. */
  readonly kept: number
  readonly skipped: Readonly<Record<WarmSkip, number>>
  /** What making their vectors came to; null without a price. */
  readonly tokens: number
  readonly costNanoUsd: NanoUsd | null
}

/** What is to go into the cache. */
type Candidate = {
  readonly asked: Asked
  readonly terms: CacheTerms
  readonly bornMs: number
  readonly answer: Answer
  readonly text: string | null
}

/** Requests looked at between two moments for others. */
const lookedAtOnce = 500

/**
 * Fills a live cache with the newest answers of a history that are still good under its policy. They are as old as they
 * are: what a time to live would have ended by now is not kept.
 */
export async function warmFromHistory(history: History, options: WarmOptions): Promise<Warmed> {
  const { cache, embedder, vectors, signal } = options
  const { candidates, skipped } = await collect(history, options)
  const texts = candidates.map(({ text }) => text ?? '')
  const embedded = embedder && (await embedAll(embedder, texts, { cache: vectors, signal }))
  const vectorAt = (row: number): Vector | null => {
    if (embedded === null || embedded.present[row] !== 1) return null
    const { rows, dimensions } = embedded
    return rows.subarray(row * dimensions, (row + 1) * dimensions)
  }
  for (const [row, { asked, terms, bornMs, answer, text }] of candidates.entries()) {
    const entry = { id: asked.id, bornMs, answer }
    cache.warm(asked, terms, entry, text === null ? null : vectorAt(row))
    if (row % lookedAtOnce === 0) await new Promise(setImmediate)
  }
  const { tokens = 0, costNanoUsd = zeroNanoUsd } = embedded ?? {}
  return { kept: candidates.length, skipped, tokens, costNanoUsd }
}

/** What is fit to be kept, in the order of birth; looked for from the newest on. */
async function collect(
  history: History,
  options: WarmOptions,
): Promise<{ readonly candidates: readonly Candidate[] } & Pick<Warmed, 'skipped'>> {
  const { most = 100_000, signal } = options
  const skipped = Object.fromEntries(warmSkips.map((name) => [name, 0])) as Record<WarmSkip, number>
  const candidates: Candidate[] = []
  const chooser = new Chooser(history, options)
  for (const [index, place] of newestFirst(history).entries()) {
    if (index % lookedAtOnce === 0) await new Promise(setImmediate)
    signal?.throwIfAborted()
    const chosen = candidates.length < most ? chooser.choose(place) : 'over-limit'
    if (typeof chosen === 'string') skipped[chosen]++
    else candidates.push(chosen)
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
    const answer = this.#answerAt(place, facts.request)
    if (answer === null) return 'no-text'
    if (!isWhole(answer)) return 'not-whole'
    this.#taken.add(name)
    return this.#candidate(place, facts.request, terms, bornMs, answer)
  }

  #candidate(
    place: number,
    request: Request,
    terms: CacheTerms,
    bornMs: number,
    answer: Answer,
  ): Candidate {
    const { cache, embedder } = this.#options
    const { seq, at } = this.#history
    const asked = { id: seq[place] as number, at: at[place] as number, request, bypass: null }
    const isCompared = embedder !== null && terms.semantic
    return { asked, terms, bornMs, answer, text: isCompared ? cache.textOf(asked) : null }
  }

  /** With its text read: who keeps it may outlive the store. */
  #answerAt(place: number, request: Request): Answer | null {
    const { answerOf = (answer) => answer } = this.#options
    const logged = loggedAnswer(this.#history, place)
    if (request.prompt === undefined || logged?.text === undefined) return null
    const { text, finishReason, toolCalls } = logged
    const answer = {
      text,
      ...(finishReason !== undefined && { finishReason }),
      ...(toolCalls !== undefined && { toolCalls }),
    }
    return answerOf(answer, request)
  }
}

/** Of any entry under a policy. */
function longestTtlMs({ exact, semantic, rules }: CachePolicy): number {
  const all = [exact, semantic, ...rules].map(({ ttlSeconds }) => ttlSeconds)
  const seconds = all.flatMap((ttl) => (ttl === undefined ? [] : (ttl ?? Number.POSITIVE_INFINITY)))
  return Math.max(...seconds) * 1000
}
