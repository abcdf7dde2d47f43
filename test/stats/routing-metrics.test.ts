import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cascadeOutcome } from '../../src/stats/cascade.ts'
import { qualityGap } from '../../src/stats/quality-gap.ts'
import {
  apgr,
  callShareFor,
  type ModelPair,
  oracleStrengths,
  outcomesOf,
  pgrAt,
  qualityAt,
  randomApgrDeviation,
  routerCurve,
  routerQuality,
} from '../../src/stats/routing-metrics.ts'
import { hasRealData } from '../support/real-data.ts'
import { routellmQuestions } from '../support/routellm.ts'

describe.skipIf(!hasRealData)('the public questions with two models', () => {
  it('have the published counts, oracle and length baselines', () => {
    const { texts, ...pair } = routellmQuestions()
    expect(outcomesOf(pair)).toEqual({
      bothRight: 739,
      weakBetter: 94,
      strongBetter: 382,
      neitherRight: 92,
      equal: 831,
    })
    const oracle = routerCurve(pair, oracleStrengths(pair))
    expect(qualityAt(oracle, 0)).toBeCloseTo(0.637337, 6)
    expect(qualityAt(oracle, 1307)).toBeCloseTo(0.857689, 6)
    expect(qualityAt(oracle, 382)).toBeCloseTo(0.92961, 6)
    expect(callShareFor(oracle, 0.5)).toBe(144 / 1307)
    expect(apgr(oracle)).toBeCloseTo(1.1208, 4)
    const characters = texts.map((text) => text.length)
    const words = texts.map((text) => text.split(/\s+/).filter((word) => word !== '').length)
    expect(apgr(routerCurve(pair, characters))).toBeCloseTo(0.5977, 4)
    expect(apgr(routerCurve(pair, words))).toBeCloseTo(0.5949, 4)
    expect(Math.abs((randomApgrDeviation(pair) ?? 0) - 0.021)).toBeLessThan(0.001)
    const quality = routerQuality(pair, characters)
    expect(quality).toMatchObject({ kind: 'measured', gap: { questions: 1307 } })
  })
})

