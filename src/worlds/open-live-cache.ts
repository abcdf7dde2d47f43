import type { LoadedEntries } from '../domain/cached-entry.ts'
import type { CachePolicy } from '../policy/caching.ts'
import type { ContentMode } from '../policy/governance.ts'
import type { Database } from '../store/database.ts'
import {
  forgetGatewayCache,
  type GatewayCache,
  type GatewayCacheOptions,
  openGatewayCache,
} from '../store/gateway-cache.ts'
import { LiveCache } from './live-cache.ts'
import type { LiveCacheOptions } from './live-cache-options.ts'

export type OpenCacheOptions = Omit<LiveCacheOptions, 'keeper'> &
  Pick<GatewayCacheOptions, 'write' | 'warn'> & {
    /** The gateway's own. */
    readonly database: Database
    /** What is kept of prompts and answers by default: `auto` storage follows it. */
    readonly content: ContentMode
  }

export type OpenedCache = {
  readonly cache: LiveCache
  /** What there was of an earlier process; null where nothing is kept on disk. */
  readonly loaded: LoadedEntries | null
  /** Null where nothing is kept on disk. */
  readonly disk: GatewayCache | null
}

/** Whether a policy keeps cached answers on disk, given what it keeps of texts elsewhere. */
export const keepsOnDisk = ({ storage }: Pick<CachePolicy, 'storage'>, content: ContentMode) =>
  storage === 'disk' || (storage === 'auto' && content === 'full')

/**
 * Opens the live cache of a gateway with the entries that its database holds. A policy of memory leaves none there; a
 * cache that cannot be read is given up for a new one, and where that is not possible either for one in memory: each
 * with a warning.
 */
export function openLiveCache(options: OpenCacheOptions): OpenedCache {
  const { database, warn, content, policy } = options
  const inMemory = (): OpenedCache => ({
    cache: new LiveCache({ ...options, keeper: null }),
    loaded: null,
    disk: null,
  })
  if (keepsOnDisk(policy, content)) {
    try {
      return onDisk(options)
    } catch (error) {
      warn(`cached answers on disk cannot be read, and are dropped: ${(error as Error).message}`)
    }
  }
  try {
    forgetGatewayCache(database)
    return keepsOnDisk(policy, content) ? onDisk(options) : inMemory()
  } catch (error) {
    warn(`cached answers on disk cannot be removed: ${(error as Error).message}`)
    return inMemory()
  }
}

function onDisk(options: OpenCacheOptions): OpenedCache {
  const { database, write, warn, embedder } = options
  const fingerprint = embedder?.fingerprint ?? null
  const disk = openGatewayCache(database, { write, warn, embedder: fingerprint })
  const cache = new LiveCache({ ...options, keeper: disk })
  return { cache, loaded: cache.restore(), disk }
}
