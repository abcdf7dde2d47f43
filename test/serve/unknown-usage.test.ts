import { describe, expect, test } from 'vitest'
import { objectOf } from '../../src/domain/json.ts'
import { asking, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText, startEvents } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

type Gateway = Awaited<ReturnType<typeof startFixtureGateway>>['gateway']

const lastOf = (gateway: Gateway) => {
  const settled = gateway.settled().at(-1)
  const step = settled?.receipt.steps.findLast(({ kind }) => kind === 'attempt')
  return {
    record: settled?.record ?? {},
    usage: objectOf(settled?.record['usage']),
    costNanoUsd: step?.kind === 'attempt' ? step.costNanoUsd : undefined,
  }
}

const hardBudget = {
  budgets: [{ name: 'all', scope: 'all', window: 'day', limit: 5, mode: 'hard', action: 'block' }],
}
const spentOf = ({ state }: Gateway): number =>
  state.ledger.standings(state.now(), 1)[0]?.members[0]?.spentNanoUsd ?? 0

describe('what an answer does not tell is not taken for nothing', () => {
  test.each([
    ['/v1/images/generations', { model: 'gpt-image-1', prompt: 'A cat' }],
    ['/v1/audio/speech', { model: 'gpt-4o-mini-tts', input: 'Hi' }],
    ['/v1/of/tomorrow', { model: 'gpt-4o-mini', input: 'Hi' }],
  ])('%s has no known cost', async (path, body) => {
    const { gateway, post } = await startFixtureGateway((response) =>
      sendText(response, 200, JSON.stringify({ created: 1, data: [{ b64_json: 'AAAA' }] })),
    )
    const response = await post(path, body)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-llmcost-cost-usd')).toBeNull()
    await response.text()
    const { record, costNanoUsd } = lastOf(gateway)
    expect(costNanoUsd).toBeNull()
    expect(record['usage']).toBeUndefined()
  })

  test('bytes that are no text have no known cost', async () => {
    const { gateway, post } = await startFixtureGateway((response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      response.end(Buffer.alloc(1000))
    })
    await (await post('/v1/audio/speech', { model: 'gpt-4o-mini-tts', input: 'Hi' })).arrayBuffer()
    expect(lastOf(gateway).costNanoUsd).toBeNull()
  })

  test('a stream of a format that nobody reads has no known cost', async () => {
    const { gateway, post } = await startFixtureGateway((response) => {
      startEvents(response)
      response.end('data: {"delta":"x"}\n\n')
    })
    await (await post('/v1/audio/transcriptions', { model: 'gpt-4o-mini', stream: true })).text()
    expect(lastOf(gateway).costNanoUsd).toBeNull()
  })

  test.each([
    ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'a word '.repeat(100) }, 0],
    ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'a word '.repeat(100) }, 100],
  ])('%s is estimated from its text, and marked', async (path, body, outputTokens) => {
    const { gateway, post } = await startFixtureGateway((response) => {
      const choices = [{ index: 0, text: 'some words '.repeat(50) }]
      sendText(response, 200, JSON.stringify({ data: [{ embedding: [1] }], choices }))
    })
    await (await post(path, body)).text()
    const { record, usage, costNanoUsd } = lastOf(gateway)
    expect(record['usageEstimated']).toBe(true)
    expect(usage['inputTokens']).toBeGreaterThan(100)
    expect(Number(usage['outputTokens'])).toBeGreaterThanOrEqual(outputTokens)
    expect(costNanoUsd).toBeGreaterThan(0)
  })

  test.each([
    '/v1/messages/count_tokens',
    '/v1/responses/input_tokens',
    '/v1/moderations',
    '/v1/files',
  ])('what every provider gives for nothing costs nothing: %s', async (path) => {
    const { gateway, post } = await startFixtureGateway((response) =>
      sendText(response, 200, '{"input_tokens": 12}'),
    )
    await (await post(path, asking('Hi'))).text()
    expect(lastOf(gateway).costNanoUsd).toBe(0)
  })

  test('an error costs nothing', async () => {
    const { gateway, post } = await startFixtureGateway((response) =>
      sendText(response, 400, '{"error":{"message":"no"}}'),
    )
    await (await post('/v1/images/generations', { model: 'gpt-image-1', prompt: 'A cat' })).text()
    expect(lastOf(gateway).costNanoUsd).toBe(0)
  })

  test('under a hard budget its bound is spent, after a restart too', async () => {
    const { gateway, post } = await startFixtureGateway(
      (response) => sendText(response, 200, '{"data":[]}'),
      hardBudget,
    )
    const body = { model: 'gpt-4o-mini', input: 'x'.repeat(1000), max_tokens: 1000 }
    expect((await post('/v1/of/tomorrow', body)).status).toBe(200)
    // A byte a token at the dearest input price, and the largest output.
    const least = 1000 * 150 + 1000 * 600
    expect(spentOf(gateway)).toBeGreaterThanOrEqual(least)
    expect(spentOf(gateway)).toBeLessThan(2 * least)
    const [settled] = gateway.settled()
    expect(settled).toMatchObject({ costNanoUsd: 0, countedNanoUsd: spentOf(gateway) })
  })
})

