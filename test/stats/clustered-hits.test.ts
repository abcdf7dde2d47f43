import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clusteredHits,
  type EntryHits,
  probabilityAtLeast,
} from '../../src/stats/clustered-hits.ts'
import { clopperPearsonUpper } from '../../src/stats/intervals.ts'

const entriesOf = (hits: readonly number[], wrong: readonly number[]): EntryHits[] =>
  hits.map((m, j) => ({ hits: m, wrong: wrong[j] ?? 0 }))

const anyEntries = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.double({ min: 0, max: 1, noNaN: true })),
  { minLength: 1, maxLength: 60 },
)

describe('hits grouped by the entry that served them', () => {
  // Made with numpy 2 from the formulas in the comment of clusteredHits, and with scipy.
  it('weigh less the more one entry serves', () => {
    const found = clusteredHits(entriesOf([5, 3, 1, 1, 7, 2], [2, 0, 0, 1, 1, 0]))
    expect(found).toMatchObject({ hits: 19, wrong: 4, entries: 6 })
    expect(found.wrongRate).toBeCloseTo(0.21052631578947367, 14)
    expect(found.meanEntryHits).toBeCloseTo(4.684210526315789, 14)
    expect(found.observedDesignEffect).toBeCloseTo(0.8989473684210526, 12)
    expect(found.designEffect).toBeCloseTo(2.8421052631578947, 14)
    expect(probabilityAtLeast(0.2, found)).toBeCloseTo(0.7317308838111936, 12)
    expect(probabilityAtLeast(0.6, found)).toBeCloseTo(0.049603233394065506, 12)
  })

  it('take the spread that was observed where it is larger than assumed', () => {
    const alone = entriesOf(Array(40).fill(1), [1, 1, 1])
    expect(clusteredHits(alone).designEffect).toBeCloseTo(1.0256410256410253, 12)
    const allOrNothing = entriesOf([4, 4, 4, 4, 4, 4, 4, 4], [4, 4])
    const { observedDesignEffect, designEffect } = clusteredHits(allOrNothing)
    expect(observedDesignEffect).toBeCloseTo((8 / 7) * 4, 12)
    expect(designEffect).toBe(observedDesignEffect)
  })

  it('have no observed effect where none is defined', () => {
    const nothing = clusteredHits([])
    expect(nothing).toMatchObject({ hits: 0, wrongRate: null, designEffect: 1 })
    expect(probabilityAtLeast(0.01, nothing)).toBe(1)
    expect(clusteredHits(entriesOf([9], [3])).observedDesignEffect).toBe(1)
    expect(clusteredHits(entriesOf([9], [3])).designEffect).toBe(5)
    expect(clusteredHits(entriesOf([1, 1, 0], [0, 0, 0])).designEffect).toBe(1)
    expect(probabilityAtLeast(0.5, clusteredHits(entriesOf([2, 2], [2, 2])))).toBe(1)
  })

  it('agree with the definition, in any order, and never with a smaller effect than the sizes give', () => {
    fc.assert(
      fc.property(anyEntries, (drawn) => {
        const entries = drawn.map(([hits, share]) => ({ hits, wrong: Math.round(hits * share) }))
        const n = entries.reduce((sum, entry) => sum + entry.hits, 0)
        const p = entries.reduce((sum, entry) => sum + entry.wrong, 0) / n
        const squares = entries.reduce((sum, e) => sum + (e.wrong - p * e.hits) ** 2, 0)
        const groups = entries.length
        const observed =
          groups < 2 || p === 0 || p === 1
            ? 1
            : ((groups / (groups - 1)) * squares) / n ** 2 / ((p * (1 - p)) / n)
        const kappa = entries.reduce((sum, entry) => sum + entry.hits ** 2, 0) / n
        const found = clusteredHits(entries.reverse())
        expect(found.observedDesignEffect).toBeCloseTo(observed, 9)
        expect(found.designEffect).toBeCloseTo(Math.max(1, observed, 1 + 0.5 * (kappa - 1)), 9)
      }),
    )
  })

  it('are the exact binomial test where every hit has an entry of its own', () => {
    const upper = clopperPearsonUpper({ successes: 5, trials: 1000 })
    const found = { hits: 1000, wrong: 5, designEffect: 1 }
    expect(probabilityAtLeast(upper, found)).toBeCloseTo(0.05, 10)
  })

  it('refuse counts that cannot be', () => {
    expect(() => clusteredHits([{ hits: 2, wrong: 3 }])).toThrow(RangeError)
    expect(() => clusteredHits([{ hits: 1.5, wrong: 0 }])).toThrow(RangeError)
  })
})
