import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import {
  command,
  comparable,
  newTerminal,
  removeTerminals,
  rowsOf,
  startCommand,
  started,
} from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { begun, recordOf, settled } from '../support/journal.ts'
import type { FakeTerminal } from '../support/terminal.ts'

const killer = resolve(import.meta.dirname, '../support/kill-at.mjs')
const requests = 1800
const perTurn = 3

/** A terminal whose store has nothing but the ledger of a gateway. */
let source: FakeTerminal
let expected: object
let sound: object

beforeAll(async () => {
  source = newTerminal()
  const turns = Array.from({ length: requests / perTurn }, (_, turn) =>
    Array.from({ length: perTurn }, (_, index) => {
      const id = `req_${turn * perTurn + index}`
      const question = `question ${(turn * perTurn + index) % 700}`
      const record = recordOf(id, { prompt: { messages: [{ role: 'user', content: question }] } })
      return [begun(id), settled(id, { record })]
    }).flat(),
  )
  await writeLedger(source, ...turns)
  const whole = withLedger()
  expected = await analyzed(whole)
  sound = await soundness(whole)
  expect(sound).toMatchObject({ requests, identities: requests, messages: 700 + requests })
})
afterAll(removeTerminals)

function withLedger(): FakeTerminal {
  const terminal = newTerminal()
  for (const end of ['.gateway', '.secret'])
    cpSync(`${source.database}${end}`, `${terminal.database}${end}`)
  return terminal
}

async function analyzed(terminal: FakeTerminal): Promise<object> {
  const ran = await startCommand(terminal, ['analyze', '--format', 'json', '-q']).ended
  expect(ran).toMatchObject({ code: 0, err: '' })
  return comparable(JSON.parse(ran.out) as AnalyzeResult)
}

async function soundness(terminal: FakeTerminal): Promise<object> {
  const [check] = await rowsOf(terminal, 'PRAGMA integrity_check')
  const [sums] = await rowsOf(
    terminal,
    `SELECT count(*) AS requests, count(DISTINCT identity) AS identities, sum(cost) AS cost, sum(line) AS lines,
      sum(byteOffset) AS turns, (SELECT count(*) FROM messages) AS messages, (SELECT max(byteOffset) FROM files) AS last
      FROM requests`,
  )
  return { integrity: check?.['integrity_check'], ...sums }
}

const batchDone = 'UPDATE files SET byteOffset = \\?, line'

test.each([
  ['before the ledger is known', { sql: 'INSERT INTO files' }],
  ['in the first batch', { sql: batchDone }],
  ['in the third batch', { sql: batchDone, nth: 3 }],
  ['behind the last batch', { sql: '^COMMIT', nth: 2 }],
  ['before duplicates collapse', { sql: 'SELECT identity FROM requests' }],
  ['before columns are built', { sql: 'SELECT DISTINCT seq >> 16' }],
])('taking a ledger in that is killed %s is completed by the next run', async (_, moment) => {
  const terminal = withLedger()
  const killed = started(
    spawn(process.execPath, ['--import', killer, command, 'sql', 'select 1'], {
      env: {
        ...process.env,
        ...terminal.env,
        KILL_AT: JSON.stringify({ nth: 1, when: 'before', ...moment }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL', out: '' })
  expect(await analyzed(terminal)).toEqual(expected)
  expect(await soundness(terminal)).toEqual(sound)
})

test('two commands at once take a ledger in once', async () => {
  const terminal = withLedger()
  const reports = await Promise.all([analyzed(terminal), analyzed(terminal)])
  expect(reports).toEqual([expected, expected])
  expect(await soundness(terminal)).toEqual(sound)
})
