import { expect, test } from 'vitest'
import {
  asking,
  chunk,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { sendPieces, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

const quickRetries = { failure: { retries: { attempts: 2, initial: '5ms', max: '5ms' } } }

test('who leaves during a second attempt ends that one too', async () => {
  const { gateway, upstream, post } = await startFixtureGateway((response, _, turn) => {
    if (turn === 0) sendText(response, 503, '{"error":{"message":"busy"}}')
    else {
      startEvents(response)
      response.write(chunk('Hel'))
    }
  }, quickRetries)
  const client = new AbortController()
  const response = await post('/v1/chat/completions', asking('Hi', { stream: true }), {
    signal: client.signal,
  })
  expect(response.status).toBe(200)
  client.abort()
  await until('the provider sees it', () => upstream.departures() === 1)
  await until('it is settled', () => gateway.settled().length === 1)
  expect(gateway.settled()[0]?.record).toMatchObject({ status: 'cancelled' })
})

test('who waited for an answer that failed, and leaves while asking alone, ends that call', async () => {
  const waiting = () => [...gateway.state.exchanges.values()][0]?.followers.size ?? 0
  const { gateway, upstream, post } = await startFixtureGateway(async (response, _, turn) => {
    if (turn > 0) return
    await until('another one waits', () => waiting() === 1)
    sendText(response, 400, '{"error":{"message":"no"}}')
  })
  const first = post('/v1/chat/completions', asking('Hi'))
  await until('it is asked', () => upstream.received.length === 1)
  const client = new AbortController()
  const second = post('/v1/chat/completions', asking('Hi'), { signal: client.signal })
  expect((await first).status).toBe(400)
  await until('the other one asks', () => upstream.received.length === 2)
  client.abort()
  await expect(second).rejects.toThrow()
  await until('the provider sees it', () => upstream.departures() === 1)
})

test('of an attempt that failed unseen, nobody who waits for the answer sees anything', async () => {
  let others = 0
  const { gateway, upstream, post } = await startFixtureGateway(async (response, _, turn) => {
    startEvents(response)
    await until('others wait', () => others > 0)
    if (turn === 0) {
      const error = { error: { message: 'overloaded', type: 'server_error' } }
      await sendPieces(response, [
        'data: {"id":"chatcmpl-0","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n',
        `data: ${JSON.stringify(error)}\n\n`,
      ])
    } else await sendPieces(response, [chunk('Hello'), chunk('', 'stop'), usageChunk, endOfStream])
  }, quickRetries)
  const ask = () =>
    post('/v1/chat/completions', asking('Hi', { stream: true }), {
      headers: { 'x-llmcost-usage-event': 'true' },
    }).then((response) => response.text())
  const first = ask()
  await until('it is asked', () => upstream.received.length === 1)
  const second = ask()
  const [leader] = gateway.state.exchanges.values()
  await until('it waits', () => (leader?.followers.size ?? 0) === 1)
  others = 1
  const [own, shared] = await Promise.all([first, second])
  expect(upstream.received).toHaveLength(2)
  expect(shared).toContain('Hello')
  expect(shared).not.toContain('overloaded')
  expect(shared).toContain('[DONE]')
  expect(own).not.toContain('overloaded')
  expect(own).toContain('llmcost.usage')
  expect(gateway.bugs).toEqual([])
})
