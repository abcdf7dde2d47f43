import type { Vector } from './embedder.ts'
import type { CacheLayer, RequestId } from './receipt.ts'
import type { Request } from './request.ts'

/** Who asked what was answered first: by this, entries of a live cache are listed and erased. */
export type EntryFacts = Pick<
  Request,
  | 'model'
  | 'namespace'
  | 'user'
  | 'key'
  | 'team'
  | 'feature'
  | 'plan'
  | 'session'
  | 'documentVersion'
  | 'promptVersion'
  | 'tags'
>

/** An entry of a live cache as it is kept on disk. */
export type KeptEntry = {
  /** Counts up with every entry, of all layers and for good. */
  readonly serial: number
  readonly layer: CacheLayer
  /** The request that it answered first. */
  readonly id: RequestId
  readonly namespace: string
  readonly key: string
  /** Milliseconds since 1970 UTC. */
  readonly bornMs: number
  /** Infinite where it does not expire. */
  readonly ttlMs: number
  readonly facts: EntryFacts
  readonly hits: number
  /** When it last served, milliseconds since 1970 UTC; null: never, or nobody knows. */
  readonly usedMs: number | null
  /** The answer, written by whoever knows how. */
  readonly answer: string
  /** What the semantic layer compares; null in the exact one. */
  readonly compared: Compared | null
}

export type EntryUses = Pick<KeptEntry, 'hits' | 'usedMs'>

export type Compared = {
  /** Only inside one are texts compared, and only inside one namespace. */
  readonly group: string
  readonly text: string
  readonly vector: Vector
}

/** What there was on disk besides the entries that were taken. */
export type LoadedEntries = {
  /** The number of the last entry that is there. */
  readonly lastSerial: number
  /** What was not fit to be used, and is gone. */
  readonly expired: number
  readonly corrupt: number
  /** Compared by vectors of another embedder. */
  readonly otherEmbedder: number
}

/** Where a live cache keeps its entries beyond its own life. Changes are not made at once, and never throw. */
export type EntryKeeper = {
  /** Gives the entries whose time was not over by a moment, in the order of birth; the others are gone. Throws where they cannot be read. */
  load(at: number, take: (entry: KeptEntry) => void): LoadedEntries
  add(entry: KeptEntry): void
  /** Its time began anew. */
  renew(serial: number, bornMs: number): void
  remove(serial: number): void
  /** How often an entry has served by now, and when it did last. */
  noteUses(serial: number, uses: EntryUses): void
}
