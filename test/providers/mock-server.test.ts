import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { writeTo } from '../../src/providers/mock-pace.ts'
import type { MockTally } from '../../src/providers/mock-tally.ts'
import { forced, startMock } from './mock-clients.ts'

const body = (own: object = {}) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'why?' }],
  ...own,
})
const post = (url: string, path: string, sent: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof sent === 'string' ? sent : JSON.stringify(sent),
  })
const chat = (url: string, own: object = {}, headers: Record<string, string> = {}) =>
  post(url, '/v1/chat/completions', body(own), headers)
const tallyOf = async (url: string) =>
  (await (await fetch(`${url}/mock/tally`)).json()) as MockTally

/** Until the server has counted so many calls: a caller may know of the end before the server does. */
async function counted(tally: () => MockTally, calls: number): Promise<MockTally> {
  while (tally().calls < calls) await new Promise((resolve) => setImmediate(resolve))
  return tally()
}

/** A mock, and how to wait until it is asked. */
async function startWatched() {
  let arrived = () => {}
  const expectedOf = () => {
    arrived()
    return 'a long answer, of many words'
  }
  const arrivals = () =>
    new Promise<void>((resolve) => {
      arrived = resolve
    })
  return { ...(await startMock({}, { expectedOf })), arrivals }
}

describe('what is said', () => {
  test('depends on seed and question, not on server, order or streaming', async () => {
    const settings = { seed: '7', accuracy: 0.5 }
    const [one, two] = [await startMock(settings), await startMock(settings)]
    const questions = Array.from({ length: 20 }, (_, at) => [{ role: 'user', content: `q ${at}` }])
    const said = async (url: string, messages: object, stream: boolean) => {
      const text = await (await chat(url, { messages, stream })).text()
      if (!stream) return JSON.parse(text).choices[0].message.content
      const events = text.split('\n\n').filter((each) => /^data: \{/.test(each))
      return events.map((each) => JSON.parse(each.slice(6)).choices[0].delta.content ?? '').join('')
    }
    const first = await Promise.all(questions.map((each) => said(one.server.url, each, false)))
    const second = await Promise.all(
      questions.toReversed().map((each) => said(two.server.url, each, true)),
    )
    expect(second.toReversed()).toEqual(first)
    expect(new Set(first).size).toBe(20)
  })

  test('ids are unique, and the same in header and tally', async () => {
    const { server } = await startMock()
    const [a, b] = [await chat(server.url), await chat(server.url)]
    const idOf = async (answer: Response) => ((await answer.json()) as { id: string }).id
    const ids = [a.headers.get('x-request-id'), b.headers.get('x-request-id')]
    expect(new Set([await idOf(a), await idOf(b)]).size).toBe(2)
    expect((await counted(server.tally, 2)).requestIds).toEqual(ids)
  })
})

describe('the tally', () => {
  test('adds up what was billed, by model and by outcome, until it is reset', async () => {
    const priceOf = (model: string, { inputTokens }: { inputTokens: number }) =>
      model === 'free' ? null : 5 * inputTokens
    const { server } = await startMock({}, { priceOf, expectedOf: () => 'twelve bytes' })
    const { url } = server
    for (let at = 0; at < 5; at++) await (await chat(url)).text()
    await (await chat(url, { model: 'free', stream: true })).text()
    await (await chat(url, {}, { 'x-mock-fault': '500' })).text()
    await (await post(url, '/v1/embeddings', { model: 'embed', input: ['abcd', 'efgh'] })).text()
    await counted(server.tally, 8)
    expect(await tallyOf(url)).toMatchObject({
      calls: 8,
      streams: 1,
      disconnects: 0,
      byOutcome: { answered: 7, '500': 1 },
      byModel: {
        'gpt-4o-mini': { calls: 6, inputTokens: 5, outputTokens: 15, costNanoUsd: 25 },
        free: { calls: 1, inputTokens: 1, outputTokens: 3, costNanoUsd: null },
        embed: { calls: 1, inputTokens: 2, costNanoUsd: 10 },
      },
    })
    await post(url, '/mock/reset', '')
    expect(await tallyOf(url)).toMatchObject({ calls: 0, byModel: {}, requestIds: [] })
  })
})

describe('a caller who leaves', () => {
  test('stops the stream, and pays for what was said by then', async () => {
    const { server, openai } = await startMock({
      outputTokens: { median: 4_000, sigma: 0 },
      chunkMs: 2,
    })
    const messages = [{ role: 'user' as const, content: 'why?' }]
    const stream = await openai.chat.completions.create({ model: 'm', messages, stream: true })
    let chunks = 0
    for await (const _ of stream) if (++chunks === 5) break
    const { disconnects, byOutcome, byModel } = await counted(server.tally, 1)
    expect({ disconnects, byOutcome }).toEqual({ disconnects: 1, byOutcome: { disconnected: 1 } })
    expect(byModel['m']?.outputTokens).toBeGreaterThan(8)
    expect(byModel['m']?.outputTokens).toBeLessThan(2_000)
  })

  test.each([
    ['disconnected', { 'x-mock-latency-ms': '60000' }],
    ['disconnected', { 'x-mock-fault': 'slow' }],
    ['stall', { 'x-mock-fault': 'stall' }],
    ['endless', { 'x-mock-fault': 'endless' }],
  ])('is noticed at once, whatever is under way: %s, %o', async (outcome, headers) => {
    const { server, arrivals } = await startWatched()
    for (const stream of [true, false]) {
      const leaving = new AbortController()
      const arrival = arrivals()
      const asked = fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body({ stream })),
        signal: leaving.signal,
      })
      await arrival
      leaving.abort()
      await asked.catch(() => {})
    }
    const { disconnects, byOutcome } = await counted(server.tally, 2)
    expect({ disconnects, byOutcome }).toEqual({ disconnects: 2, byOutcome: { [outcome]: 2 } })
  })

  test('who reads slowly is waited for', async () => {
    const reading: (() => void)[] = []
    const slow = new Writable({ highWaterMark: 8, write: (_, __, done) => reading.push(done) })
    const { signal } = new AbortController()
    let isWritten = false
    const writing = writeTo(slow, 'more than eight bytes', signal).then(() => {
      isWritten = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    for (const read of reading.splice(0)) read()
    await writing
    expect(isWritten).toBe(true)
  })

  test('closing the server ends answers under way', async () => {
    const { server, arrivals } = await startWatched()
    const arrival = arrivals()
    const asked = chat(server.url, {}, { 'x-mock-latency-ms': '60000' })
    asked.catch(() => {})
    await arrival
    await server.close()
    await expect(asked).rejects.toThrow()
  })
})

