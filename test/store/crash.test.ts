import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { writeBenchChat } from '../../fixtures/generator/bench-chat.ts'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { openDatabase } from '../../src/store/database.ts'
import {
  command,
  comparable,
  newTerminal,
  removeTerminals,
  rowsOf,
  startCommand,
  started,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

const killer = resolve(import.meta.dirname, '../support/kill-at.mjs')
const longMs = 240_000

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(removeTerminals)

/** A chat log whose last lines repeat its first ones. */
function writeLog(name: string, bytes: number, repeated: number): string {
  const path = join(folder, name)
  writeBenchChat(path, bytes)
  const lines = readFileSync(path, 'utf8').split('\n', repeated)
  appendFileSync(path, `${lines.join('\n')}\n`)
  return path
}

type Moment = {
  readonly sql: string
  readonly nth?: number
  readonly when?: 'before' | 'after'
}

/** Runs a command that is killed at a statement; it must not get to its end. */
async function killedAt(
  { env }: FakeTerminal,
  argv: readonly string[],
  { sql, nth = 1, when = 'before' }: Moment,
): Promise<void> {
  const { ended } = started(
    spawn(process.execPath, ['--import', killer, command, ...argv], {
      env: { ...process.env, ...env, KILL_AT: JSON.stringify({ sql, nth, when }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  expect(await ended).toMatchObject({ signal: 'SIGKILL', out: '' })
}

async function analyzed(terminal: FakeTerminal, ...argv: readonly string[]): Promise<object> {
  const ran = await startCommand(terminal, ['analyze', ...argv, '--format', 'json', '-q']).ended
  expect(ran).toMatchObject({ code: 0, err: '' })
  const text = argv.reduce((all, path) => all.replaceAll(path, 'LOG'), ran.out)
  return comparable(JSON.parse(text) as AnalyzeResult)
}

/** What a sound store holds, and the same whatever happened on the way. */
async function soundness(terminal: FakeTerminal): Promise<object> {
  const [check] = await rowsOf(terminal, 'PRAGMA integrity_check')
  const [repeated] = await rowsOf(
    terminal,
    'SELECT count(*) - count(DISTINCT hash) AS n FROM messages',
  )
  const [sums] = await rowsOf(
    terminal,
    `SELECT count(*) AS requests, count(DISTINCT identity) AS identities, sum(identity % 1000003) AS ids, sum(cost) AS cost,
     sum(line) AS lines, (SELECT count(*) FROM messages) AS messages, (SELECT sum(complete) FROM files) AS complete
     FROM requests`,
  )
  return { integrity: check?.['integrity_check'], repeatedMessages: repeated?.['n'], ...sums }
}

const batchDone = 'UPDATE files SET byteOffset = \\?, line'

describe('a large load that is killed', () => {
  let log = ''
  let expected: object = {}
  let sound: object = {}

  // Over 64 MB, so that indexes are dropped and made again, and over 65,536 rows, so that there are two segments.
  beforeAll(async () => {
    log = writeLog('large.jsonl', 66e6, 9000)
    const terminal = newTerminal()
    expected = await analyzed(terminal, log)
    sound = await soundness(terminal)
    expect(expected).toMatchObject({ inputs: [{ duplicates: 9000 }] })
    expect(sound).toMatchObject({ integrity: 'ok', repeatedMessages: 0, complete: 1 })
    removeTerminals()
  }, longMs)

  const moments: readonly (readonly [name: string, moment: Moment])[] = [
    ['in a batch halfway', { sql: batchDone, nth: 35 }],
    ['when all is read and nothing completed', { sql: 'CREATE INDEX.*requestsByIdentity' }],
    ['while repeated messages are dropped', { sql: 'CREATE INDEX messages', when: 'after' }],
    [
      'when half of the duplicates have collapsed',
      { sql: 'DELETE FROM requests WHERE seq', nth: 2 },
    ],
    ['before columns are built', { sql: 'SELECT DISTINCT seq >> 16' }],
  ]

  test.each(moments)(
    '%s is completed by the next run',
    async (_, moment) => {
      const terminal = newTerminal()
      await killedAt(terminal, ['analyze', log, '--format', 'json'], moment)
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )

  test.each([40_000])(
    'after %d rows is completed by the next run',
    async (rows) => {
      const terminal = newTerminal()
      const { child, ended } = startCommand(terminal, ['analyze', log, '--format', 'json'])
      await untilStored(terminal, rows, () => child.exitCode !== null)
      child.kill('SIGKILL')
      expect(await ended).toMatchObject({ signal: 'SIGKILL', out: '' })
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )

  test(
    'twice, the second time while it is completed, is completed by the third run',
    async () => {
      const terminal = newTerminal()
      const argv = ['analyze', log, '--format', 'json']
      await killedAt(terminal, argv, { sql: batchDone, nth: 30 })
      await killedAt(terminal, argv, { sql: 'CREATE INDEX messages', when: 'after' })
      await killedAt(terminal, argv, { sql: 'DELETE FROM requests WHERE seq', nth: 2 })
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )

  test(
    'while it is completed is completed by a report on the whole store',
    async () => {
      const terminal = newTerminal()
      const moment: Moment = { sql: 'DELETE FROM requests WHERE seq', nth: 2 }
      await killedAt(terminal, ['ingest', log], moment)
      const { totals } = (await analyzed(terminal)) as AnalyzeResult
      expect(totals).toEqual((expected as AnalyzeResult).totals)
    },
    longMs,
  )

  test(
    'by Ctrl-C says so without a stack, and the next run goes on',
    async () => {
      const terminal = newTerminal()
      const { child, ended } = startCommand(terminal, ['analyze', log, '--format', 'json'])
      await untilStored(terminal, 1, () => child.exitCode !== null)
      child.kill('SIGINT')
      const { code, out, err } = await ended
      expect({ code, out }).toEqual({ code: 130, out: '' })
      expect(err).toContain('stopped; run the same command again')
      expect(err).not.toMatch(/^\s+at /m)
      const [{ rows } = {}] = await rowsOf(terminal, 'SELECT count(*) AS rows FROM requests')
      expect(rows).toBeLessThan(60_000)
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )
})

/** Asks the store again and again until it holds so many rows, or the process that fills it has ended. */
async function untilStored(
  { database }: FakeTerminal,
  rows: number,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    if ((await storedRows(database)) >= rows) return
    await new Promise((resume) => setImmediate(resume))
  }
}

async function storedRows(path: string): Promise<number> {
  try {
    const store = await openDatabase(path, { readOnly: true })
    try {
      return Number(store.prepare('SELECT count(*) AS n FROM requests').get()?.['n'])
    } finally {
      store.close()
    }
  } catch {
    return 0
  }
}

describe('a small load that is killed', () => {
  let log = ''
  let expected: object = {}
  let sound: object = {}

  beforeAll(async () => {
    log = writeLog('small.jsonl', 6e6, 1500)
    const terminal = newTerminal()
    expected = await analyzed(terminal, log)
    sound = await soundness(terminal)
    removeTerminals()
  }, longMs)

  const moments: readonly (readonly [name: string, moment: Moment])[] = [
    ['before its tables are there', { sql: 'CREATE TABLE meta' }],
    ['before its views are there', { sql: 'CREATE VIEW' }],
    ['in its first batch', { sql: batchDone }],
    ['behind its first batch', { sql: '^COMMIT', nth: 3, when: 'after' }],
    ['in its third batch', { sql: batchDone, nth: 3 }],
    ['between its two indexes', { sql: 'CREATE INDEX.*requestsByIdentity', when: 'after' }],
    ['before its duplicates collapse', { sql: 'DELETE FROM requests WHERE seq' }],
    ['when nothing was left but to say so', { sql: 'DELETE FROM results' }],
    ['before its report is stored', { sql: 'INSERT OR REPLACE INTO results' }],
  ]

  test.each(moments)(
    '%s is completed by the next run',
    async (_, moment) => {
      const terminal = newTerminal()
      await killedAt(terminal, ['analyze', log, '--format', 'json'], moment)
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )
})

describe('a log that has grown, whose reading is killed', () => {
  let whole = ''
  let begun = ''
  let expected: object = {}
  let sound: object = {}
  let turn = 0

  beforeAll(async () => {
    const text = readFileSync(writeLog('grown-source.jsonl', 8e6, 1500), 'utf8')
    whole = text
    begun = text.slice(0, text.indexOf('\n', 3e6) + 1)
    const terminal = newTerminal()
    const log = growing()
    await analyzed(terminal, log)
    writeFileSync(log, whole)
    expected = await analyzed(terminal, log)
    sound = await soundness(terminal)
    expect(expected).toMatchObject({ inputs: [{ duplicates: 1500 }] })
    removeTerminals()
  }, longMs)

  /** The log as it was at first. */
  function growing(): string {
    const path = join(folder, `grown-${turn++}.jsonl`)
    writeFileSync(path, begun)
    return path
  }

  const moments: readonly (readonly [name: string, moment: Moment])[] = [
    ['before its first new batch', { sql: '^BEGIN' }],
    ['in its first new batch', { sql: batchDone }],
    ['in its third new batch', { sql: batchDone, nth: 3 }],
    ['before duplicates collapse', { sql: 'DELETE FROM requests WHERE seq' }],
    ['when duplicates have collapsed', { sql: 'SELECT DISTINCT seq >> 16' }],
    ['before its columns are committed', { sql: 'DELETE FROM results' }],
  ]

  test.each(moments)(
    '%s is completed by the next run',
    async (_, moment) => {
      const terminal = newTerminal()
      const log = growing()
      await analyzed(terminal, log)
      writeFileSync(log, whole)
      await killedAt(terminal, ['analyze', log, '--format', 'json'], moment)
      expect(await analyzed(terminal, log)).toEqual(expected)
      expect(await soundness(terminal)).toEqual(sound)
    },
    longMs,
  )

  test(
    'while duplicates collapse is completed by a report on the store',
    async () => {
      const terminal = newTerminal()
      const log = growing()
      await analyzed(terminal, log)
      writeFileSync(log, whole)
      await killedAt(terminal, ['ingest', log], { sql: 'SELECT DISTINCT seq >> 16' })
      const { totals } = (await analyzed(terminal)) as AnalyzeResult
      expect(totals).toEqual((expected as AnalyzeResult).totals)
    },
    longMs,
  )

  test(
    'with nothing but repeated lines left in the file keeps its columns',
    async () => {
      const terminal = newTerminal()
      const log = growing()
      const before = (await analyzed(terminal, log)) as AnalyzeResult
      appendFileSync(log, begun.slice(0, begun.indexOf('\n', 50_000) + 1))
      await killedAt(terminal, ['ingest', log], { sql: 'SELECT DISTINCT seq >> 16' })
      const { totals } = (await analyzed(terminal)) as AnalyzeResult
      expect(totals).toEqual(before.totals)
    },
    longMs,
  )
})
