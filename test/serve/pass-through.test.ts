import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { startLiveGateway } from '../support/live-gateway.ts'

let mock: MockServer
let gateway: Awaited<ReturnType<typeof startLiveGateway>>

beforeAll(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
  gateway = await startLiveGateway({
    env: { OPENAI_BASE_URL: `${mock.url}/v1`, ANTHROPIC_BASE_URL: mock.url },
  })
})

afterAll(async () => {
  await gateway.close()
  await mock.close()
})

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test', ...headers },
    body: JSON.stringify(body),
  })

const asking = (content: string) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
})
const question = asking('What is a heap?')

test('an answer passes through and is written down with its cost', async () => {
  const response = await post('/v1/chat/completions', question)
  expect(response.status).toBe(200)
  const body = (await response.json()) as { usage: { prompt_tokens: number } }
  const [settled] = gateway.settled().slice(-1)
  expect(settled?.record['usage']).toMatchObject({ inputTokens: body.usage.prompt_tokens })
  expect(settled?.costNanoUsd).toBeGreaterThan(0)
  expect(gateway.bugs).toEqual([])
})

test.each([
  ['/v1/chat/completions', { ...asking('And a stack?'), stream: true }, 'data: [DONE]'],
  [
    '/v1/messages',
    { ...question, model: 'claude-haiku-4-5', max_tokens: 100, stream: true },
    'message_stop',
  ],
  [
    '/v1/responses',
    { model: 'gpt-4o-mini', input: 'And a queue?', stream: true },
    'response.completed',
  ],
])('a stream of %s passes through whole', async (path, body, end) => {
  const response = await post(path, body)
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).toContain(end)
  expect(text).not.toContain('"choices":[]')
  const [settled] = gateway.settled().slice(-1)
  expect(settled?.record).toMatchObject({ status: 'ok', streamed: true })
  expect(settled?.costNanoUsd).toBeGreaterThan(0)
  expect(gateway.bugs).toEqual([])
})

test('the same question is answered from the cache, streamed or not, in either dialect', async () => {
  const before = mock.tally().calls
  for (const stream of [false, true]) {
    const response = await post('/v1/chat/completions', { ...question, stream })
    expect(response.headers.get('x-llmcost-cache')).toBe('hit-exact')
    expect(response.headers.get('age')).toBe('0')
    expect(await response.text()).toMatch(stream ? /data: \[DONE\]/ : /"total_tokens":0/)
  }
  expect(mock.tally().calls).toBe(before)
  expect(gateway.settled().at(-1)).toMatchObject({
    costNanoUsd: 0,
    record: { servedFromCache: true },
    receipt: { outcome: 'hit' },
  })
})

test('fifty identical requests at once are one call, streams too', async () => {
  const before = mock.tally().calls
  const asked = Array.from({ length: 50 }, (_, place) =>
    post('/v1/chat/completions', { ...asking('Who was Ada?'), stream: place % 2 === 0 }).then(
      (response) => response.text(),
    ),
  )
  const texts = await Promise.all(asked)
  expect(mock.tally().calls).toBe(before + 1)
  expect(texts.filter((text) => text.includes('[DONE]'))).toHaveLength(25)
  expect(gateway.bugs).toEqual([])
})

test('a question in plain words is answered in plain words', async () => {
  const response = await post('/v1/complete', {
    query: 'What is a heap?',
    user_id: 'u1',
    feature: 'faq',
  })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    cached: false,
    tier: null,
    cost_usd: expect.any(Number),
  })
  const [settled] = gateway.settled().slice(-1)
  expect(settled?.record).toMatchObject({ user: 'u1', feature: 'faq', requestedModel: 'auto' })
  const refused = await post('/v1/complete', { query: 'x', temperature: 1 })
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('temperature')
})
