import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bar, divideColumns, sparkline } from '../../src/report/charts.ts'
import { textWidth } from '../../src/report/text-width.ts'

test('a sparkline rises with its values and leaves a gap for what is unknown', () => {
  expect(sparkline([0, 1, 2, null, 4], { width: 5, unicode: true })).toBe('▁▂▄ █')
  expect(sparkline([0, 1, 2, null, 4], { width: 5, unicode: false })).toBe('_.- #')
  expect(sparkline([1, 2], { width: 6, unicode: true })).toBe('▄▄▄███')
  expect(sparkline([0, 0], { width: 2, unicode: true })).toBe('▁▁')
  expect(sparkline([], { width: 5, unicode: true })).toBe('')
})

test('a sparkline of too many values keeps the peaks', () => {
  const values = Array.from({ length: 100 }, (_, index) => (index === 57 ? 100 : 1))
  expect(sparkline(values, { width: 10, unicode: true })).toBe('▁▁▁▁▁█▁▁▁▁')
})

test.each([
  [0, '    '],
  [0.001, '▏   '],
  [0.5, '██  '],
  [0.53, '██▏ '],
  [1, '████'],
  [1.5, '████'],
])('a bar of %s is %j', (share, drawn) => expect(bar(share, 4, true)).toBe(drawn))

test('a bar is as wide as asked for in blocks and in ASCII', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 2, noNaN: true }),
      fc.nat(40),
      fc.boolean(),
      (share, width, unicode) => textWidth(bar(share, width, unicode)) === width,
    ),
  )
})

test('columns are divided in proportion, add up, and leave nothing out', () => {
  expect(divideColumns([50, 30, 20], 10)).toEqual([5, 3, 2])
  expect(divideColumns([1000, 1], 10)).toEqual([9, 1])
  expect(divideColumns([0, 5], 10)).toEqual([0, 10])
  expect(divideColumns([0, 0], 10)).toEqual([0, 0])
  const parts = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 8 })
  fc.assert(
    fc.property(parts, fc.integer({ min: 8, max: 120 }), (sizes, width) => {
      const columns = divideColumns(sizes, width)
      const isAny = sizes.some((size) => size > 0)
      expect(columns.reduce((sum, each) => sum + each, 0)).toBe(isAny ? width : 0)
      expect(columns.every((each, index) => (sizes[index] ?? 0) === 0 || each > 0)).toBe(true)
    }),
  )
})
