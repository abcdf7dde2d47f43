import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptySimulateResult,
  richSimulateResult,
  simulateResultWithText,
  unmeasuredSimulateResult,
} from '../support/simulate-result.ts'

const view = { width: 80, color: false, unicode: true }
const rowsOf = (result: SimulateResult) =>
  parse(formatSimulate(result, 'csv', view), {
    columns: true,
    relax_column_count: false,
  }) as readonly Readonly<Record<string, string>>[]

test('golden thresholds and groups', async () => {
  const csv = formatSimulate(richSimulateResult(), 'csv', view)
  await expect(csv).toMatchFileSnapshot('golden/simulate.csv')
})

test('every threshold and every group is one row, told apart by its table', () => {
  const result = richSimulateResult()
  const rows = rowsOf(result)
  const sweep = rows.filter(({ table }) => table === 'sweep')
  const groups = rows.filter(({ table }) => table === 'groups')
  expect(sweep.map((row) => Number(row['savingsUsd']))).toEqual(
    result.sweep.map(({ savingsUsd }) => savingsUsd),
  )
  expect(groups.map((row) => Number(row['policyUsd']))).toEqual(
    result.groups.map(({ policyUsd }) => policyUsd),
  )
  expect(rows).toHaveLength(sweep.length + groups.length)
})

test('what is not measured is an empty cell', () => {
  const [first] = rowsOf(unmeasuredSimulateResult())
  expect(first).toMatchObject({ threshold: '0.8', 'wrongPerHit.low': '', 'interval.high': '' })
})

test('an empty log has a head and no rows', () => {
  expect(formatSimulate(emptySimulateResult(), 'csv', view).split('\n')).toHaveLength(2)
})

test('text of a log brings no controls into a cell', () => {
  const hostile = simulateResultWithText('a\u001b]0;title\u0007b\u001b[31mc\u0000\r\nd')
  const group = rowsOf(hostile).find(({ table }) => table === 'groups')
  expect(group?.['value']).toBe('abc\ufffd d')
})

test('no cell of text runs as a formula', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const group = rowsOf(simulateResultWithText(text)).find(({ table }) => table === 'groups')
      expect(group?.['value'] ?? '').not.toMatch(/^["\s]*[=+\-@\t\r]/)
    }),
  )
})
