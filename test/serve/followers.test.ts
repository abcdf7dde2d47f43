import { request } from 'node:http'
import { expect, test } from 'vitest'
import {
  asking,
  chunk,
  completion,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { sendPieces, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

test.each([false, true])(
  'who waits for another one’s answer waits no longer than its own call might take, streamed: %s',
  async (stream) => {
    const { gateway, upstream, post } = await startFixtureGateway(async (response, _, turn) => {
      if (turn === 0) return
      if (!stream) sendText(response, 200, completion('Hello'))
      else {
        startEvents(response)
        await sendPieces(response, [chunk('Hello'), chunk('', 'stop'), usageChunk, endOfStream])
      }
    })
    const client = new AbortController()
    const body = asking('Hi', { stream })
    const first = post('/v1/chat/completions', body, { signal: client.signal })
    await until('it is asked', () => upstream.received.length === 1)
    const second = await post('/v1/chat/completions', body, {
      headers: { 'x-llmcost-timeout': '0.2' },
    })
    expect(second.status).toBe(200)
    expect(await second.text()).toContain('Hello')
    expect(upstream.received).toHaveLength(2)
    client.abort()
    await expect(first).rejects.toThrow()
    await until('nobody is left', () => gateway.state.exchanges.size === 0)
    expect(gateway.bugs).toEqual([])
  },
)

test('who reads nothing of another one’s answer is let go, and keeps nobody from theirs', async () => {
  const events = 600
  let others = 0
  const { gateway, post } = await startFixtureGateway(async (response) => {
    startEvents(response)
    await until('another one waits', () => others > 0)
    const piece = chunk('word '.repeat(10_000))
    await sendPieces(response, [
      ...Array.from({ length: events }, () => piece),
      chunk('', 'stop'),
      usageChunk,
      endOfStream,
    ])
  })
  const body = asking('Hi', { stream: true })
  const first = post('/v1/chat/completions', body).then((response) => response.text())
  await until('it is under way', () => gateway.state.exchanges.size === 1)
  const [leader] = gateway.state.exchanges.values()
  const slow = request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  const broken = new Promise<void>((resolve) => {
    slow.on('response', (response) => {
      response.pause()
      response.on('error', () => resolve())
      response.on('close', () => resolve())
    })
    slow.on('error', () => resolve())
  })
  slow.end(JSON.stringify(body))
  await until('it waits', () => (leader?.followers.size ?? 0) === 1)
  others = 1
  expect(await first).toContain('[DONE]')
  expect(leader?.followers.size).toBe(0)
  await until('both are settled', () => gateway.settled().length === 2)
  const statuses = gateway.settled().map(({ record }) => record['status'])
  expect(statuses.toSorted()).toEqual(['cancelled', 'ok'])
  slow.destroy()
  await broken
  expect(gateway.bugs).toEqual([])
})