test('many callers at once are nothing to warn of', async () => {
  const { server } = await startMock()
  const warnings: Error[] = []
  const hear = (warning: Error) => void warnings.push(warning)
  process.on('warning', hear)
  const latency = { 'x-mock-latency-ms': '50' }
  await Promise.all(Array.from({ length: 30 }, () => chat(server.url, {}, latency)))
  process.off('warning', hear)
  expect(warnings.map(({ message }) => message)).toEqual([])
})

describe('time', () => {
  test('a stream takes as long as it says, first content and chunks apart', async () => {
    const { server, openai } = await startMock({}, { expectedOf: () => 'x'.repeat(96) })
    const messages = [{ role: 'user' as const, content: 'why?' }]
    const start = performance.now()
    const stream = await openai.chat.completions.create(
      { model: 'm', messages, stream: true },
      forced({ 'latency-ms': '300', 'first-token-ms': '150' }),
    )
    const moments: number[] = []
    for await (const chunk of stream)
      if (chunk.choices[0]?.delta.content) moments.push(performance.now() - start)
    expect(moments).toHaveLength(6)
    expect(moments[0]).toBeGreaterThanOrEqual(149)
    expect(moments.at(-1)).toBeGreaterThanOrEqual(299)
    // Spread over the rest of the time, 30 ms apart: none comes before its turn.
    for (const [at, moment] of moments.entries())
      expect(moment).toBeGreaterThanOrEqual(149 + 30 * at)
    expect(server.tally().byOutcome).toEqual({ answered: 1 })
  })

  test('is told in headers alone where nothing waits', async () => {
    const latency = {
      p50Ms: 60_000,
      p95Ms: 90_000,
      tokensPerSecond: 1,
      spikeShare: 0,
      spikeFactor: 1,
    }
    const { server } = await startMock({ latency }, { isWaiting: false })
    const { headers } = await chat(server.url)
    const first = Number(headers.get('x-mock-first-token-ms'))
    expect(first).toBeGreaterThan(20_000)
    expect(Number(headers.get('x-mock-latency-ms'))).toBeGreaterThan(first)
    const logged = await chat(server.url, {}, { 'x-mock-latency-ms': '1234.5' })
    expect(logged.headers.get('x-mock-latency-ms')).toBe('1234.500')
  })
})

