import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addTo,
  deleteFrom,
  firstFrom,
  lastUpTo,
  newOrderedSet,
} from '../../src/simulate/ordered-set.ts'

/** Sizes about the edges of one, two, three and four levels. */
const sizes = fc.constantFrom(1, 31, 32, 33, 1023, 1024, 1025, 32_768, 32_769, 100_000)
const step = fc.record({
  share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  adds: fc.boolean(),
})

describe('an ordered set', () => {
  test('finds the neighbours of a number as a sorted list does', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.array(step, { maxLength: 60 }),
        fc.array(step),
        (size, steps, asked) => {
          const set = newOrderedSet(size)
          const plain = new Set<number>()
          for (const { share, adds } of steps) {
            const member = Math.floor(share * size)
            if (adds) addTo(set, member)
            else deleteFrom(set, member)
            if (adds) plain.add(member)
            else plain.delete(member)
          }
          const sorted = [...plain].sort((a, b) => a - b)
          for (const number of [
            0,
            size - 1,
            ...asked.map(({ share }) => Math.floor(share * size)),
          ]) {
            expect(firstFrom(set, number)).toBe(sorted.find((each) => each >= number) ?? -1)
            expect(lastUpTo(set, number)).toBe(sorted.findLast((each) => each <= number) ?? -1)
          }
          expect(firstFrom(set, size)).toBe(-1)
        },
      ),
      { numRuns: 500 },
    )
  })
})
