import { afterAll, describe, expect, test } from 'vitest'
import { type JsonObject, objectOf } from '../../src/domain/json.ts'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { budgetLines } from '../../src/serve/gateway-watch.ts'
import { removeTerminals } from '../support/cli.ts'
import {
  asking,
  chunk,
  completion,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { sendPieces, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'
import { startedServe, until } from '../support/running-serve.ts'

afterAll(removeTerminals)

const event = (type: string, more: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

test('a stream that breaks off before its last count is paid for by its text', async () => {
  const { gateway, post } = await startFixtureGateway(async (response) => {
    startEvents(response)
    await sendPieces(response, [
      event('message_start', {
        message: {
          id: 'msg_1',
          model: 'claude-haiku-4-5',
          usage: { input_tokens: 30, output_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...Array.from({ length: 20 }, () =>
        event('content_block_delta', {
          index: 0,
          delta: { type: 'text_delta', text: 'word '.repeat(20) },
        }),
      ),
    ])
  })
  const body = asking('Hi', { model: 'claude-haiku-4-5', max_tokens: 1000, stream: true })
  await (await post('/v1/messages', body)).text()
  const [settled] = gateway.settled()
  expect(settled?.record).toMatchObject({ usageEstimated: true, usage: { inputTokens: 30 } })
  const outputTokens = Number(objectOf(settled?.record['usage'])['outputTokens'])
  expect(outputTokens).toBeGreaterThan(300)
})

test('a broken stream with a picture is paid for as a picture, not as text', async () => {
  const { gateway, post } = await startFixtureGateway(async (response) => {
    startEvents(response)
    await sendPieces(response, [chunk('A cat')])
  })
  const url = `data:image/png;base64,${'A'.repeat(400_000)}`
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url } },
  ]
  const body = { ...asking(''), messages: [{ role: 'user', content }], stream: true }
  await (await post('/v1/chat/completions', body)).text()
  const [settled] = gateway.settled()
  const inputTokens = Number(objectOf(settled?.record['usage'])['inputTokens'])
  expect(inputTokens).toBeGreaterThan(500)
  expect(inputTokens).toBeLessThan(5_000)
})

test('what is only looked up again is not billed again', async () => {
  const { gateway } = await startFixtureGateway((response) => {
    const usage = { input_tokens: 1_000_000, output_tokens: 1_000_000, total_tokens: 2_000_000 }
    sendText(response, 200, JSON.stringify({ id: 'resp_1', model: 'gpt-4o-mini', usage }))
  })
  await (await fetch(`${gateway.url}/v1/responses/resp_1?model=gpt-4o-mini`)).text()
  expect(gateway.settled()[0]).toMatchObject({ costNanoUsd: 0 })
  expect(gateway.settled()[0]?.record['usage']).toMatchObject({ inputTokens: 0 })
})

test.each(['/v1/%63hat/completions', '/v1//chat/completions', '/v1/chat/completions/'])(
  '%s is no way around the price',
  async (path) => {
    const { gateway, upstream, post } = await startFixtureGateway(async (response) => {
      startEvents(response)
      await sendPieces(response, [chunk('Hi'), chunk('', 'stop'), usageChunk, endOfStream])
    })
    await (await post(path, asking('Hi', { stream: true }))).text()
    expect(upstream.received[0]?.path).toBe('/v1/chat/completions')
    expect(gateway.settled()[0]?.costNanoUsd).toBeGreaterThan(0)
  },
)

test('a streamed completion of the old kind is paid for', async () => {
  const piece = (more: object) =>
    `data: ${JSON.stringify({ object: 'text_completion', model: 'gpt-3.5-turbo-instruct', ...more })}\n\n`
  const { gateway, post } = await startFixtureGateway(async (response, _, turn) => {
    startEvents(response)
    const pieces = Array.from({ length: 50 }, () => piece({ choices: [{ index: 0, text: ' x' }] }))
    const told = piece({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 50 } })
    await sendPieces(response, [...pieces, ...(turn === 0 ? [told] : []), endOfStream])
  })
  const body = { model: 'gpt-3.5-turbo-instruct', prompt: 'Say x fifty times.', stream: true }
  await (await post('/v1/completions', body)).text()
  await (await post('/v1/completions', body)).text()
  const [told, guessed] = gateway.settled()
  expect(told?.record).toMatchObject({ usage: { inputTokens: 7, outputTokens: 50 } })
  expect(guessed?.record).toMatchObject({ usageEstimated: true, usage: { outputTokens: 50 } })
  expect(guessed?.costNanoUsd).toBeGreaterThan(0)
})

test('an answer under a name that has no price costs what was asked for', async () => {
  const { gateway, post } = await startFixtureGateway((response) => {
    sendText(response, 200, completion('Hello', { model: 'cluster-7/blend' }))
  })
  const response = await post('/v1/chat/completions', asking('Hi'))
  expect(Number(response.headers.get('x-llmcost-cost-usd'))).toBeGreaterThan(0)
  expect(gateway.settled()[0]?.costNanoUsd).toBeGreaterThan(0)
})

test('a cheaper tier of the caller’s own asking is no saving of the gateway', async () => {
  const { post } = await startFixtureGateway((response) => {
    sendText(response, 200, completion('Hello', { model: 'gpt-5', service_tier: 'flex' }))
  })
  const body = asking('Hi', { model: 'gpt-5', service_tier: 'flex' })
  const response = await post('/v1/chat/completions', body)
  expect(response.headers.get('x-llmcost-saved-usd')).toBe('0.000000000')
})

test('what was billed before an error of ours is spent', async () => {
  const { gateway, post } = await startFixtureGateway(
    (response) => sendText(response, 200, completion('Hello')),
    {
      budgets: [{ name: 'all', scope: 'all', window: 'day', limit: 1, mode: 'soft' }],
      validators: { close: { kind: 'length', min: 1 } },
      routes: [
        { name: 'r', when: {}, ladder: [{ target: 'openai:gpt-4o-mini', validators: ['close'] }] },
      ],
    },
    {
      onAttempt: () => {
        throw new Error('a bug')
      },
    },
  )
  expect((await post('/v1/chat/completions', asking('Hi'))).status).toBe(500)
  const [standing] = gateway.state.ledger.standings(gateway.state.now(), 1)
  expect(JSON.stringify(standing)).toMatch(/"spent\w*":[1-9]/)
})

test('who names no user has a budget with all others who name none', async () => {
  // 10,000 × $0.15 a million.
  const usage = { prompt_tokens: 10_000, completion_tokens: 0, total_tokens: 10_000 }
  const { gateway, post } = await startFixtureGateway(
    (response) => sendText(response, 200, completion('Hello', { usage })),
    {
      cache: { exact: 'off' },
      budgets: [{ name: 'each', scope: 'user', window: 'day', limit: 0.001, action: 'block' }],
    },
  )
  const ask = async (headers = {}) => {
    const body = asking('Hi', { max_tokens: 10 })
    const response = await post('/v1/chat/completions', body, { headers })
    return { status: response.status, text: await response.text() }
  }
  expect(await ask()).toMatchObject({ status: 200 })
  expect(await ask()).toMatchObject({ status: 429 })
  expect((await ask()).text).toContain('all who name no user together')
  expect((await ask({ 'x-llmcost-user': 'ann' })).status).toBe(200)
  const { ledger, compiled } = gateway.state
  const lines = budgetLines(ledger, compiled.policy, gateway.state.now())
  expect(lines.map(({ member, spentUsd }) => [member, spentUsd])).toEqual([
    ['(none)', 0.0015],
    ['ann', 0.0015],
  ])
})

test('an operator is told once that those who name no user share a budget', async () => {
  const mock = await startMockServer({ settings: defaultMockSettings, isWaiting: false })
  const env = { OPENAI_BASE_URL: `${mock.url}/v1`, OPENAI_API_KEY: 'k' }
  const policy = 'budgets: [{ name: each, scope: user, window: day, limit: $5, action: block }]'
  const { serve, terminal, ask } = await startedServe({ env, policy })
  const lines = () =>
    terminal
      .err()
      .split('\n')
      .filter((line) => line.includes('share one account'))
  try {
    for (const _ of [1, 2]) expect((await ask()).status).toBe(200)
    await until(() => lines().length > 0)
  } finally {
    await serve.close(1000)
    await mock.close()
  }
  expect(lines().map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 'warn',
      msg: 'budget each: requests that name no user share one account (keys and headers name it: docs/gateway-headers.md)',
    },
  ])
})

describe('asking again is no use', () => {
  const usage = { prompt_tokens: 10_000, completion_tokens: 0, total_tokens: 10_000 }
  const budgeted = (budget: JsonObject) =>
    startFixtureGateway((response) => sendText(response, 200, completion('Hello', { usage })), {
      cache: { exact: 'off' },
      failure: { retries: { attempts: 0 } },
      budgets: [{ name: 'cap', scope: 'all', window: 'day', action: 'block', ...budget }],
    })
  const told = async (response: Response) => ({
    status: response.status,
    retry: response.headers.get('x-should-retry'),
    after: response.headers.get('retry-after') !== null,
    text: await response.text(),
  })

  test.each(['/v1/chat/completions', '/v1/messages'])(
    'for what is larger than the whole budget (%s)',
    async (path) => {
      const { post } = await budgeted({ limit: 0.000001 })
      const body = asking('Hi', { max_tokens: 1000 })
      const refused = await told(await post(path, body))
      expect(refused).toMatchObject({ status: 429, retry: 'false', after: false })
      expect(refused.text).toContain('more than the whole limit: it will never fit')
    },
  )

  test('where a lifetime is used up; but it is when another day will do', async () => {
    for (const [window, expected] of [
      ['lifetime', { retry: 'false', after: false }],
      ['day', { retry: null, after: true }],
    ] as const) {
      const { post } = await budgeted({ limit: 0.001, window })
      const ask = () => post('/v1/chat/completions', asking('Hi', { max_tokens: 10 }))
      expect((await told(await ask())).status).toBe(200)
      const refused = await told(await ask())
      expect(refused).toMatchObject({ status: 429, ...expected })
      expect(refused.text).not.toContain('never fit')
    }
  })

  test('and nothing is said of it where the provider is busy', async () => {
    const { post } = await startFixtureGateway(
      (response) => sendText(response, 429, '{"error":{"message":"slow down"}}'),
      { failure: { retries: { attempts: 0 } } },
    )
    for (const path of ['/v1/chat/completions', '/v1/messages'])
      expect(await told(await post(path, asking('Hi', { max_tokens: 10 })))).toMatchObject({
        status: 429,
        retry: null,
      })
  })

  test.each(['/v1/chat/completions', '/v1/messages'])(
    'of a cache that has no answer, where no other is wanted (%s)',
    async (path) => {
      const { post, upstream, gateway } = await startFixtureGateway((response) =>
        sendText(response, 200, completion('Hello')),
      )
      const headers = { 'cache-control': 'only-if-cached' }
      const missed = await told(await post(path, asking('Hi', { max_tokens: 10 }), { headers }))
      expect(missed).toMatchObject({ status: 504, retry: 'false', after: false })
      expect(JSON.parse(missed.text).error).toMatchObject({ code: 'not_cached' })
      expect(upstream.received).toHaveLength(0)
      await (await post(path, asking('Hi', { max_tokens: 10 }))).text()
      expect(gateway.served.map((each) => each.isNotCached)).toEqual([true, undefined])
    },
  )
})
