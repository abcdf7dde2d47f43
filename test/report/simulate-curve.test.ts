import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainPaint } from '../../src/report/paint.ts'
import { blockPlot, type CurvePoint, curveLines } from '../../src/report/simulate-curve.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { sweep } from '../support/simulate-parts.ts'

const points: readonly CurvePoint[] = sweep.map(({ threshold, savingsUsd, wrongPerHit }) => ({
  threshold,
  savedUsd: savingsUsd,
  wrongPerHit,
}))
const screen = { width: 80, color: false, unicode: true, paint: plainPaint }

test('a column is solid up to the low end and shaded up to the high one', () => {
  const columns = [{ low: 1, high: 1 }, { low: 0.5, high: 1 }, { low: 0.25, high: 0.25 }, null]
  expect(blockPlot(columns, { top: 1, height: 2, unicode: true })).toEqual(['█░  ', '██▄ '])
  expect(blockPlot(columns, { top: 1, height: 2, unicode: false })).toEqual(["#'  ", '##: '])
})

test('a plot of nothing is empty, and no value leaves the plot', () => {
  expect(blockPlot([{ low: 0, high: 0 }], { top: 0, height: 2, unicode: true })).toEqual([' ', ' '])
  const ends = fc.record({ low: fc.double({ noNaN: true }), high: fc.double({ noNaN: true }) })
  fc.assert(
    fc.property(fc.array(ends), fc.nat(5), (columns, height) => {
      const lines = blockPlot(columns, { top: 10, height, unicode: true })
      return lines.length === height && lines.every((line) => textWidth(line) === columns.length)
    }),
  )
})

test('the marks stand under their thresholds', () => {
  const marks = [
    { threshold: 0.94, text: 'certified' },
    { threshold: 0.92, text: 'asked' },
  ]
  const lines = curveLines({ points, marks }, screen)
  const [axis = '', marked = ''] = lines.slice(-2)
  const [first, last] = [axis.indexOf('0.80'), axis.length - 1]
  const column = (threshold: number) =>
    Math.round(first + ((last - first) * (threshold - 0.8)) / 0.19)
  expect(marked.indexOf('▲')).toBe(column(0.92))
  expect(marked.lastIndexOf('▲')).toBe(column(0.94))
  expect(marked).toMatch(/0\.92 asked ▲ +▲ 0\.94 certified/)
})

test('marks keep inside the plot wherever they are', () => {
  const place = fc.integer({ min: 80, max: 99 }).map((percent) => percent / 100)
  fc.assert(
    fc.property(place, place, fc.integer({ min: 40, max: 120 }), (one, other, width) => {
      const marks = [
        { threshold: one, text: 'asked' },
        { threshold: other, text: 'certified' },
      ]
      const lines = curveLines({ points, marks }, { ...screen, width })
      expect(lines.join('\n')).toContain('asked')
      expect(lines.join('\n')).toContain('certified')
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
    }),
  )
})

test('what is not known leaves a gap, and a mark off the axis is left out', () => {
  const half = points.map((point) =>
    point.threshold < 0.9 ? { ...point, savedUsd: null, wrongPerHit: null } : point,
  )
  const lines = curveLines({ points: half, marks: [{ threshold: 0.5, text: 'asked' }] }, screen)
  expect(lines[2]).toMatch(/0 │ {30,}█{30,}$/)
  expect(lines.at(-1)).toMatch(/^ +0\.80 +0\.99$/)
})

test('a few thresholds are a table, not a curve', () => {
  expect(curveLines({ points: points.slice(0, 3), marks: [] }, screen)).toEqual([])
})
