import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'
import { writeLog } from '../support/write-log.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const questions = 200
/** Letters only, so that no guard sees a number: aa, ab, … */
const nameOf = (index: number) =>
  String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26)).repeat(3)

/** Each question twice: in the first half of the log, and, answered in other words, in the second. */
const record = (index: number, isAgain: boolean, fields: Record<string, unknown> = {}) => ({
  id: `${isAgain ? 'again' : 'first'}-${index}`,
  at: new Date(Date.UTC(2026, 7, 1, isAgain ? 12 : 6, 0, index)).toISOString(),
  prompt: `How do I open the ${nameOf(index)} folder?`,
  answer: {
    text: isAgain
      ? `Click it, then wait for ${nameOf(index)}.`
      : `Press the button of ${nameOf(index)}.`,
  },
  ...fields,
})
const twice = [false, true].flatMap((isAgain) =>
  Array.from({ length: questions }, (_, index) => record(index, isAgain)),
)

/** Repeats are what the semantic layer has to serve. */
const policy = ['--threshold', '0.99', '--no-exact', '--no-coalesce', '--guards', 'none'] as const
const limit = ['--max-wrong-hits', '5%'] as const
const file = (name: string) => join(terminal.folder, name)

type Row = Record<string, string>
const readSample = (name: string): Row[] =>
  parse(readFileSync(file(name), 'utf8'), { columns: true }) as Row[]
function writeRows(name: string, rows: readonly Row[]): void {
  const cell = (text = '') => `"${text.replaceAll('"', '""')}"`
  const columns = Object.keys(rows[0] ?? {})
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','))
  writeFileSync(file(name), `${[columns.map(cell).join(','), ...lines].join('\n')}\n`)
}
const fill = (from: string, to: string, verdict: (row: Row, index: number) => string) =>
  writeRows(
    to,
    readSample(from).map((row, index) => ({ ...row, verdict: verdict(row, index) })),
  )

const label = (...flags: readonly string[]) => runIn(terminal, 'label', ...flags)
async function simulated(...flags: readonly string[]): Promise<SimulateResult> {
  const { out, err } = await runIn(
    terminal,
    'simulate',
    ...policy,
    ...limit,
    ...flags,
    '--format',
    'json',
  )
  expect(err).not.toContain('error')
  return JSON.parse(out) as SimulateResult
}

/** A terminal on the same store, at which somebody presses keys. */
function keys(input: string): FakeTerminal {
  return fakeTerminal({ input, isTTY: true, env: { LLMCOST_DB: terminal.database } })
}
async function press(input: string, ...flags: readonly string[]) {
  const asked = keys(input)
  const ran = await runIn(asked, 'label', ...policy, ...limit, ...flags)
  asked.remove()
  return ran
}

