import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { probabilityAtLeast } from '../../src/stats/clustered-hits.ts'
import {
  labelsForWrong,
  labelsNeeded,
  labelsToStart,
  leastLabels,
} from '../../src/stats/labels-needed.ts'

describe('the labels that prove a limit', () => {
  // The same with scipy 1.17, counting up.
  it.each([
    [0.01, [299, 473, 628, 773]],
    [0.02, [149, 236, 313, 386]],
    [0.03, [99, 157, 208, 257]],
    [0.05, [59, 93, 124, 153]],
  ])('below %s with 0, 1, 2, 3 wrong ones are %j', (alpha, labels) => {
    const limit = { alpha, delta: 0.05 }
    expect([0, 1, 2, 3].map((wrong) => labelsForWrong(wrong, limit))).toEqual(labels)
    expect(leastLabels(limit)).toBe(labels[0])
  })

  // The smallest N with p ≤ δ, with scipy 1.17, counting up.
  it.each([
    [{ hits: 1000, wrong: 5 }, { alpha: 0.01, delta: 0.05 }, 1146],
    [{ hits: 500, wrong: 4 }, { alpha: 0.01, delta: 0.05 }, 6903],
    [{ hits: 100, wrong: 0 }, { alpha: 0.02, delta: 0.05 }, 447],
    [{ hits: 100, wrong: 3 }, { alpha: 0.05, delta: 0.1 }, 233],
  ])('at the rate of %j under %j are %i in all', (found, limit, labels) => {
    expect(labelsNeeded({ ...found, designEffect: 1 }, limit)).toEqual({
      kind: 'number',
      labels,
      more: labels - found.hits,
    })
    const clustered = labelsNeeded({ ...found, designEffect: 1.5 }, limit)
    expect(clustered).toMatchObject({ labels: Math.ceil(labels * 1.5) })
  })

  it('are no number where the observed rate is not below the limit', () => {
    const limit = { alpha: 0.02, delta: 0.05 }
    expect(labelsNeeded({ hits: 50, wrong: 1, designEffect: 1 }, limit)).toEqual({ kind: 'never' })
  })

  it('suffice, and one fewer does not', () => {
    const rates = fc.record({
      alpha: fc.double({ min: 0.005, max: 0.4, noNaN: true }),
      share: fc.double({ min: 0, max: 0.9, noNaN: true }),
      delta: fc.constantFrom(0.01, 0.05, 0.1),
    })
    fc.assert(
      fc.property(rates, ({ alpha, share, delta }) => {
        const limit = { alpha, delta }
        const wrong = Math.floor(1000 * alpha * share)
        const needed = labelsNeeded({ hits: 1000, wrong, designEffect: 1 }, limit)
        if (needed.kind === 'never') throw new Error('the rate is below the limit')
        const at = (hits: number) =>
          probabilityAtLeast(alpha, { hits, wrong: (wrong / 1000) * hits, designEffect: 1 })
        expect(at(needed.labels)).toBeLessThanOrEqual(delta)
        if (needed.labels > labelsToStart(limit))
          expect(at(needed.labels - 1)).toBeGreaterThan(delta)
      }),
    )
  })

  it('refuse a limit outside (0, 1)', () => {
    expect(() => leastLabels({ alpha: 0, delta: 0.05 })).toThrow(RangeError)
    expect(() => labelsForWrong(0, { alpha: 0.01, delta: 1 })).toThrow(RangeError)
  })
})
