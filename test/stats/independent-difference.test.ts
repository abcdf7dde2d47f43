import { describe, expect, it } from 'vitest'
import { independentDifference } from '../../src/stats/independent-difference.ts'

const of = (a: number, m: number, b: number, n: number) =>
  independentDifference({ successes: a, trials: m }, { successes: b, trials: n })

describe('the difference of two independent proportions', () => {
  // Newcombe 1998, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 10, 0.6075, 1],
  ])('%i/%i − %i/%i is in the published interval', (a, m, b, n, low, high) => {
    const interval = of(a, m, b, n)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
    expect(interval).toMatchObject({ level: 0.95, method: 'newcombe' })
  })

  it('is turned round with the two, and unknown without trials', () => {
    const there = of(7, 20, 3, 30)
    const back = of(3, 30, 7, 20)
    expect(back.low).toBeCloseTo(-there.high, 12)
    expect(back.high).toBeCloseTo(-there.low, 12)
    expect(of(0, 0, 3, 30)).toMatchObject({ low: -1, high: 1 })
    expect(() => of(3, 2, 0, 1)).toThrow(RangeError)
  })
})
