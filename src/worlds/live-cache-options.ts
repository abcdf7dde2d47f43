import type { EntryKeeper } from '../domain/cached-entry.ts'
import type { RequestKeys } from '../domain/keys.ts'
import type { Request } from '../domain/request.ts'
import { UserError } from '../domain/user-error.ts'
import type { Asked } from '../domain/world.ts'
import type { KeyHash } from '../engine/cache-key.ts'
import type { CachePolicy } from '../policy/caching.ts'
import type { AnswerCodec } from './held-answer.ts'
import type { CacheBounds } from './live-layers.ts'
import type { LiveEmbedder, VectorCounts } from './text-vectors.ts'

export type LiveCacheOptions = {
  readonly policy: CachePolicy
  /** Null: the semantic layer has nothing to compare by. */
  readonly embedder: LiveEmbedder | null
  readonly hash: KeyHash
  readonly codec: AnswerCodec
  /** Milliseconds since 1970 UTC; never goes back. Asked by whoever looks after the cache, not by requests. */
  readonly now: () => number
  /** Null: nothing outlives this process. */
  readonly keeper: EntryKeeper | null
  /** Whether the keeper may have what a request leaves; by default always. */
  readonly mayKeep?: (request: Request) => boolean
  /** The keys of a request, where somebody has made them already. */
  readonly keysOf?: (asked: Asked) => RequestKeys
  /** `fast` by default: see `NeighbourSettings`. */
  readonly index?: 'exact' | 'fast'
  /** Of each layer, in the place of the usual ones. */
  readonly bounds?: CacheBounds
  /** How long entries stay beyond their time, for when nobody else answers; 0 by default. */
  readonly staleMs?: number
}

/** What a live cache holds, and what went otherwise than it should. */
export type LiveCacheCounts = {
  readonly exact: { readonly entries: number; readonly bytes: number }
  readonly semantic: { readonly entries: number; readonly bytes: number }
  readonly inFlight: number
  /** Entries dropped because their answer could not be read. */
  readonly corrupt: number
  /** Answers not kept because of their size. */
  readonly tooLarge: number
  /** Look-ups that guards ended early. */
  readonly cutShort: number
  /** Null without an embedder. */
  readonly lookUps: Readonly<VectorCounts> | null
}

/** Throws a `UserError` for an insert rule that no live cache can follow. */
export function requireLive({ semantic }: CachePolicy): void {
  if (semantic.insert !== 'always-oracle') return
  throw new UserError('insert: always-oracle keeps answers that only a log can know', {
    hint: 'take insert: on-miss or always for live traffic (cache.semantic.insert)',
  })
}
