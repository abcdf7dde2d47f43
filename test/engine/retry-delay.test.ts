import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { faultKinds } from '../../src/domain/fault.ts'
import { retryDelayMs } from '../../src/engine/retry-delay.ts'

const retries = { attempts: 4, initialMs: 200, maxMs: 1000, totalMs: 30_000 }
const busy = { kind: 'overloaded', retryAfterMs: null } as const
const least = () => 0
const most = () => 1

describe('the wait before a retry', () => {
  it('doubles up to its longest, and lies in the upper half of that by chance', () => {
    const waits = (chance: () => number) =>
      [1, 2, 3, 4, 5].map((made) => retryDelayMs(retries, made, busy, chance))
    expect(waits(most)).toEqual([200, 400, 800, 1000, null])
    expect(waits(least)).toEqual([100, 200, 400, 500, null])
  })

  it('is never shorter than the provider asks, and never longer than the policy allows', () => {
    const asked = (retryAfterMs: number) => ({ kind: 'rate-limit', retryAfterMs }) as const
    expect(retryDelayMs(retries, 1, asked(7000), least)).toBe(7000)
    expect(retryDelayMs(retries, 1, asked(7000), most)).toBe(7100)
    expect(retryDelayMs(retries, 1, asked(30_000), least)).toBe(30_000)
    expect(retryDelayMs(retries, 1, asked(30_001), least)).toBeNull()
    fc.assert(
      fc.property(
        fc.record({
          attempts: fc.nat(9),
          initialMs: fc.nat(5000),
          maxMs: fc.nat(60_000),
          totalMs: fc.nat(90_000),
        }),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.nat(90_000)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, made, retryAfterMs, chance) => {
          const delay = retryDelayMs(policy, made, { ...busy, retryAfterMs }, () => chance)
          if (delay === null) return
          expect(delay).toBeGreaterThanOrEqual(retryAfterMs ?? 0)
          expect(delay).toBeLessThanOrEqual(policy.totalMs)
        },
      ),
    )
  })
})

const useful = [
  'unreachable',
  'reset',
  'timeout',
  'rate-limit',
  'overloaded',
  'server',
  'malformed',
  'cut-off',
]
test.each(faultKinds)('%s is asked again only where that may help', (kind) => {
  const delay = retryDelayMs(retries, 1, { kind, retryAfterMs: null }, least)
  expect(delay !== null).toBe(useful.includes(kind))
})
