import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { faultKinds } from '../../src/domain/fault.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type { Attempted } from '../../src/domain/world.ts'
import { HistoryBreakers } from '../../src/worlds/history-breakers.ts'
import { LiveBreaker, type Pass } from '../../src/worlds/live-breaker.ts'

const policy = { on: true, failures: 2, openSeconds: 60 }

/** A breaker, and what passes it. */
function opened(at = 0): LiveBreaker {
  const breaker = new LiveBreaker()
  for (let call = 0; call < policy.failures; call++) {
    const pass = breaker.begin(at, policy)
    if (pass !== null) breaker.fail(pass, 'server', at, policy)
  }
  return breaker
}
const passOf = (breaker: LiveBreaker, at: number): Pass => {
  const pass = breaker.begin(at, policy)
  if (pass === null) throw new Error('the breaker is open')
  return pass
}

/** As live calls end that history tells of in these words. */
const faults = { failed: 'server', timeout: 'timeout', unknown: 'cancelled' } as const

const attempted = (kind: Attempted['kind'], latencyMs: number): Attempted => ({
  ...{ usage: noUsage, costNanoUsd: 0 as NanoUsd, latencyMs },
  ...{ kind, answer: null, reason: '', retryAfterMs: null },
})

describe('a live breaker', () => {
  it('decides as history does where one call follows the other', () => {
    const call = fc.record({
      pauseMs: fc.integer({ min: 0, max: 5000 }),
      latencyMs: fc.integer({ min: 0, max: 3000 }),
      kind: fc.constantFrom<Attempted['kind']>(
        'answered',
        'failed',
        'failed',
        'timeout',
        'unknown',
      ),
    })
    const settings = fc.record({
      on: fc.boolean(),
      failures: fc.integer({ min: 1, max: 3 }),
      openSeconds: fc.integer({ min: 1, max: 9 }),
    })
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(call, { maxLength: 40 }), settings, (calls, settingsOf) => {
        const past = new HistoryBreakers(settingsOf)
        const live = new LiveBreaker()
        let at = 1_000_000
        for (const { pauseMs, latencyMs, kind } of calls) {
          at += pauseMs
          const state = live.stateAt(at, settingsOf)
          seen.add(state)
          expect(state).toBe(past.stateOf('t', at))
          const pass = live.begin(at, settingsOf)
          expect(pass === null).toBe(state === 'open')
          if (pass === null) continue
          past.note('t', at, attempted(kind, latencyMs))
          at += latencyMs
          if (kind === 'answered') live.succeed(pass)
          else live.fail(pass, faults[kind], at, settingsOf)
        }
      }),
      { numRuns: 300 },
    )
    expect([...seen].sort()).toEqual(['closed', 'half-open', 'open'])
  })

  it('lets one probe pass after its time, and nobody else until that has ended', () => {
    const breaker = opened()
    expect(breaker.begin(59_999, policy)).toBeNull()
    expect(breaker.stateAt(60_000, policy)).toBe('half-open')
    const probe = passOf(breaker, 60_000)
    expect(breaker.stateAt(60_001, policy)).toBe('open')
    expect(Array.from({ length: 50 }, () => breaker.begin(60_001, policy))).toEqual(
      Array.from({ length: 50 }, () => null),
    )
    breaker.succeed(probe)
    expect(breaker.stateAt(60_002, policy)).toBe('closed')
  })

  it('opens again when the probe fails, and asks for another where it says nothing', () => {
    const breaker = opened()
    breaker.fail(passOf(breaker, 60_000), 'cancelled', 61_000, policy)
    expect(breaker.stateAt(61_000, policy)).toBe('half-open')
    breaker.fail(passOf(breaker, 61_000), 'timeout', 65_000, policy)
    expect(breaker.stateAt(124_999, policy)).toBe('open')
    expect(breaker.stateAt(125_000, policy)).toBe('half-open')
  })

  it('gives up a probe of which nobody hears', () => {
    const breaker = opened()
    const lost = passOf(breaker, 60_000)
    expect(breaker.begin(119_999, policy)).toBeNull()
    const next = passOf(breaker, 120_000)
    breaker.succeed(next)
    breaker.fail(lost, 'timeout', 121_000, policy)
    breaker.fail(lost, 'timeout', 121_000, policy)
    expect(breaker.stateAt(121_000, policy)).toBe('closed')
  })

  it('is moved by no call that began before it opened', () => {
    const breaker = new LiveBreaker()
    const slow = [passOf(breaker, 0), passOf(breaker, 0)]
    for (const _ of [1, 2]) breaker.fail(passOf(breaker, 10), 'server', 10, policy)
    breaker.succeed(slow[0] as Pass)
    expect(breaker.stateAt(20, policy)).toBe('open')
    breaker.fail(slow[1] as Pass, 'server', 50_000, policy)
    expect(breaker.stateAt(60_010, policy)).toBe('half-open')
  })

  it('counts failures in a row, and closes by hand', () => {
    const breaker = new LiveBreaker()
    for (let round = 0; round < 5; round++) {
      breaker.fail(passOf(breaker, 0), 'reset', 0, policy)
      breaker.succeed(passOf(breaker, 0))
    }
    expect(breaker.stateAt(0, policy)).toBe('closed')
    const tripped = opened()
    tripped.reset()
    expect([tripped.stateAt(1, policy), tripped.failures]).toEqual(['closed', 0])
  })
})

const counted = new Set([
  'unreachable',
  'reset',
  'timeout',
  'rate-limit',
  'overloaded',
  'server',
  'malformed',
  'cut-off',
])
test.each(faultKinds)('%s opens a breaker only where it is the target’s fault', (kind) => {
  const breaker = new LiveBreaker()
  for (const _ of [1, 2]) breaker.fail(passOf(breaker, 0), kind, 0, policy)
  expect(breaker.stateAt(1, policy)).toBe(counted.has(kind) ? 'open' : 'closed')
})