describe('who ends a call before its first content', () => {
  const body = asking('a word '.repeat(100), { max_tokens: 10_000 })

  test.each([
    ['leaves a stream', { ...body, stream: true }],
    ['leaves a whole answer', body],
  ])('and %s owes an estimate of its input', async (_, asked) => {
    const { gateway, upstream, post } = await startFixtureGateway((response) => {
      if (asked['stream'] === true) startEvents(response)
    })
    const client = new AbortController()
    const answering = post('/v1/chat/completions', asked, { signal: client.signal })
    await until('it is asked', () => upstream.received.length === 1)
    client.abort()
    await expect(answering).rejects.toThrow()
    await until('it is settled', () => gateway.settled().length === 1)
    const { record, usage, costNanoUsd } = lastOf(gateway)
    expect(record).toMatchObject({ status: 'cancelled', usageEstimated: true })
    expect(usage['inputTokens']).toBeGreaterThan(100)
    expect(usage['outputTokens']).toBe(0)
    expect(costNanoUsd).toBeGreaterThan(0)
  })

  test('because it took too long owes the same', async () => {
    const { gateway, post } = await startFixtureGateway(() => undefined, {
      failure: { retries: { attempts: 0 } },
    })
    const headers = { 'x-llmcost-timeout': '0.05' }
    expect((await post('/v1/chat/completions', body, { headers })).status).toBeGreaterThan(499)
    expect(lastOf(gateway).record).toMatchObject({ status: 'timeout', usageEstimated: true })
    expect(lastOf(gateway).costNanoUsd).toBeGreaterThan(0)
  })

  test('owes nothing where nobody was reached', async () => {
    const { gateway, upstream, post } = await startFixtureGateway(() => undefined, {
      failure: { retries: { attempts: 0 } },
    })
    await upstream.close()
    expect((await post('/v1/chat/completions', body)).status).toBe(502)
    expect(lastOf(gateway).costNanoUsd).toBe(0)
    expect(lastOf(gateway).record['usageEstimated']).toBeUndefined()
  })

  test('spends its bound of a hard budget', async () => {
    const { gateway, upstream, post } = await startFixtureGateway(() => undefined, hardBudget)
    const client = new AbortController()
    const answering = post('/v1/chat/completions', body, { signal: client.signal })
    await until('it is asked', () => upstream.received.length === 1)
    client.abort()
    await expect(answering).rejects.toThrow()
    await until('it is settled', () => gateway.settled().length === 1)
    expect(spentOf(gateway)).toBeGreaterThan(10_000 * 600)
    expect(gateway.settled()[0]).toMatchObject({ countedNanoUsd: spentOf(gateway) })
  })
})
