import { describe, expect, it } from 'vitest'
import { normalQuantile } from '../../src/stats/normal.ts'
import { studentTQuantile } from '../../src/stats/student-t.ts'

describe("the quantile of Student's t", () => {
  // Made with scipy 1.17; |p| = 0.975 with 1 and 2 degrees also in every printed table.
  it.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.975, 6, 2.4469118511449786],
    [0.975, 29, 2.045229642132703],
    [0.975, 364, 1.966502568799364],
    [0.95, 4.5, 2.065575888878524],
    [0.995, 1e6, 2.5758342201053344],
    [0.6, 3, 0.2766706623326898],
    [0.025, 6, -2.4469118511449794],
    [1e-8, 5, -62.4045061109673],
  ])('at p = %s with %s degrees of freedom is %s', (p, degrees, expected) => {
    expect(Math.abs(studentTQuantile(p, degrees) / expected - 1)).toBeLessThan(1e-10)
  })

  it('is zero in the middle and close to it nearby', () => {
    expect(studentTQuantile(0.5, 7)).toBe(0)
    expect(studentTQuantile(0.5000001, 7)).toBeCloseTo(2.5974602739221524e-7, 13)
  })

  it('refuses what is no probability and no degree of freedom', () => {
    expect(() => studentTQuantile(1, 3)).toThrow(RangeError)
    expect(() => studentTQuantile(0.9, 0)).toThrow(RangeError)
  })
})

describe('the quantile of the normal distribution', () => {
  it.each([
    [0.975, 1.959963984540054],
    [0.5, 0],
    [0.995, 2.5758293035489004],
    [0.1, -1.2815515655446004],
    [1e-12, -7.034483825301131],
    [0.8, 0.8416212335729143],
    [0.999999, 4.753424308817087],
  ])('at p = %s is %s', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 11)
  })

  it('refuses the ends, where it is infinite', () => {
    expect(() => normalQuantile(0)).toThrow(RangeError)
    expect(() => normalQuantile(1)).toThrow(RangeError)
  })
})
