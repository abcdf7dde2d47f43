import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prefixLength, ShingleSets } from '../../src/analyze/shingles.ts'

const letters = fc.string({ unit: fc.constantFrom(...'abcd'), minLength: 1, maxLength: 60 })
/** Two texts with a beginning in common: alike to any degree. */
const pairs = fc.tuple(letters, letters, letters).map(([a, b, c]) => [a + b, a + c] as const)
const similarities = fc.constantFrom(0.3, 0.5, 0.8, 0.95, 1)

describe('shingle sets', () => {
  it('are ascending, without repeats, with a trigram of its own first', () => {
    const sets = new ShingleSets(['aaaaab', 'aaaaa', 'aaaaac'])
    expect(sets.size(0)).toBe(4)
    expect(sets.rarestFirst(0)[0]).not.toBe(sets.rarestFirst(2)[0])
    for (const text of [0, 1, 2]) {
      const ranks = [...sets.rarestFirst(text)]
      expect(ranks).toEqual([...new Set(ranks)].sort((a, b) => a - b))
    }
  })

  it('reach a similarity when shared / all does, and no sketch rules such a pair out', () => {
    fc.assert(
      fc.property(pairs, similarities, ([a, b], minSimilarity) => {
        const sets = new ShingleSets([a, b])
        const left = new Set(sets.rarestFirst(0))
        const shared = [...sets.rarestFirst(1)].filter((shingle) => left.has(shingle)).length
        const similar = shared / (sets.size(0) + sets.size(1) - shared) >= minSimilarity - 1e-12
        expect(sets.reaches(0, 1, minSimilarity)).toBe(similar)
        if (similar) expect(sets.mayReach(0, 1, minSimilarity)).toBe(true)
      }),
    )
  })

  it('share one of their prefixes where they reach a similarity', () => {
    fc.assert(
      fc.property(pairs, similarities, ([a, b], minSimilarity) => {
        const sets = new ShingleSets([a, b])
        if (!sets.reaches(0, 1, minSimilarity)) return
        const [left, right] = [0, 1].map((text) => {
          const set = sets.rarestFirst(text)
          return set.subarray(0, prefixLength(set.length, minSimilarity))
        })
        expect(left?.some((shingle) => right?.includes(shingle))).toBe(true)
      }),
    )
  })
})
