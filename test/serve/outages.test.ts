import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { bodyOf, sendText } from '../support/gateways/fixture-upstream.ts'

const noRetries = { attempts: 0 }
const resting = {
  failure: { retries: noRetries, fallback: { staticAnswer: 'Please try again later.' } },
}

describe('the fixed answer stands for an outage', () => {
  test.each([500, 503, 529, 429])('such as %s', async (status) => {
    const { post } = await startFixtureGateway(
      (response) => sendText(response, status, '{"error":{"message":"no"}}'),
      resting,
    )
    const response = await post('/v1/chat/completions', asking('Hi'))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-llmcost-fallback')).toBe('static')
  })

  test.each([400, 401, 403, 404, 413, 422])('and not for %s', async (status) => {
    const { post } = await startFixtureGateway(
      (response) => sendText(response, status, '{"error":{"message":"no"}}'),
      resting,
    )
    const response = await post('/v1/chat/completions', asking('Hi'))
    expect(response.status).toBe(status)
    expect(response.headers.get('x-llmcost-fallback')).toBeNull()
  })

  test('nor for what the policy refuses', async () => {
    const { post } = await startFixtureGateway(
      (response) => sendText(response, 200, completion('Hello')),
      { ...resting, serve: { onUnpriced: 'refuse' } },
    )
    const body = asking('Hi', { model: 'nobody-knows-its-price' })
    const response = await post('/v1/chat/completions', body)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('onUnpriced')
  })

  test('nor for a call for which a budget has no room', async () => {
    const { post } = await startFixtureGateway(
      (response) => sendText(response, 200, completion('No')),
      {
        ...resting,
        budgets: [{ name: 'all', scope: 'all', window: 'day', limit: 0.001, action: 'block' }],
        validators: { close: { kind: 'length', min: 100 } },
        routes: [
          {
            name: 'r',
            when: {},
            ladder: [{ target: 'openai:gpt-4', validators: ['close'] }],
          },
        ],
      },
    )
    // The estimate of what was asked for has room, that of the dearer model has not.
    const response = await post('/v1/chat/completions', asking('Hi', { max_tokens: 1 }))
    expect(response.status).toBe(429)
  })
})

/** gpt-4o-mini is out of order; whoever else is asked answers. */
async function outOfOrder(fallback: JsonObject) {
  const started = await startFixtureGateway(
    (response, received) => {
      if (bodyOf(received)['model'] === 'gpt-4o-mini') sendText(response, 503, '{"error":{}}')
      else sendText(response, 200, completion('Hello', { model: 'gpt-4.1' }))
    },
    {
      cache: { exact: 'off' },
      failure: { retries: noRetries, fallback, breaker: { failures: 2 } },
    },
  )
  const ask = async (headers = {}) => {
    const response = await started.post('/v1/chat/completions', asking('Hi'), { headers })
    await response.text()
    return response.status
  }
  const sight = () => started.gateway.state.targets.sights()[0]
  return {
    ...started,
    ask,
    sight,
    models: () => started.upstream.received.map((r) => bodyOf(r)['model']),
  }
}

describe('a model by name whose breaker is open', () => {
  test('is passed over where the policy has others in its place', async () => {
    const targets = { 'openai:gpt-4o-mini': ['openai:gpt-4.1'] }
    const { ask, models } = await outOfOrder({ on: true, targets })
    for (const _ of [1, 2, 3]) expect(await ask()).toBe(200)
    expect(models()).toEqual(['gpt-4o-mini', 'gpt-4.1', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1'])
  })

  test('is answered for at once where the policy has an answer', async () => {
    const { ask, models } = await outOfOrder({ staticAnswer: 'Later.' })
    for (const _ of [1, 2, 3]) expect(await ask()).toBe(200)
    expect(models()).toEqual(['gpt-4o-mini', 'gpt-4o-mini'])
  })

  test('is asked all the same where there is nothing else', async () => {
    const { ask, models } = await outOfOrder({})
    for (const _ of [1, 2, 3]) expect(await ask()).toBe(503)
    expect(models()).toHaveLength(3)
  })

  test('is seen as open all the same', async () => {
    const { ask, sight } = await outOfOrder({})
    expect(await ask()).toBe(503)
    expect(sight()).toMatchObject({ breaker: 'closed', failuresInRow: 1 })
    expect(await ask({ authorization: 'Bearer sk-one' })).toBe(503)
    expect(sight()).toMatchObject({ breaker: 'open', failuresInRow: 2 })
  })

  test('is not opened by the limit of a caller’s own key', async () => {
    const { post, gateway } = await startFixtureGateway(
      (response) => sendText(response, 429, '{"error":{"message":"slow down"}}'),
      { failure: { retries: noRetries, breaker: { failures: 1 } } },
    )
    const state = () => gateway.state.targets.sights()[0]?.breaker
    await post('/v1/chat/completions', asking('Hi'), { headers: { authorization: 'Bearer sk-1' } })
    expect(state()).toBe('closed')
    await post('/v1/chat/completions', asking('Hi'))
    expect(state()).toBe('open')
  })

  const hanging = async (
    status: number | null,
    policy: JsonObject,
    wishes: Readonly<Record<string, string>>,
  ) => {
    const { post, gateway } = await startFixtureGateway(
      (response) => {
        if (status !== null) sendText(response, status, '{"error":{}}')
      },
      { ...policy, failure: { retries: noRetries, breaker: { failures: 1 } } },
    )
    const response = await post('/v1/chat/completions', asking('Hi'), { headers: wishes })
    expect(response.status).toBeGreaterThanOrEqual(400)
    return gateway.state.targets.sights()[0]
  }

  test('is not opened by callers who give it less time than the policy', async () => {
    const sight = await hanging(null, {}, { 'x-llmcost-timeout': '0.02' })
    expect(sight).toMatchObject({ breaker: 'closed', faults: { timeout: 1 } })
  })

  const rung = { target: 'openai:gpt-4o-mini', timeout: '20ms' }
  test.each([
    ['a rung’s own', null, { routes: [{ name: 'r', when: {}, ladder: [rung] }] }],
    ['the silence of its class', null, { timeouts: { passthrough: { idle: '20ms' } } }],
    ['the provider’s own', 408, {}],
  ])(
    'is opened when other limits end a call of callers with wishes: %s',
    async (_, status, policy) => {
      const sight = await hanging(status, policy, { 'x-llmcost-timeout': '10' })
      expect(sight).toMatchObject({ breaker: 'open', faults: { timeout: 1 } })
    },
  )

  test('is asked with a key of the caller’s own, whose trouble is no one else’s', async () => {
    const { ask, models } = await outOfOrder({ staticAnswer: 'Later.' })
    for (const _ of [1, 2, 3]) expect(await ask({ authorization: 'Bearer sk-one' })).toBe(200)
    expect(models()).toHaveLength(3)
  })
})
