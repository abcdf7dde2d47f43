import type { AddressInfo } from 'node:net'
import { rewriteOf } from '../../src/cli/rewrite-by-program.ts'
import type { JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Served } from '../../src/domain/served.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { openForwarder } from '../../src/providers/forward.ts'
import { Audits } from '../../src/serve/audits.ts'
import { openDataServer } from '../../src/serve/data-server.ts'
import type { SidePurpose } from '../../src/serve/gateway-figures.ts'
import { openGatewayKeys } from '../../src/serve/gateway-keys.ts'
import type { GatewayState } from '../../src/serve/gateway-state.ts'
import { personalIn } from '../../src/serve/kept-text.ts'
import { compileSurroundings } from '../../src/serve/live-surroundings.ts'
import { openRateLimiter } from '../../src/serve/rate-limiter.ts'
import { nameableProviders } from '../../src/serve/read-destination.ts'
import { openRewrites } from '../../src/serve/rewrites.ts'
import { tagSpelling } from '../../src/serve/tag-spelling.ts'
import type { TrialEvent } from '../../src/serve/trial-event.ts'
import { Trials } from '../../src/serve/trials.ts'
import { openUpstreams } from '../../src/serve/upstreams.ts'

/** A gateway in this process, in front of whatever answers at the two addresses. */
export async function startLiveGateway(options: {
  readonly env: Readonly<Record<string, string>>
  readonly policy?: Policy
  readonly parts?: Partial<GatewayState>
}) {
  const policy = options.policy ?? defaultPolicy
  const journal: JournalEntry[] = []
  const served: Served[] = []
  const bugs: unknown[] = []
  let ids = 0
  const events: TrialEvent[] = []
  const trials = new Trials({
    policy,
    now: () => Date.now(),
    onEvent: (event) => void events.push(event),
  })
  const paid: [SidePurpose, NanoUsd][] = []
  const audits = new Audits({
    onBug: (error) => void bugs.push(error),
    onCost: (purpose, cost) => void paid.push([purpose, cost]),
  })
  const forwarder = await openForwarder({ env: {} })
  const state: GatewayState = {
    forwarder,
    journal: {
      begin: async (intent) => void journal.push(intent),
      settle: (settled) => void journal.push(settled),
    },
    prices: openPriceBook(),
    hash: keyHash('secret'),
    now: () => performance.timeOrigin + performance.now(),
    exchanges: new Map(),
    isReplay: false,
    chance: () => 0.5,
    newId: () => `req_${++ids}`,
    scrub: (text) => text,
    similarity: () => null,
    passes: async () => true,
    onServed: (each) => void served.push(each),
    trials,
    audits,
    compiled: compilePolicy(policy),
    fingerprint: 'test',
    upstreams: openUpstreams(policy.serve.providers, options.env, 'openai:gpt-4o-mini'),
    surroundingsOf: compileSurroundings(policy, () => undefined),
    providers: nameableProviders(policy.serve),
    keys: openGatewayKeys(policy.serve.keys, options.env),
    spelling: tagSpelling(policy),
    limiter: openRateLimiter(policy.serve.rateLimits, () => performance.now()),
    isPersonal: personalIn(policy),
    rewritesOf: openRewrites(policy, rewriteOf(policy)),
    cache: {
      findExact: () => null,
      findNearest: () => ({ kind: 'bypass', reason: 'off' }),
      findInFlight: () => null,
      begin: () => undefined,
      remember: () => undefined,
      end: () => undefined,
    },
    ledger: { admit: () => null, settle: () => undefined },
    targets: {
      isUp: () => true,
      begin: () => undefined,
      note: () => undefined,
      stateOf: () => undefined,
    },
    ...options.parts,
  }
  const server = openDataServer({
    state: () => state,
    health: () => ({ status: 'ok', why: [] }),
    onBug: (error) => void bugs.push(error),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    journal,
    served,
    bugs,
    trials,
    audits,
    events,
    paid,
    settled: () => journal.filter((entry): entry is Settled => entry.kind === 'settled'),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await forwarder.close()
    },
  }
}
