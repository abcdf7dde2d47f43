import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { openDatabase } from '../../src/store/database.ts'
import { finalize, needsFinalize } from '../../src/store/finalize.ts'
import { openRequestSource } from '../../src/store/request-source.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = fakeTerminal()
})
afterEach(() => terminal.remove())

const record = (id: string) =>
  `${JSON.stringify({ v: 1, id, at: '2026-08-01T10:00:00Z', model: 'gpt-4o', usage: { inputTokens: 1 } })}\n`

async function ingest(name: string, ids: readonly string[], ...flags: string[]): Promise<void> {
  const path = join(terminal.folder, name)
  writeFileSync(path, ids.map(record).join(''))
  await ingestAgain(name, ...flags)
}

async function ingestAgain(name: string, ...flags: string[]): Promise<void> {
  const path = join(terminal.folder, name)
  expect(await run(['ingest', path, '--quiet', ...flags], terminal)).toBe(0)
}

/** What a report on the whole store counts: rows by way of their columns. */
async function counted(): Promise<{ readonly rows: number; readonly columns: number }> {
  const database = await openDatabase(terminal.database)
  expect(needsFinalize(database)).toBe(false)
  const rows = Number(database.prepare('SELECT count(*) AS n FROM requests').get()?.['n'])
  const { count } = openRequestSource(database, { files: null, where: [] })
  database.close()
  return { rows, columns: count }
}

describe('completing a load', () => {
  it('shows the requests of a second file that fall into a segment already built', async () => {
    await ingest('a.jsonl', ['1', '2'])
    await ingest('b.jsonl', ['3'])
    expect(await counted()).toEqual({ rows: 3, columns: 3 })
  })

  it('shows the requests that a file has grown by', async () => {
    await ingest('a.jsonl', ['1', '2'])
    appendFileSync(join(terminal.folder, 'a.jsonl'), record('3'))
    await ingestAgain('a.jsonl')
    expect(await counted()).toEqual({ rows: 3, columns: 3 })
  })

  it('counts on after the newest row was a duplicate', async () => {
    await ingest('a.jsonl', ['1', '2', '1'])
    expect(await counted()).toEqual({ rows: 2, columns: 2 })
    await ingest('b.jsonl', ['3', '3'])
    expect(await counted()).toEqual({ rows: 3, columns: 3 })
  })

  it('collapses the duplicates of a file that is read again from its start', async () => {
    await ingest('a.jsonl', ['1', '1', '2'])
    await ingestAgain('a.jsonl', '--content', 'hash')
    expect(await counted()).toEqual({ rows: 2, columns: 2 })
  })

  it('changes nothing when there is nothing to do', async () => {
    await ingest('a.jsonl', ['1', '2', '1'])
    const database = await openDatabase(terminal.database)
    finalize(database)
    finalize(database)
    database.close()
    expect(await counted()).toEqual({ rows: 2, columns: 2 })
  })
})
