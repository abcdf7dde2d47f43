import { describe, expect, test } from 'vitest'
import type { TimeoutClass } from '../../src/policy/governance.ts'
import { callLimits, type LimitedCall } from '../../src/serve/call-limits.ts'
import {
  asking,
  chunk,
  completion,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { bodyOf, sendText, startEvents } from '../support/gateways/fixture-upstream.ts'

/** The small one never says anything, the other answers at once. */
const laddered = (timeout: string) => ({
  cache: { exact: 'off' },
  failure: { retries: { attempts: 2, initial: '1ms' } },
  routes: [
    {
      name: 'up',
      when: {},
      ladder: [{ target: 'openai:gpt-4o-mini', timeout }, 'openai:gpt-4.1'],
    },
  ],
})

test('who takes longer than a rung has is climbed over, and not asked again', async () => {
  const { post, upstream } = await startFixtureGateway((response, received) => {
    if (bodyOf(received)['model'] !== 'gpt-4o-mini') sendText(response, 200, completion('Hello'))
  }, laddered('50ms'))
  const response = await post('/v1/chat/completions', asking('Hi'))
  expect(response.status).toBe(200)
  expect(response.headers.get('x-llmcost-attempts')).toBe('2')
  expect(upstream.received.map((each) => bodyOf(each)['model'])).toEqual(['gpt-4o-mini', 'gpt-4.1'])
})

test('who fails in time is asked again before it is climbed over', async () => {
  const { post, upstream } = await startFixtureGateway((response, received) => {
    if (bodyOf(received)['model'] === 'gpt-4o-mini') sendText(response, 500, '{"error":{}}')
    else sendText(response, 200, completion('Hello'))
  }, laddered('5s'))
  expect((await post('/v1/chat/completions', asking('Hi'))).status).toBe(200)
  expect(upstream.received).toHaveLength(4)
})

test.each([
  ['whose provider says that its time is up', 408, {}],
  ['whose provider is silent for too long', null, { idle: '30ms' }],
])('who fails in time, %s, is asked again too', async (_, status, limits) => {
  const { post, upstream } = await startFixtureGateway(
    (response, received) => {
      if (bodyOf(received)['model'] !== 'gpt-4o-mini') sendText(response, 200, completion('Hello'))
      else if (status !== null) sendText(response, status, '{"error":{}}')
    },
    { ...laddered('5s'), timeouts: { interactive: limits } },
  )
  expect((await post('/v1/chat/completions', asking('Hi'))).status).toBe(200)
  expect(upstream.received).toHaveLength(4)
})

test('a stream that has begun in a rung’s time goes on behind it', async () => {
  const { post, upstream } = await startFixtureGateway((response) => {
    startEvents(response)
    response.write(chunk('Once '))
    const rest = [chunk('upon a time', 'stop'), usageChunk, endOfStream].join('')
    setTimeout(() => response.end(rest), 700)
  }, laddered('500ms'))
  const response = await post('/v1/chat/completions', asking('Hi', { stream: true }))
  const text = await response.text()
  expect(text).toContain('upon a time')
  expect(text).not.toContain('error')
  expect(upstream.received).toHaveLength(1)
})

describe('limits of a call', () => {
  const timeout: TimeoutClass = {
    firstTokenMs: 3_000,
    streamMs: 30_000,
    wholeMs: 15_000,
    idleMs: null,
    retries: true,
  }
  const never = Number.POSITIVE_INFINITY
  /** The limits to the first content and in all, each with who set it. */
  const seenIn = ({ limits: { firstTokenMs, idleMs, totalMs }, setBy }: LimitedCall) => {
    expect(idleMs).toBe(null)
    return { first: [firstTokenMs, setBy.firstTokenMs], total: [totalMs, setBy.totalMs] }
  }
  const nothing = { firstTokenMs: never, totalMs: never }
  const ofClass = 3_000
  test.each([
    ['of a rung without a time', null, true, true, {}, [ofClass, 'class'], [30_000, 'class']],
    ['of a whole answer', 8_000, false, false, {}, [null, 'class'], [8_000, 'rung']],
    ['of a held stream', 8_000, true, false, {}, [ofClass, 'class'], [8_000, 'rung']],
    ['of a shown stream', 8_000, true, true, {}, [ofClass, 'class'], [30_000, 'class']],
    ['in little time', 1_000, true, true, {}, [1_000, 'rung'], [30_000, 'class']],
    ['in more than its class', 60_000, true, true, {}, [ofClass, 'class'], [60_000, 'rung']],
    ['by wish', null, true, true, { totalMs: 5_000 }, [ofClass, 'class'], [5_000, 'wish']],
    ['by wish, whole', null, false, true, { totalMs: 60_000 }, [null, 'class'], [15_000, 'class']],
    ['by wish soon', null, true, true, { firstTokenMs: 1_000 }, [1_000, 'wish'], [30_000, 'class']],
    [
      'soon as wished',
      null,
      true,
      true,
      { firstTokenMs: 9_000 },
      [ofClass, 'class'],
      [30_000, 'class'],
    ],
    ['never soon', null, false, true, { firstTokenMs: 1_000 }, [null, 'class'], [15_000, 'class']],
    ['less than a rung', 8_000, false, false, { totalMs: 500 }, [null, 'class'], [500, 'wish']],
    ['more than a rung', 8_000, false, false, { totalMs: 9_000 }, [null, 'class'], [8_000, 'rung']],
    [
      'streamed by wish',
      8_000,
      true,
      true,
      { totalMs: 9_000 },
      [ofClass, 'class'],
      [9_000, 'wish'],
    ],
  ] as const)('%s', (_, rungMs, streamed, isShown, wished, first, total) => {
    const limits = callLimits(timeout, streamed, isShown, rungMs, { ...nothing, ...wished })
    expect(seenIn(limits)).toEqual({ first, total })
  })

  test('where a class has none are those of a rung until an answer has begun', () => {
    const open = { ...timeout, firstTokenMs: null, streamMs: null, idleMs: 120_000 }
    expect(callLimits(open, true, true, 8_000, nothing)).toEqual({
      limits: { firstTokenMs: 8_000, idleMs: 120_000, totalMs: null },
      setBy: { firstTokenMs: 'rung', idleMs: 'class', totalMs: 'class' },
    })
  })
})