describe('a sample as CSV and back', () => {
  it('certifies a threshold that was not certified before', async () => {
    const log = writeLog(terminal, twice)
    const written = await label(log, ...policy, ...limit, '--csv', file('a.csv'))
    expect(written.code).toBe(0)
    expect(written.err).toContain('177 more needed')
    const rows = readSample('a.csv')
    expect(rows).toHaveLength(177)
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'request',
      'servedBy',
      'similarity',
      'question',
      'servedQuestion',
      'ownAnswer',
      'servedAnswer',
      'verdict',
      'sample',
      'pair',
    ])
    expect(statSync(file('a.csv')).mode & 0o777).toBe(0o600)
    for (const row of rows) {
      expect(row['servedAnswer']).toBe(
        row['ownAnswer']?.replace('Click it, then wait for', 'Press the button of'),
      )
      expect(row).toMatchObject({ verdict: '', sample: 'drawn', similarity: '1' })
    }

    const before = await simulated()
    expect(before.certified).toMatchObject({ threshold: null, labels: 0, labelsNeeded: 177 })
    fill('a.csv', 'b.csv', (_, index) => ['right', 'y', 'Yes', '1'][index % 4] as string)
    const imported = await label('--import', file('b.csv'))
    expect(imported).toMatchObject({ code: 0, out: '177 verdicts: 177 right, 0 wrong\n' })
    const after = await simulated()
    expect(after.certified).toMatchObject({ threshold: 0.99, labels: 177, errors: 0 })
    expect(after.layers.semantic.rungs).toMatchObject({ human: 177 })
    expect((await label(...policy, ...limit, '--csv', file('c.csv'))).err).toContain(
      'nothing is left to ask',
    )
  }, 30_000)

  it('certifies nothing by wrong answers, nor by exploratory ones, whatever they say', async () => {
    const log = writeLog(terminal, twice)
    await label(log, ...policy, ...limit, '--csv', file('a.csv'), '--explore', '--limit', '200')
    expect(readSample('a.csv')).toHaveLength(200)
    expect(new Set(readSample('a.csv').map((row) => row['sample']))).toEqual(
      new Set(['exploratory']),
    )
    fill('a.csv', 'b.csv', () => 'right')
    expect((await label('--import', file('b.csv'))).out).toContain('200 exploratory')
    const explored = await simulated()
    expect(explored.certified).toMatchObject({ threshold: null, labels: 0 })
    expect(explored.layers.semantic.rungs).toEqual({ human: 200 })
    expect((await label(...policy, '--explore', '--csv', '-')).err).toContain('nothing is left')

    // They are drawn all the same, and asked about anew.
    await label(...policy, ...limit, '--csv', file('c.csv'))
    expect(readSample('c.csv')).toHaveLength(177)
    fill('c.csv', 'd.csv', (_, index) => (index % 10 === 0 ? 'n' : 'y'))
    await label('--import', file('d.csv'))
    expect((await simulated()).certified).toMatchObject({ threshold: null, labelsNeeded: null })
  }, 30_000)

  it('counts and locates what cannot be read, and keeps the rest', async () => {
    const log = writeLog(terminal, twice)
    await label(log, ...policy, '--csv', file('a.csv'), '--limit', '6')
    const rows = readSample('a.csv')
    const verdicts = ['right', 'perhaps', 'wrong', 'right', '', 's']
    writeRows(
      'b.csv',
      rows.map((row, index) => ({
        ...row,
        verdict: verdicts[index] as string,
        ...(index === 3 && { servedBy: rows[0]?.['servedBy'] ?? '' }),
      })),
    )
    const { code, out, err } = await label('--import', file('b.csv'), '--strict')
    expect(code).toBe(2)
    expect(out).toBe(
      '3 verdicts: 1 right, 1 wrong, 1 not settled, 1 row without a verdict, 2 rows that could not be read\n',
    )
    expect(err).toContain('b.csv:3: "perhaps" is neither right nor wrong')
    expect(err).toMatch(/b\.csv:5: requests \d+ and \d+ are others than they were/)
    expect(await rowsOf(terminal, 'SELECT * FROM verdicts')).toHaveLength(3)
  })

  it('does not overwrite a sample that may be filled in', async () => {
    const log = writeLog(terminal, twice)
    writeFileSync(file('a.csv'), 'mine')
    const { code, err } = await label(log, ...policy, '--csv', file('a.csv'))
    expect([code, readFileSync(file('a.csv'), 'utf8')]).toEqual([2, 'mine'])
    expect(err).toContain('is there already')
  })

  it('keeps hostile text from spreadsheets and terminals', async () => {
    const evil = '=cmd|calc!A1\u001b[2J\u202e'
    const log = writeLog(terminal, [
      ...twice,
      record(0, false, {
        at: '2026-08-01T10:00:00Z',
        id: 'e1',
        prompt: evil,
        answer: { text: `${evil} one` },
      }),
      record(0, false, {
        at: '2026-08-01T13:00:00Z',
        id: 'e2',
        prompt: evil,
        answer: { text: `${evil} two` },
      }),
    ])
    const { out } = await label(log, ...policy, '--csv', '-', '--limit', '300')
    expect(out).toContain("'=cmd|calc!A1")
    expect(out).not.toMatch(/(?:^|,|")=cmd/m)
    const shown = await press('s'.repeat(300), '--limit', '300')
    expect(shown.out).toContain('=cmd|calc!A1')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there.
    expect(shown.out).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/)
  })
})

