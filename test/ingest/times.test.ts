import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { statedTime, timeOf } from '../../src/ingest/fields.ts'
import {
  analyzeIn,
  canonicalRecord,
  newTerminal,
  removeTerminals,
  root,
  rowsOf,
  runIn,
} from '../support/cli.ts'

afterEach(removeTerminals)

const noon = Date.UTC(2026, 7, 1, 12)

const readable: readonly (readonly [string, number])[] = [
  ['2026-08-01T12:00:00Z', noon],
  ['2026-08-01T12:00:00.000Z', noon],
  ['2026-08-01T12:00:00', noon],
  ['2026-08-01 12:00:00', noon],
  ['2026-08-01 12:00:00.000000', noon],
  ['2026-08-01 12:00:00 UTC', noon],
  ['2026-08-01 14:00:00+02', noon],
  ['2026-08-01 14:00:00 +0200', noon],
  ['2026-08-01T14:00:00+02:00', noon],
  ['2026-08-01 12:00:00 PM', noon],
  ['2026/08/01 12:00', noon],
  ['8/1/2026, 12:00:00 PM', noon],
  ['08/01/2026 12:00', noon],
  ['Aug 1, 2026 12:00', noon],
  ['1 August 2026 12:00:00', noon],
  ['Sat Aug  1 12:00:00 2026', noon],
  ['Sat, 01 Aug 2026 12:00:00 GMT', noon],
  ['Sat, 01 Aug 2026 14:00:00 +0200', noon],
  ['Sat Aug 01 2026 08:00:00 GMT-0400 (Eastern Daylight Time)', noon],
  ['1 August 2026 07:00 EST', noon],
  ['2026-08-01', Date.UTC(2026, 7, 1)],
  ['2026-8-1', Date.UTC(2026, 7, 1)],
  ['Aug 1, 2026', Date.UTC(2026, 7, 1)],
  ['2028-02-29', Date.UTC(2028, 1, 29)],
  ['1785585600', noon],
  ['2026-08-01 12:00:00,000', noon],
  ['2026-08-01T14:00:00 +02:00', noon],
  ['2026-08-01T14:00:00+02:00[Europe/Berlin]', noon],
  ['+002026-08-01T12:00:00Z', noon],
  ['01/Aug/2026:14:00:00 +0200', noon],
  ['[01/Aug/2026:12:00:00 +0000]', noon],
  ['Sat Aug  1 08:00:00 EDT 2026', noon],
  ['8/1/26, 12:00 PM', noon],
  ['01-Aug-26 12:00', noon],
  ['15-Aug-2026', Date.UTC(2026, 7, 15)],
  ['08-15-2026', Date.UTC(2026, 7, 15)],
  ['2026-08', Date.UTC(2026, 7, 1)],
]

/** As MongoDB exports times, and as JavaScript writes 64 bits. */
const objects: readonly (readonly [object, number])[] = [
  [{ $date: '2026-08-01T12:00:00Z' }, noon],
  [{ $date: { $numberLong: '1785585600000' } }, noon],
  [{ $date: 1_785_585_600_000 }, noon],
  [{ low: -1_945_272_320, high: 415_739_044 }, noon],
]

