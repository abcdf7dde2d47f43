import type { AddressInfo } from 'node:net'
import { rewriteOf } from '../../src/cli/rewrite-by-program.ts'
import { targetCosts } from '../../src/cli/target-costs.ts'
import type { AuditNote } from '../../src/domain/comparison.ts'
import type { JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Served } from '../../src/domain/served.ts'
import type { ResponseCache } from '../../src/domain/world.ts'
import { openStaticEmbedder } from '../../src/embed/static-embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { parseOverrides } from '../../src/prices/overrides.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { openForwarder } from '../../src/providers/forward.ts'
import { answerCodec } from '../../src/serve/answer-codec.ts'
import { Audits } from '../../src/serve/audits.ts'
import { BackgroundBook } from '../../src/serve/background-book.ts'
import { openDataServer } from '../../src/serve/data-server.ts'
import type { Exchange } from '../../src/serve/exchange.ts'
import type { SidePurpose } from '../../src/serve/gateway-figures.ts'
import type { GatewayServices, GatewayState } from '../../src/serve/gateway-state.ts'
import { openMoneyWatch } from '../../src/serve/money-watch.ts'
import { inForceOf, namedPolicy } from '../../src/serve/policy-in-force.ts'
import type { TrialEvent } from '../../src/serve/trial-event.ts'
import { Trials } from '../../src/serve/trials.ts'
import type { TurnedAway } from '../../src/serve/turned-away.ts'
import type { AlertEvent } from '../../src/worlds/alert-event.ts'
import { LiveCache } from '../../src/worlds/live-cache.ts'

/** A gateway in this process, in front of whatever answers at the two addresses. */
export async function startLiveGateway(options: {
  readonly env: Readonly<Record<string, string>>
  readonly policy?: Policy
  readonly cache?: ResponseCache
  readonly slowClientMs?: number
  readonly parts?: Partial<GatewayState>
}) {
  const policy = options.policy ?? defaultPolicy
  const journal: JournalEntry[] = []
  const served: Served[] = []
  const bugs: unknown[] = []
  const turnedAway: TurnedAway[] = []
  let ids = 0
  const forwarder = await openForwarder({ env: {} })
  const exchanges = new Map<string, Exchange>()
  const prices = openPriceBook({ overrides: [parseOverrides(policy.prices, 'policy')] })
  const costOf = targetCosts(prices)
  const now = () => performance.timeOrigin + performance.now()
  const hash = keyHash('secret')
  const alerts: AlertEvent[] = []
  const watch = openMoneyWatch({
    policy,
    hash,
    now,
    costOf,
    exchanges,
    inForce: () => state,
    onAlert: (alert) => void alerts.push(alert),
    warn: () => undefined,
  })
  const events: TrialEvent[] = []
  const trials = new Trials({
    policy: namedPolicy(policy).policy,
    now,
    onEvent: (event) => void events.push(event),
  })
  const paid: [SidePurpose, NanoUsd][] = []
  const compared: AuditNote[] = []
  const audits = new Audits({
    onBug: (error) => void bugs.push(error),
    onCost: (purpose, cost) => void paid.push([purpose, cost]),
    onCompared: (note) => void compared.push(note),
  })
  const services: GatewayServices = {
    forwarder,
    journal: {
      begin: async (intent) => void journal.push(intent),
      settle: (settled) => void journal.push(settled),
    },
    ...watch,
    prices,
    costOf,
    hash,
    now,
    exchanges,
    replay: null,
    chance: () => 0.5,
    newId: () => `req_${++ids}`,
    scrub: (text) => text,
    similarity: () => null,
    passes: async () => true,
    onAttempt: () => undefined,
    trials,
    backgrounds: new BackgroundBook(),
    audits,
    onServed: (each) => void served.push(each),
  }
  const cache =
    options.cache ??
    new LiveCache({
      policy: policy.cache,
      embedder: policy.cache.semantic.on ? openStaticEmbedder() : null,
      hash,
      codec: answerCodec,
      now,
      keeper: null,
      staleMs: policy.failure.fallback.stale ? 86_400_000 : 0,
    })
  const state: GatewayState = {
    ...services,
    ...inForceOf(policy, {
      env: options.env,
      services,
      rewriteOf,
      cache,
    }),
    ...options.parts,
  }
  const server = openDataServer({
    state: () => state,
    health: () => ({ status: 'ok', why: [] }),
    onBug: (error) => void bugs.push(error),
    onTurnedAway: (turned) => void turnedAway.push(turned),
    ...(options.slowClientMs !== undefined && {
      limits: { headMs: options.slowClientMs, requestMs: options.slowClientMs },
    }),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    journal,
    alerts,
    cache,
    state,
    trials,
    audits,
    events,
    paid,
    compared,
    served,
    bugs,
    turnedAway,
    settled: () => journal.filter((entry): entry is Settled => entry.kind === 'settled'),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await forwarder.close()
    },
  }
}
