import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../src/stats/random.ts'
import {
  bootstrapChange,
  exchangeTest,
  quantileFigure,
  ratioFigure,
  type Sides,
} from '../../src/stats/weighted-test.ts'

/** The mean of the things that are counted. */
const meanFigure = (values: readonly number[]) =>
  ratioFigure(Float64Array.from(values), new Float64Array(values.length).fill(1))

const sidesOf = (before: readonly number[], after: readonly number[], arePairs = false): Sides => ({
  figure: meanFigure([...before, ...after]),
  first: before.length,
  second: after.length,
  arePairs,
})

const drawing = (seed: string, draws = 20_000) => ({ seed, draws })

describe('an exchange test', () => {
  it('comes near the share of all exchanges', () => {
    // Of the 20 ways to choose three of six, only the observed one has a mean difference as large.
    const p = exchangeTest(sidesOf([1, 2, 3], [4, 5, 6]), 1, drawing('any'))
    // Of the 16 exchanges of four pairs, only the observed one.
    const paired = exchangeTest(sidesOf([1, 2, 3, 4], [2, 4, 6, 8], true), 1, drawing('pairs'))
    // Drawing ends at 50 that are as large: a standard error of a seventh.
    for (const times of [p * 20, paired * 16]) {
      expect(times).toBeGreaterThan(0.57)
      expect(times).toBeLessThan(1.43)
    }
  })

  it('looks one way only', () => {
    const fallen = sidesOf([4, 5, 6, 7, 8], [1, 2, 3, 2, 1])
    expect(exchangeTest(fallen, 1, drawing('up'))).toBeGreaterThan(0.9)
    expect(exchangeTest(fallen, -1, drawing('down'))).toBeLessThan(0.02)
  })

  it('finds nothing where a side has no figure', () => {
    expect(exchangeTest(sidesOf([], [1, 2]), 1, drawing('none'))).toBe(1)
  })

  it('errs as often as its level where nothing differs, things of several values included', () => {
    const random = randomFrom('null')
    const side = () =>
      Array.from({ length: 30 }, (_, thing) => {
        const base = random()
        // Values of one thing are alike, as requests of one trace are.
        return [0, 1, 2].map(() => ({ thing, value: base + random() / 100 }))
      }).flat()
    const tests = 400
    let below = 0
    for (let i = 0; i < tests; i++) {
      const second = side().map(({ thing, value }) => ({ thing: thing + 30, value }))
      const figure = quantileFigure([...side(), ...second], 0.9)
      const sides: Sides = { figure, first: 30, second: 30, arePairs: false }
      if (exchangeTest(sides, 1, drawing(`null ${i}`, 400)) <= 0.05) below++
    }
    // Bin(400, 5 %): the 99.9th percentile is 35.
    expect(below).toBeLessThanOrEqual(35)
    expect(below).toBeGreaterThan(4)
  })
})

describe('a bootstrap interval', () => {
  it('holds the true change in nine of ten samples at least', () => {
    const random = randomFrom('coverage')
    const side = (most: number) => Array.from({ length: 60 }, () => most * random())
    let held = 0
    for (let i = 0; i < 200; i++) {
      const interval = bootstrapChange(sidesOf(side(1), side(1.2)), `coverage ${i}`)
      if (interval !== null && interval.low <= 0.2 && interval.high >= 0.2) held++
    }
    expect(held).toBeGreaterThanOrEqual(180)
  })

  it('of pairs is that of their differences, whatever their sizes', () => {
    const sizes = Array.from({ length: 40 }, (_, i) => 2 ** (i % 20))
    const interval = bootstrapChange(
      sidesOf(
        sizes,
        sizes.map((size) => size * 1.1),
        true,
      ),
      'pairs',
    )
    expect(interval?.low).toBeCloseTo(0.1, 9)
    expect(interval?.high).toBeCloseTo(0.1, 9)
  })

  it('is unknown where there is too little, or nothing to divide by', () => {
    expect(bootstrapChange(sidesOf([1], [2, 3]), 'few')).toBeNull()
    expect(bootstrapChange(sidesOf([0, 0], [2, 3]), 'zero')).toBeNull()
  })
})

it.each([
  [0.5, [1, 1, 1, 1, 1], 30],
  [0.5, [4, 0, 0, 0, 1], 10],
  [0.95, [1, 1, 1, 1, 1], 50],
  [0.5, [0, 0, 0, 0, 0], Number.NaN],
] as const)('the %d quantile under weights %j is %d', (share, weights, expected) => {
  const values = [50, 10, 40, 20, 30].map((value) => ({ thing: value / 10 - 1, value }))
  expect(quantileFigure(values, share)(Uint32Array.from(weights))).toBe(expected)
})
