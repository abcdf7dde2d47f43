import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Call } from '../../../src/domain/call.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import { type MockFaultName, mockFaultNames } from '../../../src/providers/mock-faults.ts'
import { type MockServer, startMockServer } from '../../../src/providers/mock-server.ts'
import { defaultMockSettings, type MockSettings } from '../../../src/providers/mock-settings.ts'
import type { MockTally } from '../../../src/providers/mock-tally.ts'
import {
  type FixtureAnswer,
  type FixtureUpstream,
  startFixtureUpstream,
} from '../gateways/fixture-upstream.ts'
import { type Gateway, type Harness, until } from '../gateways/harness.ts'

/** Every lever off: what is left of a gateway must not be told from its upstream. */
const transparent: JsonObject = {
  cache: { exact: 'off' },
  coalesce: false,
  failure: { retries: { attempts: 0 }, breaker: { on: false } },
}

/** A gateway before a mock, for the tests of one `describe`; the tally is empty at the start of each test. */
export type MockStand = {
  readonly url: string
  tally(): MockTally
  /** Once the mock has counted so many calls: a caller may know of the end before it does. */
  counted(calls: number): Promise<MockTally>
}

export function standBeforeMock(harness: Harness, settings: Partial<MockSettings> = {}): MockStand {
  let mock: MockServer
  let gateway: Gateway
  beforeAll(async () => {
    mock = await startMockServer({ settings: { ...usual, ...settings }, expectedOf })
    gateway = await harness.start({ upstream: mock.url, policy: transparent })
  })
  beforeEach(async () => {
    await fetch(`${mock.url}/mock/reset`, { method: 'POST' })
  })
  afterAll(async () => {
    await gateway.close()
    await mock.close()
  })
  return {
    get url() {
      return gateway.url
    },
    tally: () => mock.tally(),
    async counted(calls) {
      await until(`${calls} calls are counted`, () => mock.tally().calls >= calls)
      return mock.tally()
    },
  }
}

/** What the mock says where nothing else was asked for: several chunks of a stream, some characters of four bytes. */
export const answer = 'Paris is the capital of France, since at least the year 987. 🗼'
export const question = 'What is the capital of France?'
/** The mock counts a quarter of the bytes. */
export const questionTokens = Math.ceil(Buffer.byteLength(question) / 4)
export const answerTokens = Math.ceil(Buffer.byteLength(answer) / 4)

const expectedOf = ({ format }: Call) => (format.kind === 'text' ? answer : null)

/** The question that the mock answers with a fault; it needs no header, which a gateway might keep to itself. */
export const questionFor = (fault: MockFaultName): string => `please fail: ${fault}`

const usual: MockSettings = {
  ...defaultMockSettings,
  retryAfterMs: 7_000,
  script: mockFaultNames.map((fault) => ({ when: `^please fail: ${fault}$`, fault })),
}

/** A gateway before an upstream that answers as a test has it, for one test. */
export type FixtureStand = { readonly url: string; readonly upstream: FixtureUpstream }

export function fixtureStands(harness: Harness) {
  const open: { close(): Promise<void> }[] = []
  beforeEach(() => async () => {
    for (const each of open.splice(0).reverse()) await each.close()
  })
  return async (say: FixtureAnswer): Promise<FixtureStand> => {
    const upstream = await startFixtureUpstream(say)
    open.push(upstream)
    const gateway = await harness.start({ upstream: upstream.url, policy: transparent })
    open.push(gateway)
    return { url: gateway.url, upstream }
  }
}

/** What a promise is rejected with; fails where it is not. */
export async function thrownBy(asked: Promise<unknown>): Promise<Error> {
  const outcome = await asked.then(
    (value) => ({ value }),
    (error: Error) => ({ error }),
  )
  if ('error' in outcome) return outcome.error
  throw new Error(`it was answered: ${JSON.stringify(outcome.value)}`)
}

export const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, unit: { enum: ['C', 'F'] } },
  required: ['city', 'unit'],
  additionalProperties: false as const,
}

/** A red dot. */
export const pngBase64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
/** What the mock counts for an image. */
export const imageTokens = 1_000
