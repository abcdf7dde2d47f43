import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holm } from '../../src/stats/holm.ts'
import { mcNemar } from '../../src/stats/mcnemar.ts'
import { normalUpperTail, twoSided } from '../../src/stats/normal-tail.ts'
import { pairedDifference, pairsNeeded } from '../../src/stats/paired-difference.ts'
import { predictionPowered } from '../../src/stats/prediction-powered.ts'
import { hasRealData, realData } from '../support/real-data.ts'

const pairs = (onlyFirst: number, onlySecond: number, total: number) => ({
  both: total - onlyFirst - onlySecond,
  onlyFirst,
  onlySecond,
  neither: 0,
})

describe('the upper tail of the normal distribution', () => {
  // Made with scipy 1.17.
  it.each([
    [-1.5, 0.9331927987311419],
    [0, 0.5],
    [0.3, 0.3820885778110474],
    [1.96, 0.024997895148220435],
    [2, 0.022750131948179195],
    [2.5, 0.006209665325776132],
    [5, 2.866515718791933e-7],
    [12, 1.776482112077653e-33],
    [37, 5.7255712225239266e-300],
  ])('at %s is %s', (z, tail) => {
    expect(Math.abs(normalUpperTail(z) / tail - 1)).toBeLessThan(1e-11)
  })

  it('ends at nothing and refuses what is no number', () => {
    expect(normalUpperTail(Infinity)).toBe(0)
    expect(normalUpperTail(-Infinity)).toBe(1)
    expect(twoSided(-Infinity)).toBe(0)
    expect(() => normalUpperTail(Number.NaN)).toThrow(RangeError)
  })
})

describe("McNemar's test", () => {
  // Made with scipy 1.17 (binom, chi2).
  it.each([
    [94, 382, 3.2572780014408973e-42, 2.0266610265324465e-42, 174.25210084033614, 8.7202828e-40],
    [3, 9, 0.14599609375, 0.09228515625, 3, 0.08326451666355042],
    [0, 4, 0.125, 0.0625, 4, 0.04550026389635857],
    [5, 5, 1, 1, 0, 1],
  ])('of %i against %i', (onlyFirst, onlySecond, exactP, midP, chiSquare, chiSquareP) => {
    const found = mcNemar(pairs(onlyFirst, onlySecond, 1307))
    for (const [actual, expected] of [
      [found.exactP, exactP],
      [found.midP, midP],
      [found.chiSquare ?? Number.NaN, chiSquare],
      [found.chiSquareP, chiSquareP],
    ] as const) {
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-7 * expected)
    }
  })

  it('sees no difference where no pair differs', () => {
    expect(mcNemar(pairs(0, 0, 9))).toEqual({ exactP: 1, midP: 1, chiSquare: null, chiSquareP: 1 })
  })
})

describe("Tango's interval", () => {
  // Made by maximising the restricted likelihood numerically and solving for the score (scipy 1.17).
  it.each([
    [12, 5, 200, 0.9, 0.0011768034828817803, 0.072351153454088],
    [12, 5, 200, 0.95, -0.006002516491398775, 0.08065565694788394],
    [94, 382, 1307, 0.9, -0.24593268468657806, -0.1947729368229997],
    [94, 382, 1307, 0.95, -0.2508412963929422, -0.18986218776760017],
    [1, 0, 30, 0.9, -0.05214845084205269, 0.13640414215310515],
    [2, 9, 44, 0.95, -0.31160671001666845, -0.013176671446393137],
  ])('of %i against %i in %i at level %s', (b, c, total, level, low, high) => {
    const interval = pairedDifference(pairs(b, c, total), level)
    expect(interval.low).toBeCloseTo(low, 6)
    expect(interval.high).toBeCloseTo(high, 6)
  })

  it('lies in [−1, 1], holds the difference, and turns round with the pairs', () => {
    const counts = fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60))
    fc.assert(
      fc.property(counts, ([b, c, agree]) => {
        fc.pre(b + c + agree > 0)
        const total = b + c + agree
        const { low, high } = pairedDifference(pairs(b, c, total))
        const turned = pairedDifference(pairs(c, b, total))
        expect(low).toBeGreaterThanOrEqual(-1)
        expect(high).toBeLessThanOrEqual(1)
        expect(low).toBeLessThanOrEqual((b - c) / total)
        expect(high).toBeGreaterThanOrEqual((b - c) / total)
        expect(turned.low).toBeCloseTo(-high, 9)
        expect(turned.high).toBeCloseTo(-low, 9)
      }),
    )
  })

  it('is everything without pairs', () => {
    expect(pairedDifference(pairs(0, 0, 0))).toMatchObject({ low: -1, high: 1 })
  })
})

