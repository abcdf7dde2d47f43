import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawsFor, permutationTest, signFlipTest } from '../../src/stats/random-test.ts'

const drawing = { seed: 'a seed', draws: 9_999 }

describe('the sign-flip test', () => {
  it('tries all signs of a few differences', () => {
    expect(signFlipTest([1, 2, 3, 4, 5, 6, 7], drawing)).toBe(1 / 128)
    // Of the 8 sums 6, 4, 2, 0 and their opposites, 6 and one 4 are at least 4.
    expect(signFlipTest([-1, 2, 3], drawing)).toBe(2 / 8)
    expect(signFlipTest([-1, -2, -3], drawing)).toBe(1)
  })

  it('knows nothing from no difference', () => {
    expect(signFlipTest([], drawing)).toBe(1)
    expect(signFlipTest([0, 0, 0], drawing)).toBe(1)
  })

  it('comes near the exact value by drawing', () => {
    // 20 equal differences, 16 up and 4 down: P(Bin(20, ½) ≥ 16) = 6196/2^20.
    const differences = Array.from({ length: 20 }, (_, i) => (i < 4 ? -1 : 1))
    const p = signFlipTest(differences, { seed: 'near', draws: 99_999 })
    expect(p).toBeGreaterThan(0.0045)
    expect(p).toBeLessThan(0.0075)
  })

  it('is the same every time and in every unit, and never 0', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 100 }), { minLength: 13, maxLength: 40 }),
        (differences) => {
          const p = signFlipTest(differences, { seed: 's', draws: 199 })
          expect(p).toBeGreaterThan(0)
          expect(p).toBeLessThanOrEqual(1)
          expect(
            signFlipTest(
              differences.map((d) => d * 1024),
              { seed: 's', draws: 199 },
            ),
          ).toBe(p)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the permutation test', () => {
  it('comes near the exact value', () => {
    // One of the 252 splits of ten values puts the five largest on the second side.
    const p = permutationTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], { seed: 'e', draws: 99_999 })
    expect(p).toBeGreaterThan(0.003)
    expect(p).toBeLessThan(0.005)
  })

  it('draws the smaller side, whichever that is', () => {
    // All but one of the 11 places of the one value on its side are worse.
    const many = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    const more = permutationTest(many, [11], { seed: 'f', draws: 99_999 })
    const less = permutationTest([0], many, { seed: 'f', draws: 99_999 })
    for (const p of [more, less]) expect(p).toBeCloseTo(1 / 11, 1)
    expect(permutationTest([11], many, drawing)).toBe(1)
  })

  it('does not see what is not there', () => {
    expect(permutationTest([3, 3, 3], [3, 3, 3], drawing)).toBe(1)
    expect(permutationTest([], [1], drawing)).toBe(1)
    expect(permutationTest([1], [], drawing)).toBe(1)
  })
})

it('draws until twenty are expected beyond the threshold', () => {
  expect(drawsFor(0.005)).toBe(3_999)
})
