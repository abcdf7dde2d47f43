import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removeTerminals, withDatabase } from '../support/cli.ts'
import {
  bodyOf,
  type FixtureAnswer,
  type FixtureUpstream,
  sendText,
  startFixtureUpstream,
} from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'
import { chatWire } from '../support/gateways/wires.ts'
import { type StartedServe, startedServe } from '../support/running-serve.ts'

/** What the upstream does with the next request. */
let answer: FixtureAnswer
let upstream: FixtureUpstream
const open: StartedServe[] = []
beforeEach(async () => {
  answer = well
  upstream = await startFixtureUpstream((response, received, turn) =>
    answer(response, received, turn),
  )
})
afterEach(async () => {
  for (const { serve } of open.splice(0)) await serve.close(0)
  await upstream.close()
  removeTerminals()
})

const well: FixtureAnswer = (response, received) =>
  sendText(
    response,
    200,
    chatWire.whole({
      text: `You asked ${JSON.stringify(bodyOf(received)['messages'])}`,
      model: chatWire.model,
    }),
  )
const broken: FixtureAnswer = (response) => sendText(response, 500, '{"error":{"message":"out"}}')

async function start(policy: object, env: Readonly<Record<string, string>> = {}) {
  const started = await startedServe({
    env: { OPENAI_BASE_URL: `${upstream.url}/v1`, ...env },
    policy: JSON.stringify(policy),
  })
  open.push(started)
  return started
}

const close = async (started: StartedServe) => {
  open.splice(open.indexOf(started), 1)
  await started.serve.close(0)
}

const asking = (content: string) => chatWire.ask(content)

async function answered({ ask }: StartedServe, content: string) {
  const response = await ask(asking(content))
  const cache = response.headers.get('x-llmcost-cache')
  return { status: response.status, cache, response, text: await response.text() }
}

const adminOf = async <T>({ serve }: StartedServe, path: string): Promise<T> =>
  (await (await fetch(`${serve.gateway.adminUrl}${path}`)).json()) as T

describe('entries of the cache that are damaged on the disk', () => {
  const policy = { cache: { storage: 'disk' }, coalesce: false }

  test('are dropped, counted and told; the others are served, and what was lost is asked anew', async () => {
    const first = await start(policy)
    for (const name of ['one', 'two', 'three', 'four']) await answered(first, name)
    const { database } = first.terminal
    await close(first)
    await withDatabase({ database: `${database}.gateway` }, (ledger) => {
      const [a, b, c] = ledger
        .prepare('SELECT serial, request FROM cacheEntries ORDER BY serial')
        .all()
      ledger
        .prepare("UPDATE cacheEntries SET facts = '{\"us' WHERE serial = ?")
        .run(a?.['serial'] as number)
      ledger
        .prepare('UPDATE cacheAnswers SET answer = substr(answer, 1, 20) WHERE request = ?')
        .run(b?.['request'] as string)
      ledger.prepare('DELETE FROM cacheAnswers WHERE request = ?').run(c?.['request'] as string)
    })
    const again = await start(policy, { LLMCOST_DB: database })
    const served = async () => {
      const cache: (string | null)[] = []
      for (const name of ['one', 'two', 'three', 'four']) {
        const got = await answered(again, name)
        expect(got.status).toBe(200)
        expect(got.text).toContain(name)
        cache.push(got.cache)
      }
      return cache
    }
    expect(await served()).toEqual(['miss', 'miss', 'miss', 'hit-exact'])
    expect(await again.health()).toEqual({
      status: 'degraded',
      why: [expect.stringMatching(/^cache: 3 damaged entries were dropped/)],
    })
    expect(upstream.received).toHaveLength(4 + 3)
    expect(await served()).toEqual(['hit-exact', 'hit-exact', 'hit-exact', 'hit-exact'])

    // Gone from the disk too: the next start finds nothing wrong.
    await close(again)
    const third = await start(policy, { LLMCOST_DB: database })
    expect((await answered(third, 'one')).cache).toBe('hit-exact')
    expect(await third.health()).toEqual({ status: 'ok', why: [] })
  })
})

