import { describe, expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import { pointsToPlot, pointsToRead } from '../../src/report/sweep-points.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { richSimulateResult } from '../support/simulate-result.ts'

/** A result with a point at so many thresholds from 0.8 to 1, and the given ones. */
function withSteps(count: number, ...others: readonly number[]): SimulateResult {
  const result = richSimulateResult()
  const [point] = result.sweep
  if (point === undefined) throw new Error('the sweep is empty')
  const thresholds = [
    ...Array.from({ length: count }, (_, index) => 0.8 + (0.2 * index) / (count - 1)),
    ...others,
  ]
  const sweep = [...new Set(thresholds)]
    .sort((a, b) => b - a)
    .map((threshold) => ({ ...point, threshold }))
  return { ...result, sweep }
}

describe('a sweep of every threshold', () => {
  const result = withSteps(200_000, 0.92, 0.85, 0.94)

  test('is drawn by points that a plot can tell apart, its ends among them', () => {
    const { sweep } = result
    const points = pointsToPlot(sweep)
    expect(points.length).toBeGreaterThan(200)
    expect(points.length).toBeLessThanOrEqual(240)
    expect([points[0], points.at(-1)]).toEqual([sweep.at(-1), sweep[0]])
    const gaps = points
      .slice(1)
      .map(({ threshold }, at) => threshold - (points[at]?.threshold ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(0.002)
  })

  test('has the named thresholds as rows, each once and none that only is near', () => {
    expect(pointsToRead(result).map(({ threshold }) => threshold)).toEqual([0.94, 0.92, 0.85, 0.8])
  })

  test.each(['terminal', 'markdown', 'html'] as const)('stays readable as %s', (format) => {
    const view = { width: 80, color: false, unicode: true }
    const few = formatSimulate(richSimulateResult(), format, view)
    expect(formatSimulate(result, format, view).length).toBeLessThan(few.length * 5)
  })
})
