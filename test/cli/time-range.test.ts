import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  analyzeIn,
  canonicalRecord,
  fixtures,
  newTerminal,
  removeTerminals,
  runIn,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const story = join(fixtures, 'support-copilot.jsonl')

test.each(['analyze', 'simulate', 'export', 'check'])(
  '%s refuses a time that ends before it begins',
  async (command) => {
    await runIn(terminal, 'ingest', story, '-q')
    const asked = command === 'check' ? ['--max-cost-per-request', '1'] : []
    const files = command === 'export' ? [] : [story]
    const times = ['--since', '1d', '--until', '3d']
    const { code, err } = await runIn(terminal, command, ...files, ...times, ...asked)
    expect(err).toContain('the time from 1d to 3d ends before it begins')
    expect(code).toBe(2)
  },
)

/** A log with a request at each of these times. */
function logAt(name: string, times: readonly string[]): string {
  const path = join(terminal.folder, `${name}.jsonl`)
  const lines = times.map((at, index) => `${canonicalRecord({ id: `${name}${index}`, at })}\n`)
  writeFileSync(path, lines.join(''))
  return path
}

const requestsIn = async (...argv: readonly string[]): Promise<number> =>
  (await analyzeIn(terminal, ...argv)).totals.requests

test('"2d" counts back from the newest request of the files that are named', async () => {
  const old = logAt('old', ['2026-07-01T00:00:00Z', '2026-07-04T00:00:00Z', '2026-07-05T00:00:00Z'])
  const recent = logAt('new', ['2026-08-01T00:00:00Z', '2026-08-05T00:00:00Z'])
  await runIn(terminal, 'ingest', old, recent, '-q')
  expect(await requestsIn(old, '--since', '2d')).toBe(2)
  expect(await requestsIn(recent, '--since', '2d')).toBe(1)
  expect(await requestsIn(old, recent, '--since', '2d')).toBe(1)
  expect(await requestsIn('--since', '2d')).toBe(1)
})

test('days of --since and --until begin at midnight in --tz', async () => {
  // Berlin is two hours ahead of UTC in August, and New York four behind.
  const log = logAt('days', [
    '2026-07-31T21:59:00Z',
    '2026-07-31T22:00:00Z',
    '2026-08-01T03:59:00Z',
    '2026-08-01T04:00:00Z',
  ])
  const berlin = ['--tz', 'Europe/Berlin']
  expect(await requestsIn(log, '--since', '2026-08-01')).toBe(2)
  expect(await requestsIn(log, '--since', '2026-08-01', ...berlin)).toBe(3)
  expect(await requestsIn(log, '--until', '2026-08-01', ...berlin)).toBe(1)
  expect(await requestsIn(log, '--since', '2026-08-01', '--tz', 'America/New_York')).toBe(1)
  expect(await requestsIn(log, '--since', '2026-08-01T06:00', ...berlin)).toBe(1)
  expect(await requestsIn(log, '--since', '2026-08-01T06:00:00Z', ...berlin)).toBe(0)
  for (const day of ['Aug 1, 2026', '8/1/2026', '2026-08'])
    expect(await requestsIn(log, '--since', day, ...berlin)).toBe(3)
  for (const moment of ['2026-08-01T06:00+02:00', 'Aug 1, 2026 04:00 GMT', '1785556800'])
    expect(await requestsIn(log, '--since', moment, ...berlin)).toBe(1)
})
