import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
  wilson,
} from '../../src/stats/intervals.ts'

// Made with scipy 1.17 (binomtest(k, n).proportion_ci): successes, trials, level, Wilson, Clopper–Pearson.
const known = [
  [0, 20, 0.95, [0, 0.16112515805281935], [0, 0.16843347098308548]],
  [10, 1000, 0.95, [0.00544075444552925, 0.018309468870314774], [0.004805510691, 0.018313243055]],
  [5, 10, 0.9, [0.26927182113826725, 0.7307281788617328], [0.22244110100812892, 0.777558898991871]],
  [20, 20, 0.95, [0.8388748419471808, 1], [0.8315665290169145, 1]],
  [1, 3, 0.99, [0.04042662929608476, 0.855783984952333], [0.0016694521863085, 0.9585998492839761]],
  [
    137,
    4321,
    0.95,
    [0.0268830615090887, 0.0373600931746058],
    [0.026684222080793, 0.037372356597207],
  ],
] as const

describe('an interval for a proportion', () => {
  it.each(known)('of %s in %s at level %s is as published', (k, n, level, score, exact) => {
    const proportion = { successes: k, trials: n }
    const shown = wilson(proportion, level)
    const bounds = clopperPearson(proportion, level)
    for (const [actual, expected] of [
      [shown.low, score[0]],
      [shown.high, score[1]],
      [bounds.low, exact[0]],
      [bounds.high, exact[1]],
    ] as const) {
      expect(actual).toBeCloseTo(expected, 11)
    }
  })

  it('has the one-sided bounds certification is built on', () => {
    expect(clopperPearsonUpper({ successes: 0, trials: 299 })).toBeCloseTo(0.0099691, 7)
    expect(clopperPearsonUpper({ successes: 5, trials: 1000 })).toBeCloseTo(0.0104841, 7)
    expect(clopperPearsonLower({ successes: 2995, trials: 2995 })).toBeGreaterThan(0.999)
    expect(clopperPearsonLower({ successes: 2994, trials: 2994 })).toBeLessThan(0.999)
  })

  it('is everything when nothing was tried', () => {
    const nothing = { successes: 0, trials: 0 }
    expect(wilson(nothing)).toMatchObject({ low: 0, high: 1 })
    expect(clopperPearson(nothing)).toMatchObject({ low: 0, high: 1 })
  })

  it('contains the estimate, lies in [0, 1], and the exact upper bound never falls below a looser one', () => {
    const proportions = fc
      .tuple(fc.nat(100_000), fc.nat(100_000))
      .map(([a, b]) => ({ successes: Math.min(a, b), trials: Math.max(a, b) }))
    const levels = fc.constantFrom(0.5, 0.9, 0.95, 0.999)
    fc.assert(
      fc.property(proportions, levels, (proportion, level) => {
        fc.pre(proportion.trials > 0)
        const estimate = proportion.successes / proportion.trials
        for (const { low, high } of [
          wilson(proportion, level),
          clopperPearson(proportion, level),
        ]) {
          expect(low).toBeGreaterThanOrEqual(0)
          expect(low).toBeLessThanOrEqual(estimate)
          expect(high).toBeGreaterThanOrEqual(estimate)
          expect(high).toBeLessThanOrEqual(1)
        }
        expect(clopperPearson(proportion, level).high).toBeGreaterThanOrEqual(
          clopperPearsonUpper(proportion, level),
        )
      }),
    )
  })

  it('refuses what is no proportion', () => {
    expect(() => wilson({ successes: 3, trials: 2 })).toThrow(RangeError)
    expect(() => clopperPearson({ successes: 0.5, trials: 2 })).toThrow(RangeError)
    expect(() => wilson({ successes: 1, trials: 2 }, 1)).toThrow(RangeError)
  })
})
