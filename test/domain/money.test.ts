import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalUsd, usdOf } from '../../src/domain/money.ts'

test('dollars are the number nearest to the exact decimals, of numbers as of bigints', () => {
  expect(usdOf(-0)).toBe(0)
  expect([usdOf(1234), usdOf(-1), usdOf(0n), usdOf(10n ** 18n)]).toEqual([1.234e-6, -1e-9, 0, 1e9])
  fc.assert(
    fc.property(fc.maxSafeInteger(), (amount) => {
      expect(usdOf(amount)).toBe(Number(decimalUsd(amount)))
      expect(usdOf(BigInt(amount))).toBe(usdOf(amount))
    }),
    { numRuns: 1000 },
  )
})
