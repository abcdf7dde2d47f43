import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { asking, chunk, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendPieces, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'

const used = { input_tokens: 1000, output_tokens: 100 }
const claude = (more: JsonObject): JsonObject =>
  asking('Hi', { model: 'claude-opus-4-6', max_tokens: 200, ...more })

const message = (usage: object) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-4-6',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { ...used, ...usage },
})

const event = (type: string, more: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

const streamOf = (usage: object) => [
  event('message_start', { message: { ...message(usage), content: [], stop_reason: null } }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hello' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } }),
  event('message_stop', {}),
]

/** What one request is booked with, whole or streamed. */
async function booked(streams: boolean, usage: object, more: JsonObject = {}) {
  const { gateway, post } = await startFixtureGateway(async (response) => {
    if (!streams) sendText(response, 200, JSON.stringify(message(usage)))
    else {
      startEvents(response)
      await sendPieces(response, streamOf(usage))
    }
  })
  await (await post('/v1/messages', claude({ stream: streams, ...more }))).text()
  const [settled] = gateway.settled()
  return { settled, prices: gateway.state.prices }
}

describe.each([false, true])('of Anthropic, streamed: %s', (streams) => {
  test.each([
    [{ speed: 'fast' }, { speed: 'fast' }],
    [{ inference_geo: 'us' }, { inferenceGeo: 'us' }],
    [
      { speed: 'fast', inference_geo: 'us' },
      { speed: 'fast', inferenceGeo: 'us' },
    ],
  ])('%j costs what it costs in a log', async (told, query) => {
    const { settled, prices } = await booked(streams, told)
    const usage = { ...noUsage, inputTokens: 1000, outputTokens: 100 }
    const pricing = prices.price(
      { provider: 'anthropic', model: 'claude-opus-4-6', at: settled?.at, ...query },
      usage,
    )
    const cost = pricing.kind === 'priced' ? pricing.cost : null
    const plain = await booked(streams, {})
    expect(settled?.costNanoUsd).toBe((cost?.input ?? 0) + (cost?.output ?? 0))
    expect(settled?.costNanoUsd).toBeGreaterThan(plain.settled?.costNanoUsd ?? Infinity)
    // A new price book comes to the same.
    expect(settled?.record).toMatchObject(query)
  })
})

test('what broke off is priced as it was asked for', async () => {
  const broken = async (more: JsonObject) => {
    const { gateway, post } = await startFixtureGateway(async (response) => {
      startEvents(response)
      await sendPieces(response, streamOf({}).slice(0, 3))
    })
    await (await post('/v1/messages', claude({ stream: true, ...more }))).text()
    return gateway.settled()[0]?.costNanoUsd ?? 0
  }
  expect(await broken({ speed: 'fast' })).toBeGreaterThan(await broken({}))
})

describe('a hard budget holds back what a dearer way costs', () => {
  const budgets = [
    { name: 'all', scope: 'all', window: 'day', limit: 100, mode: 'hard', action: 'block' },
  ]
  test.each([
    ['/v1/messages', claude({}), { speed: 'fast' }],
    ['/v1/chat/completions', asking('Hi', { model: 'gpt-4o' }), { service_tier: 'priority' }],
  ])('%s with %#', async (path, body, dearer) => {
    const held: number[] = []
    const started = await startFixtureGateway(
      (response) => {
        const { state } = started.gateway
        const [all] = state.ledger.standings(state.now(), 1)
        held.push(all?.members[0]?.reservedNanoUsd ?? 0)
        const whole = JSON.stringify(message({}))
        sendText(response, 200, path === '/v1/messages' ? whole : completion('Hello'))
      },
      { budgets, cache: { exact: 'off' } },
    )
    for (const more of [{}, dearer])
      expect((await started.post(path, { ...body, ...more })).status).toBe(200)
    const [plain = 0, dear = 0] = held
    expect(dear).toBeGreaterThan(1.5 * plain)
  })

  test('and refuses one whose price nobody knows', async () => {
    const { upstream, post } = await startFixtureGateway(
      (response) => {
        startEvents(response)
        response.end(chunk('Hi'))
      },
      { budgets },
    )
    const body = asking('Hi', { model: 'gpt-4o', service_tier: 'of-tomorrow' })
    expect((await post('/v1/chat/completions', body)).status).toBe(429)
    expect(upstream.received).toEqual([])
  })
})
