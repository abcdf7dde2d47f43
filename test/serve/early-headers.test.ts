import { describe, expect, test } from 'vitest'
import {
  asking,
  chunk,
  completion,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { bodyOf, sendPieces, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

const told = ({ headers }: Response) =>
  Object.fromEntries(
    ['cache', 'cache-source-id', 'target', 'route', 'reason', 'attempts', 'cost-usd'].map(
      (name) => [name, headers.get(`x-llmcost-${name}`)],
    ),
  )

describe('two rungs asked at once', () => {
  const atOnce = (validators: string[]) => ({
    coalesce: false,
    speculative: 'on',
    failure: { retries: { attempts: 0 } },
    validators: { some: { kind: 'length', min: 1 }, long: { kind: 'length', min: 1000 } },
    routes: [
      {
        name: 'both',
        when: {},
        ladder: [{ target: 'gpt-4o-mini', validators }, { target: 'gpt-4o' }],
      },
    ],
  })

  test.each([false, true])(
    'the first one’s answer says so while the other is under way, streamed: %s',
    async (stream) => {
      let letGo = () => {}
      const held = new Promise<void>((resolve) => {
        letGo = resolve
      })
      const { gateway, post, upstream } = await startFixtureGateway(
        async (response, received) => {
          if (bodyOf(received)['model'] === 'gpt-4o') {
            await held
            sendText(response, 500, '{"error":{}}')
          } else {
            await until('both are asked', () => upstream.received.length === 2)
            if (!stream) sendText(response, 200, completion('Hello'))
            else {
              startEvents(response)
              await sendPieces(response, [
                chunk('Hello'),
                chunk('', 'stop'),
                usageChunk,
                endOfStream,
              ])
            }
          }
        },
        atOnce(['some']),
      )
      const response = await post('/v1/chat/completions', asking('Hi', { stream }))
      expect(told(response)).toEqual({
        cache: 'miss',
        'cache-source-id': null,
        target: 'openai:gpt-4o-mini',
        route: 'both',
        reason: null,
        attempts: '2',
        // The other one is not paid for yet.
        'cost-usd': null,
      })
      letGo()
      expect(await response.text()).toContain('Hello')
      await until('it is settled', () => gateway.settled().length === 1)
    },
  )

  test('who answers is named, though another one ended last', async () => {
    const { gateway, post } = await startFixtureGateway(
      async (response, received) => {
        if (bodyOf(received)['model'] === 'gpt-4o')
          return sendText(response, 200, completion('Long'))
        const [exchange] = gateway.state.exchanges.values()
        await until('the strong one has answered', () => exchange?.attempts.length === 1)
        return sendText(response, 200, completion('Short'))
      },
      atOnce(['long']),
    )
    const response = await post('/v1/chat/completions', asking('Hi'))
    expect(await response.text()).toContain('Long')
    expect(told(response)).toMatchObject({ target: 'openai:gpt-4o', attempts: '2' })
  })
})

test('a stream that is another request’s, too, says what whole answers do', async () => {
  for (const stream of [false, true]) {
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const { gateway, post } = await startFixtureGateway(async (response) => {
      await held
      if (!stream) return sendText(response, 200, completion('Hello'))
      startEvents(response)
      return sendPieces(response, [chunk('Hello'), chunk('', 'stop'), usageChunk, endOfStream])
    })
    const ask = () => post('/v1/chat/completions', asking('Hi', { stream }))
    const first = ask()
    await until('it is under way', () => gateway.state.exchanges.size === 1)
    const [leader] = gateway.state.exchanges.values()
    const second = ask()
    await until('another one waits', () => leader?.followers.size === 1)
    letGo()
    expect(await (await first).text()).toContain('Hello')
    const response = await second
    expect(await response.text()).toContain('Hello')
    expect(told(response)).toMatchObject({
      cache: 'miss',
      'cache-source-id': leader?.inbound.id,
      target: null,
      reason: 'coalesced',
      attempts: '0',
    })
  }
})
