import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { formatReplay } from '../../src/report/format-replay.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptyReplayResult,
  plannedReplayResult,
  replayResultWithText,
  richReplayResult,
} from '../support/replay-result.ts'

const view = { width: 80, color: false, unicode: true }
const rowsOf = (result: ReplayResult) =>
  parse(formatReplay(result, 'csv', view), {
    columns: true,
    relax_column_count: false,
  }) as readonly Readonly<Record<string, string>>[]

test('golden strata and parts', async () => {
  await expect(formatReplay(richReplayResult(), 'csv', view)).toMatchFileSnapshot(
    'golden/replay.csv',
  )
})

test('every stratum is one row, with what was measured of it', () => {
  const result = richReplayResult()
  const rows = rowsOf(result).filter(({ table }) => table === 'strata')
  expect(rows.map((row) => Number(row['affected']))).toEqual(
    result.plan.strata.map(({ affected }) => affected).sort((a, b) => b - a),
  )
  for (const { name, quality, interval } of result.strata) {
    const row = rows.find((each) => each['name'] === name)
    expect(Number(row?.['quality'])).toBe(quality)
    expect(Number(row?.['interval.low'])).toBe(interval?.low)
  }
})

test('what is not measured is an empty cell', () => {
  const [first] = rowsOf(plannedReplayResult())
  expect(first).toMatchObject({ affected: '41204', pairs: '', quality: '', 'interval.high': '' })
})

test('without requests there is a head and no rows', () => {
  expect(formatReplay(emptyReplayResult(), 'csv', view).split('\n')).toHaveLength(2)
})

test('no cell of text runs as a formula or holds a control', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      for (const { name } of rowsOf(replayResultWithText(text))) {
        expect(name).not.toMatch(/^["\s]*[=+\-@\t\r]/)
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}]/u)
      }
    }),
  )
})
