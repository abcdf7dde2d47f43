import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAnalyze } from '../../src/report/format-analyze.ts'
import {
  analyzeResultWithText,
  emptyAnalyzeResult,
  richAnalyzeResult,
} from '../support/analyze-result.ts'
import { hostileText } from '../support/hostile-text.ts'

const view = { width: 80, color: false, unicode: true }

test('golden groups', async () => {
  const csv = formatAnalyze(richAnalyzeResult(), 'csv', view)
  await expect(csv).toMatchFileSnapshot('golden/analyze-groups.csv')
})

test('without --by there is one row per day', async () => {
  const csv = formatAnalyze({ ...richAnalyzeResult(), by: [], groups: [] }, 'csv', view)
  await expect(csv).toMatchFileSnapshot('golden/analyze-days.csv')
})

test('an empty log has a head and no rows', () => {
  expect(formatAnalyze(emptyAnalyzeResult(), 'csv', view)).toBe('day,requests,errors,costUsd\n')
})

test('no cell of text runs as a formula, and every text reads back', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const csv = formatAnalyze(analyzeResultWithText(text), 'csv', view)
      const rows = parse(csv, { columns: true, relax_column_count: false }) as readonly Readonly<
        Record<string, string>
      >[]
      const cell = rows[0]?.['feature'] ?? ''
      expect(cell).not.toMatch(/^["\s]*[=+\-@\t\r]/)
      const expected = text.toWellFormed().replaceAll('\0', '\ufffd')
      expect([expected, `'${expected}`]).toContain(cell)
    }),
  )
})
