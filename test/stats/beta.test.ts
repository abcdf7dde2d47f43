import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { betaQuantile, betaQuantileLogit, regularizedBeta } from '../../src/stats/beta.ts'

const relativeTo = (expected: number, actual: number): number =>
  expected === 0 ? Math.abs(actual) : Math.abs(actual / expected - 1)

describe('the regularised incomplete beta function', () => {
  // Made with mpmath 1.3 at 40 digits; the last with scipy 1.17.
  it.each([
    [0.5, 2, 3, 0.6875],
    [0.01, 1, 299, 0.9504637433623375],
    [0.3, 0.5, 0.5, 0.36901011956554536],
    [0.999, 1000, 2, 0.7353908495419278],
    [0.2, 20000, 80000, 0.5006307841554979],
    [1e-6, 1e-2, 5, 0.8892360083175224],
    [0.0102, 1001, 98999, 0.7291292756596479],
    [0.9, 0.1, 40, 1],
    [0.5, 1e6, 1e6, 0.5],
  ])('I at x = %s for a = %s, b = %s is %s', (x, a, b, expected) => {
    expect(relativeTo(expected, regularizedBeta(x, { a, b }))).toBeLessThan(1e-12)
  })

  it('is a point mass where one parameter is zero', () => {
    expect(regularizedBeta(0.3, { a: 0, b: 2 })).toBe(1)
    expect(regularizedBeta(0.3, { a: 2, b: 0 })).toBe(0)
    expect(regularizedBeta(1, { a: 2, b: 0 })).toBe(1)
    expect(betaQuantile(0.4, { a: 0, b: 2 })).toBe(0)
    expect(betaQuantile(0.4, { a: 2, b: 0 })).toBe(1)
  })

  it('refuses what is no beta distribution and no probability', () => {
    expect(() => regularizedBeta(0.5, { a: 0, b: 0 })).toThrow(RangeError)
    expect(() => regularizedBeta(0.5, { a: -1, b: 2 })).toThrow(RangeError)
    expect(() => regularizedBeta(Number.NaN, { a: 1, b: 2 })).toThrow(RangeError)
    expect(() => betaQuantile(1.5, { a: 1, b: 2 })).toThrow(RangeError)
  })
})

describe('the quantile of a beta distribution', () => {
  // Made with scipy 1.17.
  it.each([
    [0.95, 1, 299, 0.009969146792899269],
    [0.95, 6, 995, 0.010484076911415651],
    [0.025, 0.5, 0.5, 0.001541333133436012],
    [0.5, 3, 7, 0.2862366680227827],
    [1e-10, 2, 5, 2.581997786411184e-6],
    [0.999, 0.1, 40, 0.08152411133162597],
    [0.3, 1e5, 3e5, 0.24964066548836641],
    [0.05, 0.01, 1, 7.888609052210162e-131],
    [0.975, 50, 1, 0.9994937720169592],
  ])('at p = %s for a = %s, b = %s is %s', (p, a, b, expected) => {
    expect(relativeTo(expected, betaQuantile(p, { a, b }))).toBeLessThan(1e-11)
  })

  it('undoes the distribution function', () => {
    const shape = fc.record({
      a: fc.double({ min: 0.05, max: 1e5, noNaN: true }),
      b: fc.double({ min: 0.05, max: 1e5, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), shape, (p, { a, b }) => {
        const logit = betaQuantileLogit(p, { a, b })
        fc.pre(Math.abs(logit) < 20)
        const x = 1 / (1 + Math.exp(-logit))
        expect(Math.abs(regularizedBeta(x, { a, b }) - p)).toBeLessThan(1e-8)
      }),
    )
  })
})