describe('the pairs a margin needs', () => {
  it.each([
    [0.01, 6_183],
    [0.02, 1_546],
    [0.05, 248],
  ])('of %s, a tenth of them discordant, are %i', (margin, needed) => {
    expect(pairsNeeded({ margin, discordantShare: 0.1 })).toBe(needed)
  })

  it('are never fewer than would show one loss, and none will do for a loss of the margin', () => {
    expect(pairsNeeded({ margin: 0.01, discordantShare: 0 })).toBe(299)
    const losing = { discordantShare: 0.1, expectedDifference: -0.02 }
    expect(pairsNeeded({ margin: 0.02, ...losing })).toBeNull()
    expect(pairsNeeded({ margin: 0.04, ...losing })).toBeGreaterThan(1_546 - 7)
    expect(() => pairsNeeded({ margin: 0, discordantShare: 0.1 })).toThrow(RangeError)
  })
})

describe("Holm's correction", () => {
  // Worked by hand: 4 · 0.005, 3 · 0.01, 2 · 0.03, 1 · 0.04 raised to its forerunner.
  it('adjusts in rising order and keeps the places', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
    expect(holm([0.6, 0.7])).toEqual([1, 1])
    expect(holm([])).toEqual([])
    expect(() => holm([1.2])).toThrow(RangeError)
  })
})

describe('a mean of human labels that a judge makes narrower', () => {
  type Judged = { readonly human_winner: string; readonly judge_pick: string }
  const file = 'judge/opus4_vs_gemini25flash.judge_gpt52.json'

  it.runIf(hasRealData)('has the published interval on a real judge', () => {
    const rows = JSON.parse(readFileSync(realData(file), 'utf8')) as (Judged & {
      readonly model_a: string
    })[]
    const opus = (row: (typeof rows)[number], side: string) =>
      (side === 'A') === row.model_a.includes('opus') ? 1 : 0
    const human = rows.map((row) => opus(row, row.human_winner === 'model_a' ? 'A' : 'B'))
    const judge = rows.map((row) => opus(row, row.judge_pick))
    const found = predictionPowered({
      labels: human.slice(0, 100),
      judgedLabelled: judge.slice(0, 100),
      judgedUnlabelled: judge.slice(100),
    })
    expect(found?.estimate).toBeCloseTo(0.4297, 4)
    expect(found?.interval.low).toBeCloseTo(0.3362, 4)
    expect(found?.interval.high).toBeCloseTo(0.5285, 4)
  })

  it('is the plain mean where the judge knows nothing or has nothing more to judge', () => {
    const labels = [1, 0, 1, 0, 1, 0, 0, 0]
    const judgedLabelled = [1, 1, 1, 1, 0, 0, 0, 0]
    const deaf = predictionPowered({
      labels,
      judgedLabelled: labels.map(() => 1),
      judgedUnlabelled: [1, 1, 1],
    })
    const alone = predictionPowered({ labels, judgedLabelled, judgedUnlabelled: [] })
    for (const found of [deaf, alone]) {
      expect(found).toMatchObject({ estimate: 0.375, lambda: 0 })
      expect(found?.standardError).toBeCloseTo(Math.sqrt((0.375 * 0.625 * 8) / 7 / 8), 12)
    }
  })

  it('trusts a judge who is always right with nearly everything', () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? 1 : 0))
    const judgedUnlabelled = Array.from({ length: 5_000 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    const found = predictionPowered({ labels, judgedLabelled: labels, judgedUnlabelled })
    expect(found?.lambda).toBeGreaterThan(0.98)
    expect(found?.estimate).toBeCloseTo(0.25, 2)
    expect(found?.standardError).toBeLessThan(0.01)
  })

  it('is unknown without spread', () => {
    expect(
      predictionPowered({ labels: [0, 0], judgedLabelled: [0, 0], judgedUnlabelled: [0, 0] }),
    ).toBeNull()
    expect(
      predictionPowered({ labels: [1], judgedLabelled: [1], judgedUnlabelled: [0, 1] }),
    ).toBeNull()
  })
})
