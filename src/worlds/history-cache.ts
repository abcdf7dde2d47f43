import type { CacheLayer } from '../domain/receipt.ts'
import type {
  Answered,
  Asked,
  CacheEntry,
  CacheTerms,
  InFlight,
  NearestEntry,
  ResponseCache,
} from '../domain/world.ts'
import type { CachePolicy } from '../policy/caching.ts'
import type { History } from './history.ts'
import type { Neighbours } from './neighbours.ts'
import type { Questions } from './questions.ts'
import { TimedEntries, type TimedEntry } from './timed-entries.ts'

/** Without neighbours the semantic layer has nothing to compare. */
export type SemanticInputs = {
  readonly questions: Questions
  readonly neighbours: Neighbours | null
}

/** What is on its way into the cache: kept from its birth on. */
type Pending = { readonly layer: CacheLayer; readonly space: string; readonly entry: TimedEntry }

/**
 * The response cache as it would have been while a history happened (docs/methods.md, "Simulating the response cache").
 * Requests come in order; an answer is there from its birth on, and never for its own request.
 */
export class HistoryCache implements ResponseCache {
  readonly #history: History
  readonly #questions: Questions
  readonly #neighbours: Neighbours | null
  readonly #policy: CachePolicy
  readonly #exact: TimedEntries
  readonly #semantic: TimedEntries
  readonly #inFlight = new Map<string, { readonly id: number; readonly answered: Answered }>()
  readonly #pending: Pending[] = []

  constructor(history: History, { questions, neighbours }: SemanticInputs, policy: CachePolicy) {
    this.#history = history
    this.#questions = questions
    this.#neighbours = neighbours
    this.#policy = policy
    this.#exact = new TimedEntries(policy.exact)
    this.#semantic = new TimedEntries(policy.semantic)
  }

  findExact(asked: Asked, { namespace }: CacheTerms): CacheEntry | null {
    this.#arrive(asked.at)
    const key = this.#history.exact[place(asked)] as number
    return this.#exact.use(namespace, key, asked.at)
  }

  findNearest(asked: Asked, terms: CacheTerms): NearestEntry {
    this.#arrive(asked.at)
    const at = place(asked)
    const question = this.#questions.at[at] as number
    const neighbours = this.#neighbours
    if (question === -1) return { kind: 'bypass', reason: 'no-text' }
    if ((this.#history.messages[at] as number) > this.#policy.semantic.maxMessages)
      return { kind: 'bypass', reason: 'long-conversation' }
    if (neighbours === null || !neighbours.hasVector(question))
      return { kind: 'bypass', reason: neighbours === null ? 'no-text' : 'no-vector' }
    const nearest = this.#nearest(neighbours, question, asked, terms)
    const { insert } = this.#policy.semantic
    if (nearest.found !== null && insert === 'always-oracle' && this.#isInsertable(at)) {
      this.#schedule('semantic', asked, terms, {
        id: at,
        bornMs: this.#history.born[at] as number,
        answer: null,
      })
    }
    return nearest
  }

  #nearest(
    neighbours: Neighbours,
    question: number,
    asked: Asked,
    terms: CacheTerms,
  ): Extract<NearestEntry, { kind: 'asked' }> {
    let found: { entry: TimedEntry; similarity: number } | null = null
    let rejected: { guard: string; similarity: number } | null = null
    for (const { entry, similarity, guard } of this.#candidates(
      neighbours,
      question,
      asked,
      terms,
    )) {
      if (found !== null && similarity < found.similarity) break
      if (guard !== null) rejected ??= found === null ? { guard, similarity } : null
      else if (found === null || isEarlier(entry, found.entry)) found = { entry, similarity }
    }
    if (found !== null) this.#semantic.touch(found.entry, asked.at)
    return { kind: 'asked', found, guarded: rejected }
  }

  /** Living entries that are similar enough, the most similar first. */
  *#candidates(
    { offsets, others, similarities, guarded, guards }: Neighbours,
    question: number,
    { at }: Asked,
    { namespace, threshold }: CacheTerms,
  ): Generator<{ entry: TimedEntry; similarity: number; guard: string | null }> {
    const end = offsets[question + 1] as number
    for (let pair = offsets[question] as number; pair < end; pair++) {
      const similarity = similarities[pair] as number
      if (similarity < threshold) return
      const entry = this.#semantic.find(namespace, others[pair] as number, at)
      if (entry !== null)
        yield { entry, similarity, guard: guards[guarded[pair] as number] ?? null }
    }
  }

  findInFlight(asked: Asked, { namespace }: CacheTerms): InFlight | null {
    const flight = this.#inFlight.get(this.#flightKey(asked, namespace))
    return flight !== undefined && flight.answered.at > asked.at ? flight : null
  }

  begin(): void {
    // A history knows when the answer was there before it is asked: see `end`.
  }

  end(asked: Asked, { namespace }: CacheTerms, answered: Answered | null): void {
    if (answered === null || this.#history.exact[place(asked)] === -1) return
    this.#inFlight.set(this.#flightKey(asked, namespace), { id: place(asked), answered })
  }

  remember(layer: CacheLayer, asked: Asked, terms: CacheTerms, entry: CacheEntry): void {
    const isOwn = entry.id === asked.id
    if (isOwn && !this.#isInsertable(place(asked))) return
    this.#schedule(layer, asked, terms, entry)
  }

  #isInsertable(at: number): boolean {
    return this.#history.insertable[at] === 1
  }

  #schedule(layer: CacheLayer, asked: Asked, terms: CacheTerms, { id, bornMs }: CacheEntry): void {
    const at = place(asked)
    const key = this.#keyOf(layer, at)
    if (key === -1) return
    const ttlMs = layer === 'exact' ? terms.exactTtlMs : terms.semanticTtlMs
    const { namespace } = terms
    const entry: TimedEntry = {
      id,
      bornMs,
      answer: null,
      key,
      askedMs: asked.at,
      place: at,
      ttlMs,
      space: namespace,
    }
    const pending = { layer, space: namespace, entry }
    // Few are on their way at a time: the list is kept in the order in which they arrive.
    let index = this.#pending.length
    while (index > 0 && isEarlier(entry, (this.#pending[index - 1] as Pending).entry)) index--
    this.#pending.splice(index, 0, pending)
  }

  /** The semantic layer keeps what it could be asked for. */
  #keyOf(layer: CacheLayer, at: number): number {
    if (layer === 'exact') return this.#history.exact[at] as number
    const question = this.#questions.at[at] as number
    const isLong = (this.#history.messages[at] as number) > this.#policy.semantic.maxMessages
    return isLong || question === -1 || this.#neighbours?.hasVector(question) !== true
      ? -1
      : question
  }

  /** Keeps every answer that was there by then. */
  #arrive(at: number): void {
    let arrived = 0
    for (const { layer, space, entry } of this.#pending) {
      if (entry.bornMs > at) break
      arrived++
      const entries = layer === 'exact' ? this.#exact : this.#semantic
      entries.insert(space, entry)
    }
    if (arrived > 0) this.#pending.splice(0, arrived)
  }

  #flightKey(asked: Asked, namespace: string): string {
    return `${this.#history.exact[place(asked)]}\n${namespace}`
  }
}

const place = ({ id }: Asked): number => id as number

/** By birth, then by when it was asked, then by order. */
const isEarlier = (a: TimedEntry, b: TimedEntry): boolean =>
  (a.bornMs - b.bornMs || a.askedMs - b.askedMs || a.place - b.place) < 0
