import type { AddressInfo } from 'node:net'
import type { JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { Served } from '../../src/domain/served.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { openForwarder } from '../../src/providers/forward.ts'
import { openDataServer } from '../../src/serve/data-server.ts'
import type { GatewayState } from '../../src/serve/gateway-state.ts'
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
    chance: () => 0.5,
    newId: () => `req_${++ids}`,
    scrub: (text) => text,
    similarity: () => null,
    passes: async () => true,
    onAttempt: () => undefined,
    onServed: (each) => void served.push(each),
    compiled: compilePolicy(policy),
    fingerprint: 'test',
    upstreams: openUpstreams(policy.serve.providers, options.env),
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
    settled: () => journal.filter((entry): entry is Settled => entry.kind === 'settled'),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await forwarder.close()
    },
  }
}
