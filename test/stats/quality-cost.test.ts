import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  costAtQuality,
  costCurve,
  dollarApgr,
  dominated,
  oracleChoice,
  type QualityCost,
  randomQualityAt,
  upperHull,
} from '../../src/stats/quality-cost.ts'
import { apgr, qualityAt, routerCurve } from '../../src/stats/routing-metrics.ts'

const points = fc.array(
  fc.record({ cost: fc.integer({ min: 0, max: 12 }), quality: fc.integer({ min: 0, max: 12 }) }),
  { maxLength: 25 },
)

describe('models by quality and cost', () => {
  it('are dominated by what is no dearer and no worse, and better in one', () => {
    const models = [
      { model: 'cheap', cost: 1, quality: 0.6 },
      { model: 'twin', cost: 1, quality: 0.6 },
      { model: 'dear', cost: 5, quality: 0.9 },
      { model: 'worse', cost: 5, quality: 0.8 },
      { model: 'dearer', cost: 6, quality: 0.9 },
      { model: 'middle', cost: 3, quality: 0.61 },
    ]
    expect(dominated(models).map(({ model }) => model)).toEqual(['worse', 'dearer'])
    expect(upperHull(models).map(({ model }) => model)).toEqual(['cheap', 'dear', 'dearer'])
  })

  it('lie on or under the hull, which bends down and is made of them', () => {
    fc.assert(
      fc.property(points, (all) => {
        const hull = upperHull(all)
        for (const point of hull) expect(all).toContain(point)
        for (const point of all)
          expect(point.quality).toBeLessThanOrEqual(heightAt(hull, point.cost))
        const slopes = hull.slice(1).map((b, i) => {
          const a = hull[i] as QualityCost
          return (b.quality - a.quality) / (b.cost - a.cost)
        })
        for (const [i, slope] of slopes.entries()) {
          if (i > 0) expect(slope).toBeLessThan(slopes[i - 1] as number)
        }
      }),
    )
  })
})

/** The hull as a function: the best that any two points reach by mixing. */
function heightAt(hull: readonly QualityCost[], cost: number): number {
  let best = -Infinity
  for (const a of hull) {
    for (const b of hull) {
      if (a.cost > cost || b.cost < cost) continue
      const part = a.cost === b.cost ? 0 : (cost - a.cost) / (b.cost - a.cost)
      best = Math.max(best, a.quality + part * (b.quality - a.quality))
    }
  }
  return best + 1e-9
}

const rows = fc.array(
  fc.record({
    weak: fc.constantFrom(0, 1),
    strong: fc.constantFrom(0, 1),
    strength: fc.integer({ min: 0, max: 9 }),
    cost: fc.integer({ min: 1, max: 50 }),
  }),
  { minLength: 1, maxLength: 40 },
)

describe('a router in dollars', () => {
  it('has the APGR of its shares where all answers cost the same and the router nothing', () => {
    fc.assert(
      fc.property(rows, (each) => {
        const curve = curveOf(each)
        const flat = { weak: each.map(() => 10), strong: each.map(() => 35) }
        const area = dollarApgr(costCurve(curve, flat))
        const gap = each.reduce((sum, row) => sum + row.strong - row.weak, 0)
        if (gap <= 0) expect(area).toBeNull()
        else expect(area?.raw).toBeCloseTo(apgr(curve) ?? Number.NaN, 9)
      }),
    )
  })

  it('loses by what the router costs, and its hull is never below its own points', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 100 }), (each, router) => {
        const curve = curveOf(each)
        const costs = { weak: each.map(() => 1), strong: each.map((row) => 1 + row.cost) }
        const free = dollarApgr(costCurve(curve, costs))
        const paid = dollarApgr(costCurve(curve, { ...costs, router }))
        fc.pre(free !== null && paid !== null)
        // Where a mix is better than the strong model alone, quality falls at the end; what the router costs can push that
        // fall beyond the strong model's cost, out of the area.
        const qualities = each.map((_, strong) => qualityAt(curve, strong))
        const isBestAtEnd = qualities.every((quality) => quality <= qualityAt(curve, each.length))
        if (isBestAtEnd) expect(paid?.hull).toBeLessThanOrEqual((free?.hull ?? 0) + 1e-9)
        expect(free?.hull).toBeGreaterThanOrEqual((free?.raw ?? 0) - 1e-9)
        expect(paid?.hull).toBeGreaterThanOrEqual(0.5 - 1e-9)
      }),
    )
  })

  it('recovers nothing with what it spends on itself', () => {
    // One question each way: half of the gap's cost goes to the router before it helps.
    const curve = routerCurve({ weak: [0, 0], strong: [1, 1] }, [1, 0])
    const costs = { weak: [0, 0], strong: [10, 10], router: 10 }
    expect(dollarApgr(costCurve(curve, costs))).toEqual({ raw: 0.125, hull: 0.5 })
  })

  it('finds the least cost for 95 % of the strong quality', () => {
    const curve = routerCurve({ weak: [0, 0, 1, 1], strong: [1, 1, 1, 1] }, [4, 3, 2, 1])
    const costs = { weak: [1, 1, 1, 1], strong: [10, 10, 10, 10] }
    const at = (router: number, share: number) =>
      costAtQuality(costCurve(curve, { ...costs, router }), share)
    expect(at(2, 0.95)).toEqual({ cost: 24, strongShare: 0.5, router: true })
    expect(at(2, 0.75)).toEqual({ cost: 15, strongShare: 0.25, router: true })
    expect(at(2, 0.5)).toEqual({ cost: 4, strongShare: 0, router: false })
    expect(at(30, 0.95)).toEqual({ cost: 40, strongShare: 1, router: false })
  })

  it('finds no cheaper point than a search through all of them', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 50, max: 100 }), (each, percent) => {
        const curve = curveOf(each)
        const costs = { weak: each.map(() => 1), strong: each.map((row) => row.cost) }
        const dollars = costCurve(curve, costs)
        const strong = each.reduce((sum, row) => sum + row.strong, 0)
        fc.pre(strong > 0)
        const enough = [...curve.totals.entries()].filter(
          ([, total]) => total * 100 >= strong * 1_000_000 * percent,
        )
        const least = Math.min(...enough.map(([i]) => dollars.costs[i] as number))
        expect(costAtQuality(dollars, percent / 100)?.cost).toBe(least)
      }),
    )
  })
})

const curveOf = (
  each: readonly { readonly weak: number; readonly strong: number; readonly strength: number }[],
) =>
  routerCurve(
    { weak: each.map((row) => row.weak), strong: each.map((row) => row.strong) },
    each.map((row) => row.strength),
  )

describe('baselines', () => {
  it('mix at random in proportion to the money', () => {
    const pair = [
      { cost: 10, quality: 0.6 },
      { cost: 20, quality: 0.8 },
    ] as const
    expect(randomQualityAt(pair, 15)).toBeCloseTo(0.7, 12)
    expect(randomQualityAt(pair, 5)).toBe(0.6)
    expect(randomQualityAt(pair, 99)).toBe(0.8)
  })

  it('choose, knowing all scores, the best model and of equals the cheapest', () => {
    const oracle = oracleChoice([
      { scores: [1, 0, 1, 0.5], costs: [5, 5, 5, 5] },
      { scores: [1, 1, 0, 0.5], costs: [2, 9, 2, 5] },
    ])
    expect([...oracle.choices]).toEqual([1, 1, 0, 0])
    expect(oracle).toMatchObject({ quality: 0.875, cost: 2 + 9 + 5 + 5 })
  })
})
