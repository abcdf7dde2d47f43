import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heightAt, resistantLine } from '../../src/stats/resistant-line.ts'

const lineThrough = (points: readonly (readonly [number, number])[]) =>
  resistantLine(
    Float64Array.from(points, ([x]) => x),
    Float64Array.from(points, ([, y]) => y),
  )

describe('the resistant line', () => {
  it('finds a rising line exactly, in any order of its points', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1000), { minLength: 3, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(500),
        (xs, slope, intercept) => {
          const line = lineThrough(xs.map((x) => [x, intercept + slope * x]))
          expect(line?.slope).toBeCloseTo(slope, 9)
          expect(line?.intercept).toBeCloseTo(intercept, 6)
        },
      ),
    )
  })

  it('is not moved by a wild value', () => {
    const points = Array.from({ length: 9 }, (_, x) => [x, 10 + 2 * x] as const)
    const wild = points.map(([x, y]) => [x, x === 8 ? 1e6 : y] as const)
    expect(lineThrough(wild)).toEqual(lineThrough(points))
  })

  it('is the (lower) median where x does not spread, y falls or points are few', () => {
    expect(
      lineThrough([
        [5, 1],
        [5, 2],
        [5, 9],
      ]),
    ).toMatchObject({ intercept: 2, slope: 0 })
    expect(
      lineThrough([
        [1, 9],
        [2, 5],
        [3, 1],
      ]),
    ).toMatchObject({ intercept: 5, slope: 0 })
    expect(
      lineThrough([
        [1, 4],
        [2, 6],
      ]),
    ).toMatchObject({ intercept: 4, slope: 0 })
    expect(lineThrough([])).toBeNull()
  })

  it('is not drawn out beyond its points', () => {
    const line = { intercept: 10, slope: 2, from: 1, to: 5 }
    expect([0, 3, 100].map((x) => heightAt(line, x))).toEqual([12, 16, 20])
  })
})
