import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { analyzeIn, newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

type Fields = Readonly<Record<string, unknown>>

const version = (eventTs: string | null, output: number, more: Fields = {}): Fields => ({
  id: 'o1',
  traceId: 't1',
  type: 'GENERATION',
  startTime: '2026-08-01T10:00:00Z',
  providedModelName: 'gpt-4o',
  usageDetails: { input: 1000, output, total: 1000 + output },
  ...(eventTs !== null && { event_ts: eventTs }),
  ...more,
})

function logOf(name: string, rows: readonly Fields[]): string {
  const path = join(terminal.folder, name)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}

const outputOf = async (...files: readonly string[]): Promise<readonly number[]> => {
  const { totals } = await analyzeIn(terminal, ...files)
  return [totals.requests, totals.outputTokens]
}

const early = version('2026-08-01 10:00:05.000', 900)
const late = version('2026-08-01 10:09:00.000', 100)
const other = version('2026-08-01 10:00:01.000', 7, { id: 'o2', traceId: 't2' })

test.each<[string, readonly Fields[]]>([
  ['side by side', [early, late]],
  ['the later one first', [late, early]],
  ['far apart', [late, other, early]],
  ['of three, in no order', [version('2026-08-01 10:00:06.000', 950), late, other, early]],
])('of several versions of one observation the last one counts: %s', async (_name, rows) => {
  const rest = rows.includes(other) ? [2, 107] : [1, 100]
  expect(await outputOf(logOf('log.jsonl', rows))).toEqual(rest)
})

test('an API’s updatedAt is such a time too, and a model that was corrected is the same observation', async () => {
  const first = version(null, 900, { updatedAt: '2026-08-01T10:00:05Z' })
  const fixed = version(null, 100, {
    updatedAt: '2026-08-01T11:00:00Z',
    providedModelName: 'gpt-4o-mini',
  })
  expect(await outputOf(logOf('log.jsonl', [fixed, other, first]))).toEqual([2, 107])
})

test('without such a time the fullest counts', async () => {
  const rows = [version(null, 100), version(null, 900)]
  expect(await outputOf(logOf('log.jsonl', rows))).toEqual([1, 900])
})

test('versions in several files: each file has its own, together the last counts, in SQL too', async () => {
  const one = logOf('one.jsonl', [early])
  const two = logOf('two.jsonl', [late])
  const three = logOf('three.jsonl', [version('2026-08-01 10:05:00.000', 500)])
  expect(await outputOf(one)).toEqual([1, 900])
  expect(await outputOf(one, two, three)).toEqual([1, 100])
  expect(await outputOf(three, one)).toEqual([1, 500])
  expect(await rowsOf(terminal, 'SELECT outputTokens FROM v_requests WHERE counted')).toEqual([
    { outputTokens: 100 },
  ])
  const { out } = await runIn(terminal, 'explain', 'langfuse:o1', '--format', 'json')
  expect(JSON.stringify(JSON.parse(out))).toContain('two.jsonl')
})

test('sound is priced as sound', async () => {
  // gpt-audio, per million: text 2.5 and 10, sound 32 and 64.
  const usageDetails = { input: 100, input_audio_tokens: 200, output: 10, output_audio_tokens: 50 }
  const row = version(null, 0, { providedModelName: 'gpt-audio', usageDetails })
  const { totals } = await analyzeIn(terminal, logOf('log.jsonl', [row]))
  expect(totals.costUsd).toBeCloseTo((250 + 6400 + 100 + 3200) / 1e6, 12)
})
