import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costTotal } from '../../src/domain/price.ts'
import { totalInputTokens, type Usage } from '../../src/domain/usage.ts'
import { exactly } from '../../src/prices/modify-rates.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { componentOf, costOf } from '../../src/prices/price-vector.ts'
import { formatDecimal } from '../../src/prices/rates.ts'
import { million, priced, usageOf } from './support.ts'

const cost = (usd: string, tokens: number) => costOf(componentOf(exactly(usd)), tokens, 0)

describe('rounding', () => {
  test.each([
    // $0.0005 per million is half a nano-dollar a token: halves go to the even neighbour.
    ['0.0005', 1, 0],
    ['0.0005', 3, 2],
    ['0.0005', 5, 2],
    ['0.0005', 7, 4],
    ['0.003625', 1, 4],
    // 3.625 × 1000
    ['0.003625', 1_000, 3_625],
    ['2.5', 1, 2_500],
    ['0.0004', 1, 0],
    ['0.0006', 1, 1],
  ])('$%s × %i tokens is %i nano-dollars', (usd, tokens, nano) => {
    expect(cost(usd, tokens)).toBe(nano)
  })

  test('happens once for a component of two rates', () => {
    // 0.5 + 0.5 is 1, where each alone would be 0.
    expect(costOf(componentOf(exactly('0.0005'), exactly('0.0005')), 1, 1)).toBe(1)
  })
})

const rate = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.integer({ min: 0, max: 17 }))
  .map(([digits, places]) => ({ digits, exponent: -places }))

/** Slow and obvious: everything over one denominator, then to the nearest, halves to even. */
function reference(
  tokens: readonly bigint[],
  rates: readonly { digits: bigint; exponent: number }[],
) {
  const denominator = 10n ** 20n
  const sum = rates.reduce(
    (total, { digits, exponent }, i) =>
      total + (tokens[i] ?? 0n) * digits * 1000n * 10n ** BigInt(20 + exponent),
    0n,
  )
  const [whole, rest] = [sum / denominator, sum % denominator]
  const up = rest * 2n > denominator || (rest * 2n === denominator && whole % 2n === 1n)
  return Number(up ? whole + 1n : whole)
}

test('a component equals its BigInt reference at any rate', () => {
  fc.assert(
    fc.property(rate, rate, fc.nat(10 ** 9), fc.nat(10 ** 9), (a, b, x, y) => {
      expect(costOf(componentOf(a, b), x, y)).toBe(reference([BigInt(x), BigInt(y)], [a, b]))
    }),
    { numRuns: 2_000 },
  )
})

test('a decimal is written as it was read', () => {
  fc.assert(
    fc.property(rate, (decimal) => {
      const again = exactly(formatDecimal(decimal))
      const places = Math.min(decimal.exponent, again.exponent)
      const at = ({ digits, exponent }: typeof decimal) => digits * 10n ** BigInt(exponent - places)
      expect(at(again)).toBe(at(decimal))
    }),
  )
})

const book = openPriceBook()
const models = [
  'gpt-4o',
  'gpt-5.6-sol',
  'claude-sonnet-4-5',
  'gemini-2.5-pro',
  'deepseek-v4-pro',
  'grok-4.5',
]
const count = fc.nat(400_000)
const usage = fc.record({
  inputTokens: count,
  cacheReadTokens: count,
  cacheWrite5mTokens: count,
  cacheWrite1hTokens: count,
  outputTokens: count,
  reasoningTokens: fc.constant(0),
})
const query = fc.record({
  model: fc.constantFrom(...models),
  at: fc.integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-01-01') }),
  serviceTier: fc.constantFrom(undefined, 'standard', 'batch', 'flex', 'priority'),
})
const total = (q: Parameters<typeof book.price>[0], u: Usage) =>
  costTotal(priced(book.price(q, u)).cost)

describe('the price of a request', () => {
  test('is the sum of its classes, priced alone in the same band', () => {
    fc.assert(
      fc.property(query, usage, (q, u) => {
        const { cost, price } = priced(book.price(q, u))
        const { input, cacheRead, output } = price.usdPerMillion
        expect(cost.input).toBe(costOf(componentOf(exactly(input)), u.inputTokens, 0))
        expect(cost.cacheRead).toBe(costOf(componentOf(exactly(cacheRead)), u.cacheReadTokens, 0))
        expect(cost.output).toBe(costOf(componentOf(exactly(output)), u.outputTokens, 0))
        expect(costTotal(cost)).toBe(
          cost.input + cost.cacheRead + cost.cacheWrite + cost.output + cost.tools + cost.other,
        )
      }),
    )
  })

  test('is additive: two requests cost what one of both would', () => {
    const q = { model: 'gpt-4o' }
    fc.assert(
      fc.property(usage, usage, (a, b) => {
        const sum = usageOf({
          inputTokens: a.inputTokens + b.inputTokens,
          cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
          outputTokens: a.outputTokens + b.outputTokens,
        })
        const parts = [a, b].map((u) =>
          total(q, { ...u, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 }),
        )
        expect(total(q, sum)).toBe((parts[0] ?? 0) + (parts[1] ?? 0))
      }),
    )
  })

  test('never falls when a request grows', () => {
    const keys = ['inputTokens', 'cacheReadTokens', 'cacheWrite5mTokens', 'outputTokens'] as const
    fc.assert(
      fc.property(query, usage, fc.constantFrom(...keys), fc.nat(million), (q, u, key, more) => {
        // A priority request that outgrows its tier is billed at the standard rate, which is less.
        fc.pre(q.serviceTier !== 'priority' || totalInputTokens(u) + more <= 128_000)
        expect(total(q, { ...u, [key]: u[key] + more })).toBeGreaterThanOrEqual(total(q, u))
      }),
    )
  })

  test('does not depend on what was asked before', () => {
    const fresh = () => openPriceBook()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(query, usage), { maxLength: 6 }),
        query,
        usage,
        (before, q, u) => {
          const used = fresh()
          for (const [other, counts] of before) used.price(other, counts)
          expect(used.price(q, u)).toEqual(fresh().price(q, u))
        },
      ),
      { numRuns: 20 },
    )
  })
})
