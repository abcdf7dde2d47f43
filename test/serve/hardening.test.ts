import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

test('an answer reaches its caller whole, whatever goes wrong in counting it', async () => {
  const text = 'a'.repeat(20_000_000)
  const { gateway, post } = await startFixtureGateway(
    (response) => sendText(response, 200, completion(text)),
    {},
    {
      onServed: () => {
        throw new Error('a bug')
      },
    },
  )
  const response = await post('/v1/chat/completions', asking('Hi'))
  expect((await response.text()).length).toBeGreaterThan(text.length)
  expect(gateway.bugs).toHaveLength(1)
})

test('a compressed answer that is broken holds no connection', async () => {
  const zipped = gzipSync(completion('Hello'))
  const { upstream, post } = await startFixtureGateway((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    zipped.fill(0xff, 15, 40)
    response.write(zipped)
    response.write(Buffer.alloc(1_000_000))
  })
  const response = await post('/v1/chat/completions', asking('Hi'))
  expect(response.status).toBe(502)
  await until('the connection is closed', () => upstream.departures() === upstream.received.length)
})

test('an encoding that nobody asked for is passed on as what it is', async () => {
  const { gateway } = await startFixtureGateway((response) => {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-encoding': 'x-own',
    })
    response.end('bytes')
  })
  const response = await fetch(`${gateway.url}/v1/files/1/content`)
  expect(response.headers.get('content-encoding')).toBe('x-own')
  expect(await response.text()).toBe('bytes')
})

test('a key of the gateway’s own is in no error that a caller is shown', async () => {
  const { post } = await startFixtureGateway(
    (response) =>
      sendText(response, 401, '{"error":{"message":"Incorrect API key: sk-of-the-gateway"}}'),
    {},
    { scrub: (text) => text.replaceAll('sk-of-the-gateway', '[key]') },
  )
  const response = await post('/v1/chat/completions', asking('Hi'))
  expect(response.status).toBe(401)
  expect(await response.text()).toContain('Incorrect API key: [key]')
})

test('a response that goes on in the background is passed on', async () => {
  const queued = { id: 'resp_1', object: 'response', status: 'queued', output: [], usage: null }
  const { upstream, post } = await startFixtureGateway((response) =>
    sendText(response, 200, JSON.stringify({ ...queued, model: 'gpt-4o-mini' })),
  )
  const body = { model: 'gpt-4o-mini', input: 'Hi', background: true }
  for (const _ of [1, 2]) {
    const response = await post('/v1/responses', body)
    expect(await response.json()).toMatchObject(queued)
  }
  expect(upstream.received).toHaveLength(2)
})

const answered = (id: string) =>
  JSON.stringify({
    id,
    object: 'response',
    status: 'completed',
    model: 'gpt-4o-mini',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: id }] }],
    usage: { input_tokens: 10, output_tokens: 5 },
  })

test.each([
  { previous_response_id: 'resp_0' },
  { conversation: 'conv_1' },
  { conversation: { id: 'conv_1' } },
  { prompt: { id: 'pmpt_1' } },
  { background: true },
])('what rests on a state at the provider is shared with nobody: %j', async (more) => {
  const { upstream, post, gateway } = await startFixtureGateway((response, _, turn) =>
    sendText(response, 200, answered(`resp_${turn}`)),
  )
  const body = { model: 'gpt-4o-mini', input: 'Go on.', ...more }
  const ids = []
  for (const _ of [1, 2]) {
    const response = await post('/v1/responses', body)
    expect(response.headers.get('x-llmcost-cache')).toBe('bypass')
    ids.push(((await response.json()) as { id: string }).id)
  }
  expect(ids).toEqual(['resp_0', 'resp_1'])
  const both = await Promise.all([post('/v1/responses', body), post('/v1/responses', body)])
  expect(both.map(({ status }) => status)).toEqual([200, 200])
  expect(upstream.received).toHaveLength(4)
  expect(gateway.bugs).toEqual([])
})

test.each([
  { logprobs: true },
  { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
])('an answer that holds more than is kept is shared with nobody: %j', async (more) => {
  const { upstream, post } = await startFixtureGateway((response) =>
    sendText(response, 200, completion('Hello')),
  )
  for (const _ of [1, 2]) await (await post('/v1/chat/completions', asking('Hi', more))).text()
  expect(upstream.received).toHaveLength(2)
})
