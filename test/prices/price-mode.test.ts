import { describe, expect, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { costTotal } from '../../src/domain/price.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { chargeOf } from '../../src/prices/price-mode.ts'
import { million, priced, usageOf, usd } from './support.ts'

const book = openPriceBook()
const usage = usageOf({ inputTokens: million })
const known = book.price({ model: 'gpt-4o' }, usage)
const unknown = book.price({ model: 'mine' }, usage)
const logged = usd(1) as NanoUsd

describe('whose price counts', () => {
  test.each([
    ['computed', known, logged, usd(2.5), 'genai-prices 0.1.8'],
    ['auto', known, logged, usd(2.5), 'genai-prices 0.1.8'],
    ['logged', known, logged, usd(1), 'logged'],
    ['auto', unknown, logged, usd(1), 'logged'],
    ['logged', unknown, logged, usd(1), 'logged'],
  ] as const)('%s', (mode, pricing, loggedCostNanoUsd, amount, source) => {
    const charge = chargeOf(pricing, { loggedCostNanoUsd }, mode)
    const { cost, price } = priced(charge.pricing)
    expect(costTotal(cost)).toBe(amount)
    expect(price.source).toBe(source)
    expect(charge.reportedNanoUsd).toBe(usd(1))
    expect(charge.computedNanoUsd).toBe(pricing === known ? usd(2.5) : null)
  })

  test('a cost that nobody knows is unpriced', () => {
    expect(chargeOf(unknown, {}, 'auto').pricing).toEqual(unknown)
    expect(chargeOf(unknown, { loggedCostNanoUsd: logged }, 'computed').pricing).toEqual(unknown)
    expect(chargeOf(known, {}, 'logged').pricing).toMatchObject({
      kind: 'unpriced',
      warnings: ['logged-cost-missing'],
    })
  })
})

test('a call that failed unused costs nothing where nobody knows a price', () => {
  const failed = { failedUnused: true }
  for (const mode of ['computed', 'logged', 'auto'] as const) {
    const { cost, price } = priced(chargeOf(unknown, failed, mode).pricing)
    expect([costTotal(cost), price.source]).toEqual([0, 'failed unused'])
  }
  const known0 = book.price({ model: 'gpt-4o' }, usageOf({}))
  expect(chargeOf(known0, failed, 'auto').pricing).toEqual(known0)
  const reported = { ...failed, loggedCostNanoUsd: logged }
  expect(costTotal(priced(chargeOf(unknown, reported, 'auto').pricing).cost)).toBe(usd(1))
})

test('an answer from a cache costs nothing, and what it avoided is kept', () => {
  for (const mode of ['computed', 'logged', 'auto'] as const) {
    const row = { servedFromCache: true, loggedCostNanoUsd: logged }
    const charge = chargeOf(known, row, mode)
    expect(costTotal(priced(charge.pricing).cost)).toBe(0)
    expect(charge.avoidedNanoUsd).toBe(usd(2.5))
  }
})
