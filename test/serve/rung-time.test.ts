import { describe, expect, test } from 'vitest'
import type { TimeoutClass } from '../../src/policy/governance.ts'
import { callLimits } from '../../src/serve/call-limits.ts'
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
  test.each([
    ['of a rung without a time', true, true, { rungMs: null, wishedMs: never }, 3_000, 30_000],
    ['of a whole answer', false, false, { rungMs: 8_000, wishedMs: never }, null, 8_000],
    [
      'of a stream that is held back',
      true,
      false,
      { rungMs: 8_000, wishedMs: never },
      3_000,
      8_000,
    ],
    ['of a stream that is shown', true, true, { rungMs: 8_000, wishedMs: never }, 3_000, 30_000],
    ['in little time', true, true, { rungMs: 1_000, wishedMs: never }, 1_000, 30_000],
    [
      'in more time than its class has',
      true,
      true,
      { rungMs: 60_000, wishedMs: never },
      3_000,
      60_000,
    ],
    ['in less than a rung has, by wish', false, false, { rungMs: 8_000, wishedMs: 500 }, null, 500],
    ['as a stream by wish', true, true, { rungMs: 8_000, wishedMs: 9_000 }, 3_000, 9_000],
  ] as const)('%s', (_, streamed, isShown, rung, firstTokenMs, totalMs) => {
    const limits = callLimits(timeout, streamed, isShown, rung)
    expect(limits).toEqual({ firstTokenMs, idleMs: null, totalMs })
  })

  test('where a class has none are those of a rung until an answer has begun', () => {
    const open = { ...timeout, firstTokenMs: null, streamMs: null, idleMs: 120_000 }
    const limits = callLimits(open, true, true, { rungMs: 8_000, wishedMs: never })
    expect(limits).toEqual({ firstTokenMs: 8_000, idleMs: 120_000, totalMs: null })
  })
})
