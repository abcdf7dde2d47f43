import type { Embedder } from '../domain/embedder.ts'
import { openEmbedder } from '../embed/open-embedder.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { ContentMode } from '../policy/governance.ts'
import { mayCompare, mayMatch } from '../policy/layers-in-use.ts'
import type { Policy } from '../policy/policy.ts'
import { answerCodec } from '../serve/answer-codec.ts'
import { bookedEmbedder, type EmbedderBook } from '../serve/booked-embedder.ts'
import { contentModeOf } from '../serve/content-mode.ts'
import type { TurnWriter } from '../serve/turn-writer.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import { type HandedOn, handingOn } from '../worlds/handed-on-vectors.ts'
import type { LiveCache } from '../worlds/live-cache.ts'
import { openLiveCache } from '../worlds/open-live-cache.ts'
import type { LiveEmbedder } from '../worlds/text-vectors.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

export type ServeCacheOptions = {
  /** Of the start. */
  readonly policy: Policy
  /** In force when an answer is kept. */
  readonly policyNow: () => Policy
  readonly prices: RunPrices
  readonly terminal: Terminal
  readonly store: GatewayStore
  readonly writer: TurnWriter
  readonly now: () => number
  readonly say: (sentence: string) => void
  /** Compares with every entry, so that what is served can be held against a simulation. */
  readonly isExact: boolean
  /** Where what an embedder bills is written down. */
  readonly book: EmbedderBook
}

/** Answers whose time is over are kept so much longer where the policy serves them when nobody else answers. */
const staleMs = 7 * 86_400_000

/** A gateway's cache, and what writes the last of it to disk. */
export type ServeCache = {
  readonly cache: LiveCache
  /** Null: nothing is compared. */
  readonly embedder: (LiveEmbedder & Embedder) | null
  /** What it embeds for look-ups, handed on; null likewise. */
  readonly lookUps: HandedOn | null
  /** Has all that waits to be on disk written soon. */
  flush(): void
  close(): void
}

/** Opens the cache of a gateway, with what an earlier run left on disk where the policy keeps it there. */
export async function openServeCache(options: ServeCacheOptions): Promise<ServeCache> {
  const { policy, policyNow, store, writer, now, say, isExact, book } = options
  const embedder = mayCompare(policy.cache) ? await liveEmbedder(options) : null
  const lookUps = embedder && handingOn(bookedEmbedder(embedder, book))
  const { cache, loaded, disk } = openLiveCache({
    database: store.database,
    write: (work) => writer.write(work),
    warn: say,
    content: contentOf(policy),
    policy: policy.cache,
    embedder: lookUps?.embedder ?? null,
    hash: keyHash(store.secret),
    codec: answerCodec,
    now,
    index: isExact ? 'exact' : 'fast',
    mayKeep: (request) => mayBeOnDisk(policyNow(), request.key ?? null),
    staleMs: policy.failure.fallback.stale ? staleMs : 0,
  })
  if (loaded !== null && loaded.otherEmbedder > 0)
    say(`cache: ${loaded.otherEmbedder} answers were compared by another embedder, and are dropped`)
  const flush = () => {
    if (disk !== null) writer.write(() => disk.writeAll())
  }
  return {
    cache,
    embedder,
    lookUps,
    flush,
    close() {
      cache.close()
      flush()
    },
  }
}

/** What the cache keeps is text too: it goes to disk where the text of logs does. */
function contentOf(policy: Policy): ContentMode {
  const { cache } = policy
  const isOff = !mayMatch(cache) && !mayCompare(cache)
  return isOff || policy.privacy.redact ? 'none' : contentModeOf(policy, null)
}

/** Whether the answers to whoever shows this key may be on disk. */
export function mayBeOnDisk(
  policy: Pick<Policy, 'cache' | 'privacy' | 'serve'>,
  key: string | null,
): boolean {
  const { storage } = policy.cache
  if (storage === 'memory' || (storage === 'auto' && policy.privacy.redact)) return false
  return contentModeOf(policy, key) === 'full'
}

async function liveEmbedder({
  policy,
  prices,
  terminal,
}: ServeCacheOptions): Promise<LiveEmbedder & Embedder> {
  return openEmbedder(policy.cache.semantic.embedder, {
    env: terminal.env,
    workingFolder: process.cwd(),
    prices: prices.book,
    logged: null,
  })
}
