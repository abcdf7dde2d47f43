import { erasureDone, pendingErasures } from '../store/erase-ledger.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import type { LiveCache } from '../worlds/live-cache.ts'
import type { TurnWriter } from './turn-writer.ts'

export type ErasureOptions = {
  readonly store: GatewayStore
  readonly writer: TurnWriter
  readonly cache: LiveCache
}

/** Between two looks for what somebody has asked to erase. */
const everyMs = 2_000

/**
 * Erases from the kept answers what `llmcost purge` asks for while the gateway runs: at once for what an earlier run
 * left undone, then again and again.
 */
export function openErasures(options: ErasureOptions): { close(): void } {
  const apply = () => {
    for (const { id, user, before } of pendingErasures(options.store.database)) {
      erase(options.cache, user, before)
      options.writer.write(() => erasureDone(options.store.database, id))
    }
  }
  apply()
  const timer = setInterval(apply, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

/** Of one user, or whatever is older than a moment; of both, what either means is not told apart, and all of it goes. */
function erase(cache: LiveCache, user: string | null, before: number | null): void {
  if (user === null || before !== null) cache.invalidate({ kind: 'all' }, { dryRun: false })
  else cache.invalidate({ kind: 'field', field: 'user', value: user }, { dryRun: false })
}
