import type { LiveCache } from '../worlds/live-cache.ts'
import type { GatewayHealth } from './gateway-snapshot.ts'

export type MissedHitsOptions = {
  readonly cache: Pick<LiveCache, 'missedHits' | 'counts'>
  /** A mistake of the gateway's own. */
  readonly onBug: (error: unknown) => void
  readonly everyMs?: number
}

export type MissedHitsWatch = {
  /** Of the last time it was measured; null before. */
  latest(): GatewayHealth['missedHits']
  close(): void
}

/** A look at all entries for each of the last look-ups takes up to a second of work, a millisecond at a time. */
const usualMs = 300_000

/** Finds out now and then what the live index misses, where anything was looked up since. */
export function watchMissedHits(options: MissedHitsOptions): MissedHitsWatch {
  const { cache, onBug, everyMs = usualMs } = options
  let latest: GatewayHealth['missedHits'] = null
  let lookedUp = 0
  let isRunning = false
  const measure = async () => {
    const texts = cache.counts.lookUps?.texts ?? 0
    if (isRunning || texts === lookedUp) return
    isRunning = true
    lookedUp = texts
    try {
      const { lookUps, missed } = await cache.missedHits()
      latest = { scanned: lookUps, missed }
    } finally {
      isRunning = false
    }
  }
  const timer = setInterval(() => void measure().catch(onBug), everyMs)
  timer.unref()
  return { latest: () => latest, close: () => clearInterval(timer) }
}