describe('a time in text', () => {
  test.each(readable)('%s', (text, moment) => {
    expect(timeOf(text)).toBe(moment)
  })

  test.each(objects)('in parts: %j', (value, moment) => {
    expect(timeOf(value)).toBe(moment)
  })

  test('without a zone is UTC, whatever the zone of the machine', () => {
    const script = `import { timeOf } from './src/ingest/fields.ts'
      console.log(JSON.stringify(${JSON.stringify(readable.map(([text]) => text))}.map((text) => timeOf(text))))`
    const out = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      { cwd: root, env: { ...process.env, TZ: 'America/New_York' }, encoding: 'utf8' },
    )
    expect(JSON.parse(out)).toEqual(readable.map(([, moment]) => moment))
  })

  test.each([
    '2026-02-30',
    '2026-02-30T10:00:00.000Z',
    '2026-02-29T10:00:00',
    '2026-04-31 10:00:00+00:00',
    '2026-13-01',
    '02/30/2026',
    'Feb 30, 2026 10:00',
    '30 February 2026',
    'yesterday',
    'row 12',
    '2026-08-01T25:00:00Z',
    '+002026-02-30T10:00:00Z',
    '2026-13',
    'Feb 30, 26',
    '1.23s',
    // Which offset holds there nobody says.
    '2026-08-01T10:00:00[Europe/Berlin]',
  ])('%s is none', (text) => {
    expect(timeOf(text)).toBeUndefined()
    expect(statedTime(text)).toBeNaN()
  })
})

test('a time that is not stated is not there', () => {
  for (const nothing of [undefined, null, '', ' ', 'null', 'N/A', '-'])
    expect(statedTime(nothing)).toBeUndefined()
})

test.each<[string, object, readonly string[]]>([
  ['canonical', JSON.parse(canonicalRecord({ at: '2026-02-30T10:00:00Z' })), []],
  ['mapped', { when: '2026-02-30', name: 'gpt-4o' }, ['--map', 'at=when', '--map', 'model=name']],
])('a %s record of 30 February is rejected with its line', async (_format, record, flags) => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  const good = JSON.stringify(record).replace('02-30', '02-28')
  writeFileSync(log, `${good}\n${JSON.stringify(record)}\n`)
  const { totals, inputs } = await analyzeIn(terminal, log, ...flags)
  expect(totals).toMatchObject({ requests: 1, undatedRequests: 0 })
  expect(inputs).toMatchObject([{ skipped: { 'bad-time': 1 } }])
  expect(await rowsOf(terminal, 'SELECT line, reason FROM v_rejects')).toEqual([
    { line: 2, reason: 'bad-time' },
  ])
  expect((await runIn(terminal, 'analyze', log, ...flags, '--strict')).code).toBe(2)
})

test('a record of another format keeps its cost where its time is none, undated and counted', async () => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  const record = (timestamp: unknown) =>
    JSON.stringify({
      timestamp,
      request: { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] },
      response: { choices: [], usage: { prompt_tokens: 1000, completion_tokens: 0 } },
    })
  const times = ['2026-02-28T10:00:00Z', '2026-02-30T10:00:00Z', 'the day before', 'N/A']
  writeFileSync(log, times.map((time) => `${record(time)}\n`).join(''))
  const { totals, inputs, warnings } = await analyzeIn(terminal, log)
  expect(totals).toMatchObject({ requests: 4, undatedRequests: 3, costUsd: 0.01 })
  expect(inputs).toMatchObject([{ skipped: {} }])
  expect(warnings).toMatchObject([{ code: 'unreadable-time', count: 2 }])
  const dated = await analyzeIn(terminal, log, '--at', '2026-02-28')
  expect(dated.totals.undatedRequests).toBe(0)
})

test('cells of a table that say nothing leave a time or a count out, and separators are none', async () => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.csv')
  const rows = ['8/1/26 12:00,"1,694",12', 'n/a,10,NULL', '-,–,\\N', '2026-02-30,10,2', ',12x,2']
  writeFileSync(log, ['when,in,out', ...rows].join('\n'))
  const fields = ['at=when', 'usage.inputTokens=in', 'usage.outputTokens=out']
  const flags = fields.flatMap((field) => ['--map', field])
  const { totals, inputs } = await analyzeIn(terminal, log, ...flags, '--set', 'model=gpt-4o')
  expect(totals).toMatchObject({ requests: 3, undatedRequests: 2, outputTokens: 12 })
  expect(totals.inputTokens).toBe(1704)
  expect(inputs).toMatchObject([{ skipped: { 'bad-time': 1, 'token-count-not-whole': 1 } }])
})
