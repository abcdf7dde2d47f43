import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { noteLines } from '../../src/report/phrases.ts'
import { analyzeIn, canonicalRecord, newTerminal, removeTerminals } from '../support/cli.ts'

afterEach(removeTerminals)

test('notes are sentences, and what was rejected stands once, with its file', async () => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  const days = ['01', '02', '03', '04', 'of May'].map((day) => `2026-08-${day}T12:00:00Z`)
  writeFileSync(log, days.map((at, index) => canonicalRecord({ id: `r${index}`, at })).join('\n'))
  const result = await analyzeIn(terminal, log)
  expect(result.warnings).toMatchObject([
    { code: 'rejected-bad-time', message: expect.stringContaining('v_rejects'), count: 1 },
  ])
  expect(noteLines(result)).toEqual([
    'the log has too few complete days for an interval around the month',
    'some days of the week are not in the log: a month may be otherwise',
    `${log}: left out 1 bad-time`,
  ])
})
