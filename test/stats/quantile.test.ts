import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentiles, quantiles } from '../../src/stats/quantile.ts'

const naive = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const enough = sorted.findIndex((_, i) => (i + 1) / sorted.length >= share - 1e-12)
  return sorted[enough] ?? Number.NaN
}

const shares = [0, 0.01, 0.07, 0.25, 0.5, 0.5, 0.9, 0.95, 0.99, 1]

describe('a quantile by nearest rank', () => {
  it('is the value of that rank, so one that occurred', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentiles(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 })
    expect(quantiles(Float64Array.of(3, 1, 2, 4), [0, 0.5, 0.51, 1])).toEqual([1, 2, 3, 4])
  })

  it('does not slip a rank where the product of share and count is inexact', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)
    expect(0.07 * 100).toBeGreaterThan(7)
    expect(quantiles(hundred, [0.07, 0.14, 0.28, 0.56])).toEqual([7, 14, 28, 56])
  })

  it('of nothing is nothing', () => {
    expect(percentiles(new Float64Array())).toBeNull()
    expect(quantiles(new Float64Array(), [0.5])).toEqual([])
  })

  it('equals that of a plain sort, whatever the order and the ties', () => {
    const values = fc.oneof(
      fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 400 }),
      fc.array(fc.nat(5), { minLength: 1, maxLength: 2_000 }),
    )
    fc.assert(
      fc.property(values, (list) => {
        const found = quantiles(Float64Array.from(list), shares)
        // === and not Object.is: -0 and 0 are one value.
        expect(found.map((value, i) => value === naive(list, shares[i] ?? 0))).not.toContain(false)
      }),
    )
  })

  it('only reorders its input', () => {
    const list = Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 1009)
    const values = Float64Array.from(list)
    quantiles(values, shares)
    expect([...values].sort((a, b) => a - b)).toEqual(list.sort((a, b) => a - b))
  })

  it.each([
    ['rising', (i: number) => i],
    ['falling', (i: number) => -i],
    ['equal', () => 1],
    ['organ pipe', (i: number) => Math.min(i, 300_000 - i)],
    ['saw', (i: number) => i % 1_000],
  ])('stays exact and fast on 300,000 %s values', (_, valueAt) => {
    const list = Array.from({ length: 300_000 }, (__, i) => valueAt(i))
    const sorted = Float64Array.from(list).sort()
    expect(percentiles(Float64Array.from(list))).toEqual({
      p50: sorted[149_999],
      p95: sorted[284_999],
      p99: sorted[296_999],
    })
  })

  it('refuses NaN, falling shares and shares outside [0, 1]', () => {
    expect(() => percentiles(Float64Array.of(1, Number.NaN))).toThrow(RangeError)
    expect(() => quantiles(Float64Array.of(1, 2, 3, 4, 5), [0.9, 0.1])).toThrow(RangeError)
    expect(() => quantiles(Float64Array.of(1), [1.1])).toThrow(RangeError)
  })
})