const scores = fc.oneof(
  fc.constantFrom(0, 1),
  fc.integer({ min: 0, max: 20 }).map((k) => k / 20),
)
const questions = fc
  .array(fc.record({ weak: scores, strong: scores, strength: fc.integer({ min: 0, max: 5 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((rows) => ({
    pair: { weak: rows.map((row) => row.weak), strong: rows.map((row) => row.strong) },
    strengths: rows.map((row) => row.strength),
  }))

describe('a router curve', () => {
  it('is what sorting and averaging by hand give', () => {
    fc.assert(
      fc.property(questions, ({ pair, strengths }) => {
        const curve = routerCurve(pair, strengths)
        const byHand = strengths
          .map((strength, index) => ({ strength, index }))
          .sort((a, b) => b.strength - a.strength || a.index - b.index)
        expect([...curve.order]).toEqual(byHand.map(({ index }) => index))
        for (let count = 0; count <= strengths.length; count++) {
          const strongOnes = new Set(byHand.slice(0, count).map(({ index }) => index))
          const chosen = pair.weak.map((score, i) => (strongOnes.has(i) ? pair.strong[i] : score))
          const mean = chosen.reduce<number>((sum, score) => sum + (score ?? 0), 0) / chosen.length
          expect(qualityAt(curve, count)).toBeCloseTo(mean, 9)
        }
      }),
    )
  })

  it('is never above the oracle, and its mirror image adds up with it to one', () => {
    fc.assert(
      fc.property(questions, ({ pair, strengths }) => {
        const oracle = routerCurve(pair, oracleStrengths(pair))
        const curve = routerCurve(pair, strengths)
        for (let count = 0; count <= strengths.length; count++) {
          expect(qualityAt(curve, count)).toBeLessThanOrEqual(qualityAt(oracle, count) + 1e-12)
        }
        const place = new Float64Array(strengths.length)
        for (const [rank, question] of curve.order.entries()) place[question] = rank
        const mirrored = apgr(routerCurve(pair, place))
        const area = apgr(curve)
        if (area !== null) expect(area + (mirrored ?? 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  it('reaches CPT(x) at its share and at no smaller one', () => {
    fc.assert(
      fc.property(questions, fc.integer({ min: 1, max: 100 }), ({ pair, strengths }, percent) => {
        const curve = routerCurve(pair, strengths)
        const share = callShareFor(curve, percent / 100)
        fc.pre(share !== null)
        const count = Math.round((share ?? 0) * strengths.length)
        const reached = (i: number) => (pgrAt(curve, i) ?? 0) >= percent / 100 - 1e-9
        expect(reached(count)).toBe(true)
        for (let i = 0; i < count; i++) {
          expect(pgrAt(curve, i) ?? 0).toBeLessThan(percent / 100)
        }
      }),
    )
  })

  it('compares shares in whole units where doubles would miss', () => {
    const ten = { weak: Array(10).fill(0), strong: Array(10).fill(1) }
    const curve = routerCurve(ten, Array(10).fill(0))
    for (let count = 1; count <= 10; count++) {
      expect(callShareFor(curve, count / 10)).toBe(count / 10)
    }
    expect(callShareFor(curve, 0.1 + 0.2)).toBe(0.3)
  })

  it('orders infinite strengths and refuses what is not a number', () => {
    const pair = { weak: [0, 0, 0], strong: [1, 1, 1] }
    const curve = routerCurve(pair, [-Infinity, Infinity, Infinity])
    expect([...curve.order]).toEqual([1, 2, 0])
    expect(() => routerCurve(pair, [1, Number.NaN, 2])).toThrow(RangeError)
    expect(() => routerCurve({ ...pair, weak: [0, Number.NaN, 0] }, [1, 2, 3])).toThrow(RangeError)
    expect(() => routerCurve(pair, [1, 2])).toThrow(RangeError)
  })
})

describe('a random router', () => {
  it('has the mean and deviation that all orders of a few questions have', () => {
    const pair = { weak: [0, 1, 0, 0.5, 0, 0], strong: [1, 0, 1, 1, 0, 1] }
    const areas = permutations([0, 1, 2, 3, 4, 5]).map(
      (order) => apgr(routerCurve(pair, order)) ?? 0,
    )
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length
    const variance = areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length
    expect(mean).toBeCloseTo(0.5, 12)
    expect(randomApgrDeviation(pair)).toBeCloseTo(Math.sqrt(variance), 12)
  })
})

function permutations(values: readonly number[]): readonly (readonly number[])[] {
  if (values.length <= 1) return [values]
  return values.flatMap((value) =>
    permutations(values.filter((other) => other !== value)).map((rest) => [value, ...rest]),
  )
}

describe('the quality of a router', () => {
  const pairOf = (weak: readonly number[], strong: readonly number[]): ModelPair => ({
    weak,
    strong,
  })
  const level = (count: number, score: number) => Array<number>(count).fill(score)

  it('is unmeasured where the models may be equally good', () => {
    const few = pairOf(level(3, 0), level(3, 1))
    expect(routerQuality(few, [1, 2, 3])).toMatchObject({ kind: 'unmeasured', why: 'no-gap' })
    const same = pairOf(level(50, 1), level(50, 1))
    expect(routerQuality(same, level(50, 0))).toMatchObject({ kind: 'unmeasured', why: 'no-gap' })
    expect(routerQuality(pairOf([], []), [])).toEqual({
      kind: 'unmeasured',
      why: 'too-few',
      gap: null,
    })
  })

  it('is unmeasured where the weak model is the better one', () => {
    const turned = pairOf(level(20, 1), level(20, 0))
    expect(routerQuality(turned, level(20, 0))).toMatchObject({ why: 'weak-is-better' })
  })

  it('is measured where the gap is clear', () => {
    const clear = pairOf(level(20, 0), level(20, 1))
    expect(routerQuality(clear, level(20, 0))).toMatchObject({
      kind: 'measured',
      apgr: 0.5,
      cpt50: 0.5,
      cpt80: 0.8,
    })
  })

  it('has a gap whose interval covers the truth about as often as it says', () => {
    // Exact coverage over every outcome of 40 questions: each is won, lost or equal.
    const n = 40
    const [win, lose] = [0.3, 0.1]
    let covered = 0
    for (let won = 0; won <= n; won++) {
      for (let lost = 0; won + lost <= n; lost++) {
        const equal = n - won - lost
        const gap = qualityGap({
          weak: [...level(won, 0), ...level(lost, 1), ...level(equal, 1)],
          strong: [...level(won, 1), ...level(lost, 0), ...level(equal, 1)],
        })
        const { low = 0, high = 0 } = gap?.interval ?? {}
        const ways = multinomial(won, lost, equal)
        const chance = ways * win ** won * lose ** lost * (1 - win - lose) ** equal
        if (low <= win - lose && win - lose <= high) covered += chance
      }
    }
    expect(covered).toBeGreaterThan(0.94)
    expect(covered).toBeLessThan(0.97)
  })
})

function multinomial(a: number, b: number, c: number): number {
  let ways = 1
  for (let i = 1; i <= b; i++) ways *= (a + i) / i
  for (let i = 1; i <= c; i++) ways *= (a + b + i) / i
  return ways
}

describe('a cascade', () => {
  it('pays exactly where its cost is below that of the strong model', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true })
    const cost = fc.double({ min: 0.001, max: 100, noNaN: true })
    fc.assert(
      fc.property(rate, rate, rate, cost, cost, cost, (w, g, f, weak, validator, strong) => {
        const rates = { weakRightRate: w, falseRejectRate: g, falsePassRate: f }
        const outcome = cascadeOutcome(rates, { weak, validator, strong })
        const margin = outcome.costPerRequest - strong
        if (Math.abs(margin) > 1e-9) expect(outcome.pays).toBe(margin < 0)
        expect(outcome.escalationRate).toBeGreaterThanOrEqual(0)
        expect(outcome.escalationRate).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  it('escalates right answers that are rejected and wrong ones that are caught', () => {
    const rates = { weakRightRate: 0.8, falseRejectRate: 0.05, falsePassRate: 0.1 }
    const outcome = cascadeOutcome(rates, { weak: 1, validator: 0.5, strong: 10 })
    expect(outcome.escalationRate).toBeCloseTo(0.22, 12)
    expect(outcome.wrongPassedRate).toBeCloseTo(0.02, 12)
    expect(outcome.costPerRequest).toBeCloseTo(3.7, 12)
    expect(outcome.breakEvenRate).toBeCloseTo(0.85, 12)
    expect(outcome.pays).toBe(true)
  })
})
