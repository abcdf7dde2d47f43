import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatTable, type TableValue } from '../../src/report/table.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { hostileText } from '../support/hostile-text.ts'

const columns = [{ name: 'model' }, { name: 'requests' }, { name: 'cost_usd' }, { name: 'key' }]
const rows: readonly (readonly TableValue[])[] = [
  ['gpt-4o', 120_332, 0.1 + 0.2, new Uint8Array([1, 171])],
  ['=evil|<b>', 9_007_199_254_740_993n, null, null],
]

test('a table aligns numbers right and marks what is null', () => {
  expect(formatTable(columns, rows, { format: 'table', width: 80 })).toBe(
    [
      'model              requests  cost_usd  key',
      'gpt-4o               120332       0.3  01ab',
      '=evil|<b>  9007199254740993         –  –',
      '',
    ].join('\n'),
  )
})

test('the other formats keep the values', () => {
  expect(formatTable(columns, rows, { format: 'csv', width: 80 })).toBe(
    "model,requests,cost_usd,key\ngpt-4o,120332,0.3,01ab\n'=evil|<b>,9007199254740993,,\n",
  )
  expect(JSON.parse(formatTable(columns, rows, { format: 'json', width: 80 }))).toEqual({
    columns: ['model', 'requests', 'cost_usd', 'key'],
    rows: [
      { model: 'gpt-4o', requests: 120_332, cost_usd: 0.3, key: '01ab' },
      { model: '=evil|<b>', requests: '9007199254740993', cost_usd: null, key: null },
    ],
  })
  expect(formatTable(columns, rows, { format: 'markdown', width: 80 })).toBe(
    [
      '| model | requests | cost\\_usd | key |',
      '| --- | ---: | ---: | --- |',
      '| gpt-4o | 120332 | 0.3 | 01ab |',
      '| =evil\\|&lt;b&gt; | 9007199254740993 | – | – |',
      '',
    ].join('\n'),
  )
})

test('a name that occurs twice loses no value', () => {
  const json = formatTable([{ name: 'a' }, { name: 'a' }], [[1, 2]], { format: 'json', width: 80 })
  expect(JSON.parse(json)).toEqual({ columns: ['a', 'a_2'], rows: [{ a: 1, a_2: 2 }] })
})

test('too many columns for the width stand under each other', () => {
  const many = Array.from({ length: 12 }, (_, index) => ({ name: `column_${index}` }))
  const printed = formatTable(many, [many.map((_, index) => index)], { format: 'table', width: 40 })
  expect(printed.split('\n').slice(0, 2)).toEqual(['column_0   0', 'column_1   1'])
})

test('no rows print the names alone', () => {
  expect(formatTable(columns, [], { format: 'table', width: 80 })).toBe(
    'model  requests  cost_usd  key\n',
  )
})

test('no value makes a line too wide or a second line', () => {
  const value = fc.oneof(
    hostileText(),
    fc.double(),
    fc.bigInt(),
    fc.uint8Array(),
    fc.constant(null),
  )
  const table = fc.array(fc.tuple(value, value, value), { maxLength: 4 })
  fc.assert(
    fc.property(hostileText(), table, fc.integer({ min: 20, max: 100 }), (name, cells, width) => {
      const names = [{ name }, { name: 'b' }, { name }]
      const printed = formatTable(names, cells, { format: 'table', width })
      const lines = printed.split('\n')
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
      if (width >= 20) expect(lines).toHaveLength(cells.length + 2)
    }),
  )
})

test('a pipe has no width and nothing is cut', () => {
  const long = 'x'.repeat(500)
  const printed = formatTable([{ name: 'text' }], [[long]], {
    format: 'table',
    width: Number.POSITIVE_INFINITY,
  })
  expect(printed).toContain(long)
})
