import { describe, expect, it } from 'vitest'
import {
  detectableIncrease,
  meanIncrease,
  sumIncrease,
  typicalIncrease,
} from '../../src/stats/increase.ts'

describe('the increase of pairs', () => {
  const pairs = [
    { before: 10, after: 12 },
    { before: 20, after: 20 },
    { before: 30, after: 34 },
  ]

  it('is that of the sum, with an interval worked out by hand', () => {
    // Ratio 66/60; residuals 1, −2, 1: s/√3 = 1; error 1·3/60 = 0.05; t(0.975; 2) = 4.302653.
    const increase = sumIncrease(pairs)
    expect(increase?.share).toBeCloseTo(0.1, 12)
    expect(increase?.interval?.low).toBeCloseTo(0.1 - 4.302653 * 0.05, 6)
    expect(increase?.interval?.high).toBeCloseTo(0.1 + 4.302653 * 0.05, 6)
  })

  it('is that of the typical pair', () => {
    const typical = typicalIncrease([
      { before: 1, after: 2 },
      { before: 1000, after: 500 },
      { before: 0, after: 7 },
      { before: 7, after: 0 },
    ])
    expect(typical?.share).toBeCloseTo(0, 12)
    expect(typicalIncrease([{ before: 1, after: 1.25 }])).toEqual({
      share: expect.closeTo(0.25, 12),
      interval: null,
    })
  })

  it('is unknown from nothing', () => {
    expect(sumIncrease([{ before: 0, after: 3 }])).toBeNull()
    expect(sumIncrease([])).toBeNull()
    expect(typicalIncrease([{ before: 0, after: 3 }])).toBeNull()
    expect(meanIncrease([0, 0], [1])).toBeNull()
    expect(meanIncrease([], [1])).toBeNull()
  })
})

it('the increase of a mean has the interval of the delta method', () => {
  // Means 2 and 3, standard errors 1/√3 both: error √(1/3 + 1.5²/3)/2; t(0.975; 2).
  const increase = meanIncrease([1, 2, 3], [2, 3, 4])
  expect(increase?.share).toBeCloseTo(0.5, 12)
  const half = (4.302653 * Math.sqrt((1 + 2.25) / 3)) / 2
  expect(increase?.interval?.high).toBeCloseTo(0.5 + half, 5)
})

describe('the detectable increase', () => {
  const test = { threshold: 0.01, power: 0.9 }
  const sample = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 8 : 12))

  it('solves the equation of its power', () => {
    const sizes = { first: 100, second: 400 }
    const increase = detectableIncrease(sample, sizes, test) as number
    const variation = Math.sqrt((4 * 100) / 99) / 10
    const error = variation * Math.sqrt(1 / 100 + (1 + increase) ** 2 / 400)
    expect(increase / error).toBeCloseTo(2.326348 + 1.281552, 5)
  })

  it('is unknown where no increase would show', () => {
    expect(detectableIncrease(sample, { first: 100, second: 0 }, test)).toBeNull()
    expect(detectableIncrease([5], { first: 1, second: 1 }, test)).toBeNull()
    expect(detectableIncrease([0, 0], { first: 2, second: 2 }, test)).toBeNull()
    expect(detectableIncrease([0, 0, 100], { first: 3, second: 3 }, test)).toBeNull()
  })
})
