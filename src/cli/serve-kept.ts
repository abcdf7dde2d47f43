import type { Policy } from '../policy/policy.ts'
import { openErasures } from '../serve/apply-erasures.ts'
import { openCheckpoints } from '../serve/checkpoints.ts'
import { cacheProblems, type Problems } from '../serve/gateway-health.ts'
import type { GatewayServices, PolicyInForce } from '../serve/gateway-state.ts'
import type { GatewayWatch } from '../serve/gateway-watch.ts'
import { type MissedHitsWatch, watchMissedHits } from '../serve/missed-hits.ts'
import { type LaterRecounts, openLaterRecounts, recoverLedger } from '../serve/recover-ledger.ts'
import type { LiveCache } from '../worlds/live-cache.ts'
import { storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openServeCache, type ServeCache } from './serve-cache.ts'
import { openServeClassifiers } from './serve-classifiers.ts'
import type { Start } from './start-serve.ts'

/** What an earlier run left, and what keeps it for the next one. */
export type Kept = {
  readonly cache: LiveCache
  readonly opened: ServeCache
  /** The same with classifiers that have learned, from evidence as it is now. */
  readonly taught: (inForce: PolicyInForce, policy: Policy) => Promise<PolicyInForce>
  readonly misses: MissedHitsWatch
  readonly recounts: LaterRecounts
  readonly checkpoint: () => void
  close(): void
}

/** Opens it, and reads the ledger back. */
export async function openKept({
  start,
  inForce,
  services,
  watch,
  problems,
  keepScore,
}: {
  readonly start: Start
  readonly inForce: () => PolicyInForce
  readonly services: GatewayServices
  readonly watch: GatewayWatch
  readonly problems: Problems[]
  readonly keepScore: () => void
}): Promise<Kept> {
  const { store, writer } = start
  const { now } = services
  const book = { ...services, onCost: watch.onSideCost }
  const opened = await openServeCache({
    ...start,
    policyNow: () => inForce().compiled.policy,
    now,
    say: (sentence) => watch.say(sentence),
    isExact: services.replay !== null,
    book,
  })
  const { cache } = opened
  const learn = openServeClassifiers({
    ...start,
    storePath: storePath(start.flags, start.terminal),
    secret: store.secret,
    opened,
    book,
    warn: (sentence) => watch.say(sentence, 'warn'),
  })
  problems.push(() => cacheProblems(cache.counts.corrupt))
  const erasures = openErasures({ store, writer, cache })
  const { alerts, stats } = watch
  const recovered = recoverLedger(store, { ...services, alerts }, now())
  const { entries, damagedTurns, knowsToday } = recovered
  if (knowsToday) stats.spentEarlier(alerts.spentOn(now()))
  if (damagedTurns.length > 0)
    problems.push(() => [`ledger: ${damagedTurns.length} turns cannot be read`])
  new Narrator(start.terminal, start.flags).detail(`ledger: ${entries} entries were read`)
  const checkpoints = openCheckpoints({ writer, store, ...services, alerts, beside: keepScore })
  const recounts = openLaterRecounts(store, services.ledger)
  const misses = watchMissedHits({ cache, onBug: watch.onBug })
  return {
    cache,
    opened,
    taught: async (untaught, policy) => ({ ...untaught, neighbours: await learn(policy) }),
    misses,
    recounts,
    checkpoint: checkpoints.now,
    close() {
      for (const part of [misses, recounts, checkpoints, erasures, opened]) part.close()
    },
  }
}
