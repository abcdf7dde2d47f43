import { setTimeout as sleep } from 'node:timers/promises'
import {
  type MockServer,
  type MockServerOptions,
  startMockServer,
} from '../../../src/providers/mock-server.ts'
import { defaultMockSettings, type MockSettings } from '../../../src/providers/mock-settings.ts'
import {
  type FixtureAnswer,
  type FixtureUpstream,
  startFixtureUpstream,
} from '../gateways/fixture-upstream.ts'
import type { Gateway, GatewayOptions, Harness, LedgerRecord } from '../gateways/harness.ts'
import { nanoUsdOf, testPrices } from '../gateways/wire-usage.ts'

/** Something that users of gateways have had to complain about, as a test that a gateway passes if it does not do it. */
export type Complaint = {
  /** What must not happen, or what must instead. */
  readonly name: string
  /** Rejects where it does. */
  run(arena: Arena): Promise<void>
}

/** Starts what a complaint needs; all of it is gone when the complaint has been heard. */
export type Arena = {
  upstream(answer: FixtureAnswer): Promise<FixtureUpstream>
  /** Its tally has the test's prices. */
  mock(settings?: Partial<MockSettings>, options?: Partial<MockServerOptions>): Promise<MockServer>
  /** A gateway without retries and breaker, and with the test's prices, unless `policy` says otherwise. */
  gateway(options: GatewayOptions): Promise<Gateway>
  /** Lets go of it when all is over. */
  defer(close: () => void | Promise<void>): void
  /** Until it holds. Rejects when that takes too long, with what did not come to pass. */
  until(what: string, holds: () => boolean): Promise<void>
  /** The gateway's records once there are so many; fewer where that takes too long. */
  settled(gateway: Gateway, count: number): Promise<readonly LedgerRecord[]>
}

/** How long anything that a gateway has to do by itself may take. */
const usualPatienceMs = 5_000

/** Tests a gateway for one complaint. `patienceMs` may be less where it is known to do what is complained of. */
export async function hear(
  complaint: Complaint,
  harness: Harness,
  patienceMs: number = usualPatienceMs,
): Promise<void> {
  const open: (() => void | Promise<void>)[] = []
  try {
    await complaint.run(arenaFor(harness, patienceMs, open))
  } finally {
    for (const close of open.reverse()) await close()
  }
}

function arenaFor(
  harness: Harness,
  patienceMs: number,
  open: (() => void | Promise<void>)[],
): Arena {
  const kept = <T extends { close(): Promise<void> }>(started: T): T => {
    open.push(() => started.close())
    return started
  }
  const waitFor = async (holds: () => boolean | Promise<boolean>): Promise<boolean> => {
    const end = performance.now() + patienceMs
    while (!(await holds())) {
      if (performance.now() > end) return false
      await sleep(1)
    }
    return true
  }
  return {
    upstream: async (answer) => kept(await startFixtureUpstream(answer)),
    mock: async (settings, options) =>
      kept(
        await startMockServer({
          settings: { ...defaultMockSettings, ...settings },
          priceOf: (_, usage) => nanoUsdOf(usage),
          ...options,
        }),
      ),
    gateway: async ({ policy, ...options }) =>
      kept(await harness.start({ ...options, policy: { ...usualPolicy, ...policy } })),
    defer: (close) => void open.push(close),
    async until(what, holds) {
      if (!(await waitFor(holds))) throw new Error(`it never came to pass: ${what}`)
    },
    async settled(gateway, count) {
      let records = await gateway.records()
      await waitFor(async () => {
        records = await gateway.records()
        return records.length >= count
      })
      return records
    },
  }
}

/** Failures come one after the other in these tests, and each is to be seen. */
export const singleAttempts = { retries: { attempts: 0 }, breaker: { on: false } }

const usualPolicy = {
  failure: singleAttempts,
  coalesce: false,
  cache: { exact: 'off' },
  prices: testPrices,
}
