import type { Vector } from '../domain/embedder.ts'
import type { GuardName } from '../policy/caching.ts'
import { type LiveIndex, openLiveIndex } from '../vectors/live-index.ts'
import type { RecallSample } from '../vectors/sample-recall.ts'
import { endOf, SplitMap } from '../vectors/split-map.ts'
import { VectorError } from '../vectors/vector-error.ts'
import { type ComparedText, guardBetween } from './compared-text.ts'
import type { LiveEntry } from './live-entry.ts'
import { NearestPick } from './nearest-pick.ts'
import { isAlive } from './timed-entries.ts'

export type NeighbourSettings = {
  /** `fast` compares by hash inside a group of at least 2,000 entries that is 1/32 of all, `exact` never. */
  readonly mode: 'exact' | 'fast'
  /** Entries to make room for at the beginning. */
  readonly capacity: number
  readonly guards: readonly GuardName[]
}

/** A text that asks for the nearest entry. */
export type NearQuery = {
  readonly text: ComparedText
  readonly vector: Vector
  readonly group: string
  readonly namespace: string
  readonly threshold: number
  readonly at: number
}

/** Texts of entries that guards may have to read for one look-up: some milliseconds. */
const readAtMost = 64

/** The entries of the semantic layer by their vectors. */
export class LiveNeighbours {
  readonly #settings: NeighbourSettings
  #guards: readonly GuardName[]
  readonly #entries = new SplitMap<number, LiveEntry>(endOf)
  #index: LiveIndex<number> | null = null
  #dimensions = 0
  #cutShort = 0

  constructor(settings: NeighbourSettings) {
    this.#settings = settings
    this.#guards = settings.guards
  }

  setGuards(guards: readonly GuardName[]): void {
    this.#guards = guards
  }

  /** Look-ups that ended before the last entry that was similar enough, because guards had read so many. */
  get cutShort(): number {
    return this.#cutShort
  }

  /** Adds an entry with its vector, or one that stands for a former self. One whose vector has no cosine is near nothing. */
  put(entry: LiveEntry): void {
    const { serial, compared, space } = entry
    this.#entries.set(serial, entry)
    if (compared === null || compared.vector === null) return
    const { vector, group } = compared
    compared.vector = null
    try {
      this.#indexFor(vector).add(serial, vector, groupIn(space, group))
    } catch (error) {
      if (!(error instanceof VectorError)) throw error
    }
  }

  remove({ serial }: LiveEntry): void {
    this.#entries.delete(serial)
    this.#index?.remove(serial)
  }

  /** Picks the entry that serves. Throws a `VectorError` for a vector that has no cosine with the others. */
  nearest(query: NearQuery): NearestPick<LiveEntry> {
    const { text, vector, group, namespace, threshold, at } = query
    const pick = new NearestPick<LiveEntry>()
    let left = this.#guards.length === 0 ? Number.POSITIVE_INFINITY : readAtMost
    const found = this.#indexFor(vector).walk(vector, groupIn(namespace, group), threshold)
    for (const { id, similarity } of found) {
      if (pick.isOver(similarity)) break
      const entry = this.#entries.get(id)
      if (entry === undefined || entry.compared === null || !isAlive(entry, at)) continue
      const other = entry.compared.text
      if (!other.isRead && left-- === 0) {
        this.#cutShort++
        break
      }
      pick.offer(entry, similarity, guardBetween(text, other, this.#guards))
    }
    return pick
  }

  /**
   * Of the living neighbours of a text, itself aside, how many there are and how many hashes find; null without hashes.
   * In steps, between which requests may be served.
   */
  *recall(query: NearQuery): Generator<void, RecallSample | null> {
    const { text, vector, group, namespace, threshold, at } = query
    const accepts = (id: number): boolean => {
      const entry = this.#entries.get(id)
      return entry !== undefined && isAlive(entry, at) && entry.compared?.text.text !== text.text
    }
    if (this.#index === null) return null
    return yield* this.#index.recall(vector, groupIn(namespace, group), threshold, accepts)
  }

  /** While it is empty any vector tells how long they are. */
  #indexFor(vector: Vector): LiveIndex<number> {
    const dimensions = vector.length
    if (this.#index === null || (this.#index.size === 0 && this.#dimensions !== dimensions)) {
      this.#dimensions = dimensions
      this.#index = openLiveIndex({ ...this.#settings, dimensions })
    }
    return this.#index
  }
}

/** A group's name has no line break. */
const groupIn = (namespace: string, group: string): string => `${group}\n${namespace}`
