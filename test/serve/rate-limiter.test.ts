import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { RateLimit } from '../../src/policy/serving.ts'
import { openRateBuckets } from '../../src/serve/rate-buckets.ts'
import { openRateLimiter, type RateWord } from '../../src/serve/rate-limiter.ts'

const limit = (rest: Partial<RateLimit>): RateLimit => ({
  per: 'all',
  requestsPerMinute: null,
  tokensPerMinute: null,
  ...rest,
})

/** A limiter with a clock that the test turns. */
function opened(rules: readonly RateLimit[], mostMembers?: number) {
  const clock = { ms: 1000 }
  const options = mostMembers === undefined ? {} : { mostMembers }
  return { clock, ...openRateLimiter(rules, () => clock.ms, options) }
}

const headersOf = ({ headers }: RateWord) =>
  Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])),
  )
const settle = (word: RateWord, tokens: number) => {
  if (word.kind === 'refused') throw new Error('refused')
  word.settle(tokens)
}

describe('requests a minute', () => {
  it('are counted down in OpenAI’s headers, refused with a time to come again, and come back', () => {
    const { clock, admit } = opened([limit({ requestsPerMinute: 3 })])
    expect(headersOf(admit({}, 0))).toEqual({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '20s',
    })
    admit({}, 0)
    expect(headersOf(admit({}, 0))['x-ratelimit-reset-requests']).toBe('1m0s')
    const refused = admit({}, 0)
    expect(refused).toMatchObject({
      kind: 'refused',
      fault: { kind: 'rate-limit', status: 429, retryAfterMs: 20_000 },
    })
    expect(headersOf(refused)).toEqual({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m0s',
      'retry-after': '20',
      'retry-after-ms': '20000',
    })
    clock.ms += 19_999
    expect(admit({}, 0).kind).toBe('refused')
    clock.ms += 1
    expect(admit({}, 0).kind).toBe('admitted')
  })

  it('that were refused count nothing, so that asking too often is no way to stay out', () => {
    const { clock, admit } = opened([limit({ requestsPerMinute: 1, tokensPerMinute: 100 })])
    admit({}, 10)
    for (let i = 0; i < 50; i++) expect(admit({}, 10).kind).toBe('refused')
    clock.ms += 60_000
    expect(headersOf(admit({}, 10))['x-ratelimit-remaining-tokens']).toBe('90')
  })
})

describe('tokens a minute', () => {
  const rule = limit({ tokensPerMinute: 600 })

  it('are taken as expected and settled as they were', () => {
    const { clock, admit } = opened([rule])
    const word = admit({}, 500)
    expect(headersOf(word)['x-ratelimit-remaining-tokens']).toBe('100')
    expect(admit({}, 101)).toMatchObject({ kind: 'refused', fault: { retryAfterMs: 100 } })
    settle(word, 100)
    settle(word, 0)
    expect(headersOf(admit({}, 0))['x-ratelimit-remaining-tokens']).toBe('500')
    settle(admit({}, 0), 800)
    expect(headersOf(admit({}, 0))['x-ratelimit-remaining-tokens']).toBe('0')
    clock.ms += 29_999
    expect(admit({}, 1).kind).toBe('refused')
    clock.ms += 101
    expect(admit({}, 1).kind).toBe('admitted')
  })

  it('given back late give no more than all there is', () => {
    const { clock, admit } = opened([rule])
    const word = admit({}, 600)
    clock.ms += 60_000
    settle(word, 0)
    expect(headersOf(admit({}, 0))['x-ratelimit-remaining-tokens']).toBe('600')
  })

  it('of one request that exceed the limit are refused for good: clients need not try again', () => {
    const word = opened([rule]).admit({}, 601)
    expect(word).toMatchObject({ kind: 'refused', fault: { retryAfterMs: null } })
    expect(headersOf(word)).toMatchObject({ 'x-should-retry': 'false' })
    expect(headersOf(word)).not.toHaveProperty('retry-after')
  })
})

