import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shapley, wholeParts } from '../../src/stats/shapley.ts'

/** The mean of what each factor adds, over every order in which the factors may come: the definition. */
function byOrders(factors: number, worthOf: (coalition: number) => bigint) {
  const sums = Array.from({ length: factors }, () => 0n)
  let orders = 0n
  const visit = (
    left: readonly number[],
    coalition: number,
    added: readonly [number, bigint][],
  ) => {
    if (left.length === 0) {
      orders++
      for (const [factor, value] of added) sums[factor] = (sums[factor] ?? 0n) + value
    }
    for (const factor of left) {
      const next = coalition | (1 << factor)
      const gain = worthOf(next) - worthOf(coalition)
      visit(
        left.filter((each) => each !== factor),
        next,
        [...added, [factor, gain]],
      )
    }
  }
  visit([...sums.keys()], 0, [])
  return { parts: sums, over: orders }
}

const games = fc.integer({ min: 0, max: 5 }).chain((factors) =>
  fc.tuple(
    fc.constant(factors),
    fc.array(fc.bigInt(-1000n, 1000n), {
      minLength: 2 ** factors,
      maxLength: 2 ** factors,
    }),
  ),
)

describe('Shapley values', () => {
  it('are the mean over all orders, and add up to the change', () => {
    fc.assert(
      fc.property(games, ([factors, values]) => {
        const worthOf = (coalition: number) => values[coalition] ?? 0n
        const { parts, over } = shapley(factors, worthOf)
        expect({ parts, over }).toEqual(byOrders(factors, worthOf))
        const sum = parts.reduce((total, part) => total + part, 0n)
        expect(sum).toBe((worthOf(2 ** factors - 1) - worthOf(0)) * over)
      }),
    )
  })

  it('of a product of two factors share what both changed together', () => {
    // 3 × 5 becomes 4 × 7: (1 × 5 + 1 × 7) / 2 = 6 and (3 × 2 + 4 × 2) / 2 = 7.
    const values = [15n, 20n, 21n, 28n]
    expect(shapley(2, (coalition) => values[coalition] ?? 0n)).toEqual({
      parts: [12n, 14n],
      over: 2n,
    })
  })
})

describe('whole parts', () => {
  it('round by the largest remainder, the first of equals', () => {
    expect(wholeParts({ parts: [5n, 5n, 0n], over: 10n })).toEqual([1n, 0n, 0n])
    expect(wholeParts({ parts: [-5n, 26n, 9n], over: 10n })).toEqual([-1n, 3n, 1n])
  })

  it('add up to the whole and are off by less than one', () => {
    const fractions = fc.tuple(fc.array(fc.bigInt(-10_000n, 10_000n)), fc.bigInt(1n, 500n))
    fc.assert(
      fc.property(fractions, ([parts, over]) => {
        const sum = parts.reduce((total, part) => total + part, 0n)
        const padded = [...parts, ((-sum % over) + over) % over]
        const whole = wholeParts({ parts: padded, over })
        const total = padded.reduce((all, part) => all + part, 0n) / over
        expect(whole.reduce((all, part) => all + part, 0n)).toBe(total)
        for (const [index, part] of padded.entries()) {
          const off = (whole[index] ?? 0n) * over - part
          expect(off < over && off > -over).toBe(true)
        }
      }),
    )
  })
})
