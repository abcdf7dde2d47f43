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
import { NearestPick } from './nearest-pick.ts'
import type { Neighbours } from './neighbours.ts'
import type { Questions } from './questions.ts'
import { TimedEntries, type TimedEntry } from './timed-entries.ts'

/** Flights that are kept whether or not they have landed. */
const fewFlights = 1_000

/** Without neighbours the semantic layer has nothing to compare. */
export type SemanticInputs = {
  readonly questions: Questions
  readonly neighbours: Neighbours | null
}

/**
 * The response cache as it would have been while a history happened (docs/methods.md, "Simulating the response cache").
 * Requests come in order; an answer is there from its birth on, and never for its own request.
 */
export class HistoryCache implements ResponseCache {
  readonly #history: History
  readonly #questions: Questions
  readonly #neighbours: Neighbours | null
  readonly #policy: CachePolicy
  readonly #exact: TimedEntries<number, HistoryEntry>
  readonly #semantic: TimedEntries<number, HistoryEntry>
  /** By namespace and key, the last that was asked: it may have landed since. */
  readonly #flights = new Map<string, Map<number, Flight>>()
  #begun = 0
  #fullAt = fewFlights

  constructor(history: History, { questions, neighbours }: SemanticInputs, policy: CachePolicy) {
    this.#history = history
    this.#questions = questions
    this.#neighbours = neighbours
    this.#policy = policy
    this.#exact = new TimedEntries(policy.exact)
    this.#semantic = new TimedEntries(policy.semantic)
  }

  findExact(asked: Asked, { namespace }: CacheTerms): CacheEntry | null {
    this.#exact.arrive(asked.at)
    const key = this.#history.exact[place(asked)] as number
    return this.#exact.use(namespace, key, asked.at)
  }

  findNearest(asked: Asked, terms: CacheTerms): NearestEntry {
    this.#semantic.arrive(asked.at)
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
    const { offsets, others, similarities, guarded, guards } = neighbours
    const { namespace, threshold } = terms
    const end = offsets[question + 1] as number
    const pick = new NearestPick<HistoryEntry>()
    for (let pair = offsets[question] as number; pair < end; pair++) {
      const similarity = similarities[pair] as number
      if (similarity < threshold || pick.isOver(similarity)) break
      const entry = this.#semantic.find(namespace, others[pair] as number, asked.at)
      if (entry !== null) pick.offer(entry, similarity, guards[guarded[pair] as number] ?? null)
    }
    const { found, guarded: rejected } = pick
    if (found !== null) this.#semantic.touch(found.entry, asked.at)
    return { kind: 'asked', found, guarded: rejected }
  }

  findInFlight(asked: Asked, { namespace }: CacheTerms): InFlight | null {
    const key = this.#history.exact[place(asked)] as number
    const flight = this.#flights.get(namespace)?.get(key)
    return flight !== undefined && flight.answered.at > asked.at ? flight : null
  }

  begin(): void {
    // A history knows when the answer was there before it is asked: see `end`.
  }

  end(asked: Asked, { namespace }: CacheTerms, answered: Answered | null): void {
    const id = place(asked)
    const key = this.#history.exact[id] as number
    // Without times everything is of one moment, and nothing on its way.
    if (answered === null || key === -1 || !this.#history.hasTimes) return
    let flights = this.#flights.get(namespace)
    if (flights === undefined) {
      flights = new Map()
      this.#flights.set(namespace, flights)
    }
    flights.set(key, { id, answered })
    this.#landAt(asked.at)
  }

  /** Forgets flights that nobody meets any more, each time that they have doubled. */
  #landAt(at: number): void {
    if (++this.#begun < this.#fullAt) return
    this.#begun = 0
    for (const flights of this.#flights.values()) {
      for (const [key, { answered }] of flights) {
        if (answered.at <= at) flights.delete(key)
        else this.#begun++
      }
    }
    this.#fullAt = Math.max(fewFlights, 2 * this.#begun)
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
    const isExact = layer === 'exact'
    const ttlMs = isExact ? terms.exactTtlMs : terms.semanticTtlMs
    const entries = isExact ? this.#exact : this.#semantic
    const born = this.#history.hasTimes ? bornMs : asked.at
    entries.schedule({
      id,
      bornMs: born,
      answer: null,
      key,
      space: terms.namespace,
      place: at,
      ttlMs,
    })
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
}

type HistoryEntry = TimedEntry & CacheEntry

type Flight = { readonly id: number; readonly answered: Answered }

const place = ({ id }: Asked): number => id as number