describe('members', () => {
  test.each(['key', 'user', 'team'] as const)('of each %s have their own allowance', (per) => {
    const { admit } = opened([limit({ per, requestsPerMinute: 1 })])
    expect(admit({ [per]: 'a' }, 0).kind).toBe('admitted')
    expect(admit({ [per]: 'a' }, 0)).toMatchObject({
      kind: 'refused',
      fault: { message: expect.stringContaining(`for each ${per}`) },
    })
    expect(admit({ [per]: 'b' }, 0).kind).toBe('admitted')
  })

  it('who do not say who they are share one: leaving a header out is no way around', () => {
    const { admit } = opened([limit({ per: 'user', requestsPerMinute: 2 })])
    expect([{}, { user: '' }, {}, {}].map((who) => admit(who, 0).kind)).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'refused',
    ])
  })

  it('of several limits are shown the one with least left, and nothing of another is used', () => {
    const { admit } = opened([
      limit({ requestsPerMinute: 100 }),
      limit({ per: 'key', requestsPerMinute: 1 }),
    ])
    expect(headersOf(admit({ key: 'a' }, 0))['x-ratelimit-limit-requests']).toBe('1')
    admit({ key: 'a' }, 0)
    expect(headersOf(admit({ key: 'b' }, 0))['x-ratelimit-remaining-requests']).toBe('0')
    expect(headersOf(admit({ key: 'a' }, 0))).toMatchObject({
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
    })
  })
})

test('no limits, no headers', () => {
  expect(opened([]).admit({ key: 'a' }, 10 ** 9)).toMatchObject({ kind: 'admitted', headers: [] })
})

describe('memory', () => {
  it('does not grow with the names that clients think of, and forgets those who are done', () => {
    const buckets = openRateBuckets(60, 100)
    for (let i = 0; i < 10_000; i++) buckets.use(`=${i}`, 1, 0)
    expect(buckets.size).toBeLessThanOrEqual(101)
    for (let i = 0; i < 200; i++) buckets.use('=late', 0.001, 60_000)
    expect(buckets.size).toBeLessThanOrEqual(2)
  })

  it('that is full lets nobody start anew: those who come later share what is left', () => {
    const { admit } = opened([limit({ per: 'user', requestsPerMinute: 2 })], 3)
    for (const user of ['a', 'b', 'c']) admit({ user }, 0)
    const late = ['d', 'e', 'f', 'g'].map((user) => admit({ user }, 0).kind)
    expect(late).toEqual(['admitted', 'admitted', 'refused', 'refused'])
    expect(['a', 'a'].map((user) => admit({ user }, 0).kind)).toEqual(['admitted', 'refused'])
  })
})

/** When requests were let through that came after these waits, those that were refused once more when they were told. */
function passedAt(waitsMs: readonly number[], perMinute: number): readonly number[] {
  const { clock, admit } = opened([limit({ requestsPerMinute: perMinute })])
  return waitsMs.map((waitMs) => {
    clock.ms += waitMs
    const word = admit({}, 0)
    if (word.kind === 'admitted') return clock.ms
    const { retryAfterMs } = word.fault
    clock.ms += (retryAfterMs ?? 0) - 2
    expect(admit({}, 0).kind).toBe('refused')
    clock.ms += 2
    expect(admit({}, 0).kind).toBe('admitted')
    return clock.ms
  })
}

test('no stretch of time lets more through than a full allowance and what came back in it', () => {
  const waits = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40_000 })), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(waits, fc.integer({ min: 1, max: 9 }), (waitsMs, perMinute) => {
      const passed = passedAt(waitsMs, perMinute)
      const most = passed.flatMap((startMs, from) =>
        passed.slice(from).map((endMs, more) => {
          const back = ((endMs - startMs) * perMinute) / 60_000
          return more + 1 - perMinute - back
        }),
      )
      expect(Math.max(...most)).toBeLessThanOrEqual(1e-5)
    }),
  )
})
