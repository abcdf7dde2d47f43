import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import {
  type Attempt,
  type AttemptOutcome,
  sumLadder,
  sumSpeculative,
} from '../../src/engine/ladder-sum.ts'

const attempt = (
  outcome: AttemptOutcome,
  cost: number,
  latencyMs: number,
  validationMs = 0,
): Attempt => ({
  target: 'any',
  outcome,
  costNanoUsd: cost as NanoUsd,
  latencyMs,
  validationCostNanoUsd: 1 as NanoUsd,
  validationMs,
})

describe('a ladder', () => {
  it('climbs until an answer is accepted, and pays for every rung on the way', () => {
    expect(
      sumLadder([
        attempt('rejected', 10, 800, 20),
        attempt('timeout', 0, 8000),
        attempt('accepted', 200, 1500, 30),
        attempt('accepted', 999, 9999),
      ]),
    ).toEqual({
      served: 2,
      answered: 2,
      attempts: 3,
      escalations: 1,
      costNanoUsd: 213,
      latencyMs: 800 + 20 + 8000 + 1500 + 30,
    })
  })

  it('has an answer that nobody accepted, or none', () => {
    expect(sumLadder([attempt('rejected', 5, 10), attempt('failed', 0, 20)])).toMatchObject({
      served: null,
      answered: 0,
      escalations: 1,
      latencyMs: 30,
    })
    expect(sumLadder([attempt('rejected', 5, 10)])).toMatchObject({ escalations: 0, answered: 0 })
    expect(sumLadder([])).toMatchObject({ served: null, answered: null, attempts: 0, latencyMs: 0 })
  })
})

describe('two rungs at once', () => {
  it.each<[string, readonly Attempt[], object]>([
    [
      'serve the cheap answer that passes in time, and bill both',
      [attempt('accepted', 10, 500, 200), attempt('accepted', 100, 2000)],
      { served: 0, costNanoUsd: 112, latencyMs: 700, attempts: 2, escalations: 0 },
    ],
    [
      'serve the strong one when the validators take too long',
      [attempt('accepted', 10, 500, 201), attempt('accepted', 100, 2000)],
      { served: 1, costNanoUsd: 112, latencyMs: 2000, escalations: 0 },
    ],
    [
      'wait for a rejection when the strong answer is there first',
      [attempt('rejected', 10, 900, 50), attempt('accepted', 100, 700)],
      { served: 1, costNanoUsd: 112, latencyMs: 950, escalations: 1 },
    ],
    [
      'wait for the strong one after a rejection',
      [attempt('rejected', 10, 300, 50), attempt('accepted', 100, 700, 5)],
      { served: 1, latencyMs: 705, escalations: 1 },
    ],
    [
      'serve the cheap answer late where the strong model fails',
      [attempt('accepted', 10, 500, 900), attempt('failed', 0, 100)],
      { served: 0, latencyMs: 1400, costNanoUsd: 12 },
    ],
    [
      'go on above when both come to nothing',
      [attempt('rejected', 10, 300), attempt('rejected', 100, 700), attempt('accepted', 500, 60)],
      { served: 2, costNanoUsd: 613, latencyMs: 760, attempts: 3, escalations: 2 },
    ],
    [
      'keep the strongest answer that nobody accepted',
      [attempt('rejected', 10, 300), attempt('timeout', 0, 700)],
      { served: null, answered: 0, escalations: 1 },
    ],
    ['are one where there is one', [attempt('accepted', 10, 300)], { served: 0, attempts: 1 }],
  ])('%s', (_, attempts, expected) => {
    expect(sumSpeculative(attempts, 200)).toMatchObject(expected)
  })

  it('never cost less than one after the other, and never take longer to a strong answer', () => {
    const attempts = fc.array(
      fc
        .tuple(
          fc.constantFrom<AttemptOutcome>('accepted', 'rejected', 'failed', 'timeout'),
          fc.nat(1000),
          fc.nat(5000),
          fc.nat(400),
        )
        .map((each) => attempt(...each)),
      { minLength: 2, maxLength: 4 },
    )
    fc.assert(
      fc.property(attempts, fc.nat(400), (each, withinMs) => {
        const [one, both] = [sumLadder(each), sumSpeculative(each, withinMs)]
        expect(both.costNanoUsd).toBeGreaterThanOrEqual(one.costNanoUsd)
        if (one.served !== 0) {
          expect(both.served).toBe(one.served)
          expect(both.latencyMs).toBeLessThanOrEqual(one.latencyMs)
        } else expect(both.served === null).toBe(false)
      }),
    )
  })
})
