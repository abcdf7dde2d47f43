import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainPaint } from '../../src/report/paint.ts'
import { blockPlot, curveLines } from '../../src/report/simulate-curve.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { richSimulateResult } from '../support/simulate-result.ts'

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
  const lines = curveLines(richSimulateResult(), screen)
  const marked = lines.at(-1) ?? ''
  const axis = lines.at(-2) ?? ''
  const [first, last] = [axis.indexOf('0.80'), axis.length - 1]
  const column = (threshold: number) =>
    Math.round(first + ((last - first) * (threshold - 0.8)) / 0.19)
  expect(marked.indexOf('▲')).toBe(column(0.92))
  expect(marked.lastIndexOf('▲')).toBe(column(0.94))
  expect(marked).toMatch(/0\.92 asked ▲ +▲ 0\.94 certified/)
})

test('marks keep inside the plot wherever they are', () => {
  const thresholds = fc.integer({ min: 80, max: 99 }).map((percent) => percent / 100)
  fc.assert(
    fc.property(
      thresholds,
      thresholds,
      fc.integer({ min: 40, max: 120 }),
      (asked, certified, width) => {
        const rich = richSimulateResult()
        const lines = curveLines(
          {
            ...rich,
            certified: { ...rich.certified, threshold: certified },
            layers: { ...rich.layers, semantic: { ...rich.layers.semantic, threshold: asked } },
          },
          { ...screen, width },
        )
        expect(lines.join('\n')).toContain('asked')
        expect(lines.join('\n')).toContain('certified')
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test('a few thresholds are a table, not a curve', () => {
  const rich = richSimulateResult()
  expect(curveLines({ ...rich, sweep: rich.sweep.slice(0, 3) }, screen)).toEqual([])
})