describe('a target that keeps failing', () => {
  /** What was not routed has nowhere else to go, and passes by every breaker. */
  const routed = {
    cache: { exact: false },
    coalesce: false,
    routes: [{ name: 'all', ladder: ['openai:gpt-4o-mini'] }],
  }
  type Sight = { readonly target: string; readonly state: string }
  const states = async (gateway: StartedServe) =>
    (await adminOf<{ readonly breakers: readonly Sight[] }>(gateway, '/breakers')).breakers.map(
      ({ state }) => state,
    )

  test('is left alone, then asked once; that answer lets everybody in again', async () => {
    const gateway = await start({
      ...routed,
      failure: { retries: { attempts: 0 }, breaker: { failures: 3, open: '1s' } },
    })
    answer = broken
    for (const name of ['one', 'two', 'three'])
      expect((await answered(gateway, name)).status).toBe(500)
    const refused = await answered(gateway, 'four')
    expect(refused.status).toBe(503)
    expect(JSON.parse(refused.text).error.message).toMatch(/no model could be asked/)
    expect(upstream.received).toHaveLength(3)
    expect(await states(gateway)).toEqual(['open'])

    // The probe is held, so that all others come while it is out.
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    answer = async (response, received, turn) => {
      await held
      await well(response, received, turn)
    }
    const early: Promise<number>[] = []
    let asked = 0
    const askOn = setInterval(() => {
      if (upstream.received.length === 3)
        early.push(answered(gateway, `early ${++asked}`).then(({ status }) => status))
    }, 20)
    await until('the probe is upstream', () => upstream.received.length === 4)
    clearInterval(askOn)
    const others = await Promise.all(
      Array.from({ length: 10 }, (_, number) => answered(gateway, `other ${number}`)),
    )
    expect(others.map(({ status }) => status)).toEqual(Array(10).fill(503))
    expect(upstream.received).toHaveLength(4)
    // All others see it open until the probe has ended.
    expect(await states(gateway)).toEqual(['open'])
    letGo()
    const ends = await Promise.all(early)
    expect(ends.filter((status) => status === 200)).toHaveLength(1)
    expect(ends.filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect((await answered(gateway, 'after')).status).toBe(200)
    expect(await states(gateway)).toEqual(['closed'])
  })

  test('stays alone where the probe fails as well', async () => {
    const gateway = await start({
      ...routed,
      failure: { retries: { attempts: 0 }, breaker: { failures: 2, open: '1s' } },
    })
    answer = broken
    for (const name of ['one', 'two']) expect((await answered(gateway, name)).status).toBe(500)
    while ((await answered(gateway, 'probe')).status !== 500);
    expect(upstream.received).toHaveLength(3)
    expect((await answered(gateway, 'later')).status).toBe(503)
    expect(await states(gateway)).toEqual(['open'])
  })
})

describe('where no target answers', () => {
  const failing = { retries: { attempts: 0 }, breaker: { failures: 1 } }

  /** A question that is in the cache no more, and one that never was. */
  async function outage(fallback: object) {
    const gateway = await start({
      cache: { exact: { ttl: '1s' } },
      routes: [{ name: 'all', ladder: ['openai:gpt-4o-mini', 'openai:gpt-4o'] }],
      failure: { ...failing, fallback },
    })
    const first = await answered(gateway, 'known')
    expect(first.status).toBe(200)
    answer = broken
    // Until its time is over, it is a hit.
    let known = await answered(gateway, 'known')
    while (known.cache === 'hit-exact') known = await answered(gateway, 'known')
    return { first, known, unknown: await answered(gateway, 'unknown') }
  }

  test('the last good answer is given, marked as stale; what has none gets a clean error', async () => {
    const { first, known, unknown } = await outage({ stale: true })
    expect(known.status).toBe(200)
    const said = (text: string) => JSON.parse(text).choices[0].message.content
    expect(said(known.text)).toBe(said(first.text))
    const headers = [...known.response.headers].map(([name, value]) => `${name}: ${value}`)
    expect(headers.join('\n')).toMatch(/stale/)
    expect(unknown.status).toBe(503)
  })

  test('the fixed answer is given where the policy has one', async () => {
    const { known, unknown } = await outage({ staticAnswer: 'Please try again later.' })
    for (const { status, text } of [known, unknown]) {
      expect(status).toBe(200)
      expect(JSON.parse(text).choices[0].message.content).toBe('Please try again later.')
    }
  })

  test('a clean error says so where the policy has nothing', async () => {
    const { known, unknown } = await outage({})
    // The first one was the failure that opened the breaker: the provider's own words.
    expect(known.status).toBe(500)
    expect(unknown.status).toBe(503)
    expect(unknown.response.headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(unknown.text)).toEqual({
      error: expect.objectContaining({ message: expect.stringMatching(/\w/) }),
    })
  })
})