test('a rate limit counts calls in windows, and says so in the headers of both vendors', async () => {
  let now = Date.UTC(2026, 7, 1)
  const { server } = await startMock(
    { rateLimit: { requests: 2, windowMs: 60_000 } },
    { now: () => now },
  )
  const statuses = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => chat(server.url)))
    return answers.map(({ status }) => status).sort()
  }
  expect(await statuses(3)).toEqual([200, 200, 429])
  now += 45_500
  const refused = await chat(server.url)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({
    error: { message: expect.stringContaining('Rate') },
  })
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    'retry-after': '15',
    'retry-after-ms': '14500',
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '14.5s',
    'anthropic-ratelimit-requests-reset': '2026-08-01T00:01:00.000Z',
  })
  now += 14_500
  expect(await statuses(1)).toEqual([200])
  expect(server.tally().byOutcome).toEqual({ answered: 3, '429': 2 })
})

describe('requests that mean nothing', () => {
  test.each([
    ['no JSON', '/v1/chat/completions', '{"model":', 400],
    ['a list', '/v1/messages', '[]', 400],
    ['null', '/v1/messages', 'null', 400],
    ['no model', '/v1/chat/completions', '{"messages":[]}', 400],
    ['an unknown path', '/v1/audio/speech', '{}', 404],
    ['no input', '/v1/embeddings', '{"model":"m"}', 400],
    ['no dimensions', '/v1/embeddings', '{"model":"m","input":"a","dimensions":-1}', 400],
    ['messages that are none', '/v1/chat/completions', '{"model":"m","messages":[7,null]}', 0],
  ])('%s at %s is refused in its dialect and billed to nobody', async (_, path, sent, status) => {
    const { server } = await startMock()
    const answer = await post(server.url, path, sent)
    if (status > 0) expect(answer.status).toBe(status)
    const told = (await answer.json()) as { type?: string; error?: { message?: string } }
    if (status === 0) return
    expect(told.error?.message).toMatch(/\w/)
    if (path === '/v1/messages') expect(told.type).toBe('error')
    expect(server.tally().calls).toBe(0)
  })

  test('a body beyond the limit is refused before it is read', async () => {
    const { server } = await startMock({}, { maxBodyBytes: 1_000 })
    const answer = await chat(server.url, { user: 'x'.repeat(30_000_000) })
    expect(answer.status).toBe(413)
    expect((await chat(server.url)).status).toBe(200)
  })

  test.each([
    { 'x-mock-fault': 'nonsense' },
    { 'x-mock-status': '200' },
    { 'x-mock-finish': 'soon' },
    { 'x-mock-latency-ms': 'soon' },
  ])('%o is refused by name', async (headers) => {
    const { server } = await startMock()
    const answer = await chat(server.url, {}, headers)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(Object.keys(headers)[0])
  })

  test('a port in use is the user’s to mend', async () => {
    const { server } = await startMock()
    const again = startMock({}, { port: server.port })
    await expect(again).rejects.toThrow(UserError)
  })
})