describe('on a terminal', () => {
  it('keeps each answer, goes back, passes over other keys and quits', async () => {
    await runIn(terminal, 'ingest', writeLog(terminal, twice))
    const { code, out } = await press('y\nx\u001b[A N s b n q y')
    expect(code).toBe(0)
    expect(out).toContain(
      '1 of 177 · 0.99: 0 labels on 200 hits count, 0 wrong; wrong hits below 5.0% with\n95% confidence: 177 more needed\n',
    )
    expect(out).toMatch(/ASKED\n {2}How do I open the \w+ folder\?\n\nANSWERED\n {2}Click it/)
    expect(out).toMatch(/ITS ANSWER\n {2}Press the button/)
    expect(out).toContain('0.99: 3 labels on 200 hits count, 2 wrong')
    const counts = await rowsOf(
      terminal,
      'SELECT verdict, count(*) AS n FROM verdicts GROUP BY verdict ORDER BY verdict',
    )
    expect(counts).toEqual([
      { verdict: 'right', n: 1 },
      { verdict: 'wrong', n: 2 },
    ])
  })

  it('goes on where it was left, until nothing is needed any more', async () => {
    await runIn(terminal, 'ingest', writeLog(terminal, twice))
    await press('y'.repeat(100))
    const { out } = await press('y'.repeat(300))
    expect(out).toContain('1 of 77 ')
    expect(out).toMatch(/177 labels on 200 hits count, 0 wrong; .*: certified at this threshold\n$/)
    expect((await press('y')).out).toContain('nothing is left to ask')
    expect((await simulated()).certified).toMatchObject({ threshold: 0.99 })
  }, 30_000)

  it('puts the input back as it was', async () => {
    await runIn(terminal, 'ingest', writeLog(terminal, twice))
    const asked = keys('q')
    const modes: boolean[] = []
    Object.assign(asked.stdin, { setRawMode: (on: boolean) => modes.push(on) })
    await runIn(asked, 'label', ...policy)
    asked.remove()
    expect(modes).toEqual([true, false])
  })
})

describe('what cannot be asked', () => {
  it.each([
    [[], 'there is no one to ask', '--csv'],
    [['--csv', 'a', '--import', 'b'], 'name one of', ''],
    [['log.jsonl', '--import', 'b'], '--import takes no logs', '--db'],
    [['--import', 'nowhere.csv'], 'no such file', ''],
    [['--limit', '0', '--csv', '-'], 'whole number', ''],
  ])('%j', async (flags, message, hint) => {
    const { code, err } = await label(...flags)
    expect(code).toBe(2)
    expect(err).toContain(message)
    expect(err).toContain(hint)
  })

  it('is a file without the columns of a sample', async () => {
    await runIn(terminal, 'ingest', writeLog(terminal, twice))
    writeFileSync(file('a.csv'), 'request,verdict\n1,right\n')
    expect((await label('--import', file('a.csv'))).err).toContain('no column "servedBy"')
  })

  it('is a log whose texts were not kept', async () => {
    const log = writeLog(terminal, twice)
    const { code, err } = await label(log, ...policy, '--content', 'hash', '--csv', '-')
    expect(code).toBe(2)
    expect(err).toContain('hint:  read the logs again with --content full')
  })

  it('is a log without answers', async () => {
    const log = writeLog(
      terminal,
      twice.map(({ answer: _, ...rest }) => rest),
    )
    const { code, err } = await label(log, ...policy, '--csv', '-')
    expect(code).toBe(2)
    expect(err).toContain('no answers to compare for 200 hits')
  })

  it('is a threshold without hits', async () => {
    const log = writeLog(terminal, twice.slice(0, questions))
    const { code, err } = await label(log, ...policy, '--csv', '-')
    expect(code).toBe(2)
    expect(err).toContain('lower --threshold')
  })
})
