import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { openDatabase, type SqlRow } from '../../src/store/database.ts'
import { needsFinalize } from '../../src/store/finalize.ts'
import { openRequestSource } from '../../src/store/request-source.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(async () => {
  terminal = fakeTerminal()
  write('a.jsonl', a)
  write('b.jsonl', b)
  await ingest('a.jsonl', 'b.jsonl')
})
afterEach(() => terminal.remove())

type Row = { readonly id: string; readonly user?: string; readonly at?: string }

const record = ({ id, user = 'ann', at }: Row) =>
  JSON.stringify({
    v: 1,
    id,
    user,
    ...(at !== undefined && { at }),
    model: 'gpt-4o',
    tags: { customer: `firm of ${user}` },
    prompt: {
      system: 'shared system prompt',
      messages: [{ role: 'user', content: `question of ${user} in ${id}` }],
    },
    answer: { text: `answer to ${user} in ${id}` },
    usage: { inputTokens: 100, outputTokens: 10 },
  })

const a = [
  record({ id: '1', at: '2026-06-01T00:00:00Z' }),
  record({ id: '2', user: 'bob', at: '2026-07-01T00:00:00Z' }),
  'not json of bob',
  record({ id: '3', at: '2026-08-01T00:00:00Z' }),
]
const b = [record({ id: '4', user: 'bob' }), record({ id: '5', at: '2026-09-01T00:00:00Z' })]

const path = (name: string) => join(terminal.folder, name)
const write = (name: string, lines: readonly string[]) =>
  writeFileSync(path(name), `${lines.join('\n')}\n`)

async function ingest(...names: string[]): Promise<void> {
  expect(await run(['ingest', ...names.map(path), '--quiet'], terminal)).toBe(0)
  terminal.clear()
}

const purge = (...flags: string[]) => run(['purge', ...flags], terminal)

async function rows(sql: string): Promise<readonly SqlRow[]> {
  const database = await openDatabase(terminal.database, { readOnly: true })
  const all = database.prepare(sql).all()
  database.close()
  return all
}

async function ids(): Promise<string> {
  const database = await openDatabase(terminal.database)
  expect(needsFinalize(database)).toBe(false)
  const { count } = openRequestSource(database, { files: null, where: [] })
  const all = database.prepare('SELECT id FROM requests ORDER BY seq').all()
  database.close()
  expect(count).toBe(all.length)
  return all.map((row) => row['id']).join('')
}

const bytesOnDisk = () =>
  ['', '-wal']
    .map((end) => {
      try {
        return readFileSync(`${terminal.database}${end}`, 'latin1')
      } catch {
        return ''
      }
    })
    .join('')

describe('llmcost purge', () => {
  it('deletes what is older than a day in the past, and keeps what has no time', async () => {
    expect(await purge('--before', '2026-07-15', '--yes')).toBe(0)
    expect(await ids()).toBe('345')
    expect(terminal.out()).toContain('deleted 2 requests, 4 messages\n')
    expect(terminal.out()).toContain('1 request without a time kept')
  })

  it('counts an age back from now', async () => {
    // SOURCE_DATE_EPOCH of the fake terminal is 2026-11-01.
    await purge('--older-than', '13w', '--yes')
    expect(await ids()).toBe('45')
  })

  it('leaves nothing of a user, in the file or beside it', async () => {
    expect(bytesOnDisk()).toContain('bob')
    expect(await purge('--user', 'bob', '--yes')).toBe(0)
    expect(await ids()).toBe('135')
    expect(bytesOnDisk()).not.toContain('bob')
    expect(bytesOnDisk()).toContain('shared system prompt')
    expect(terminal.out()).toContain('1 rejected line of the same files without excerpt')
  })

  it('takes conditions together', async () => {
    await purge('--user', 'ann', '--before', '2026-07-15', '--source', path('a.jsonl'), '--yes')
    expect(await ids()).toBe('2345')
  })

  it('forgets a source, which comes back when it is read again', async () => {
    await purge('--source', path('a.jsonl'), '--yes')
    expect(await ids()).toBe('45')
    expect(await rows('SELECT path FROM files')).toEqual([{ path: path('b.jsonl') }])
    expect(await rows('SELECT * FROM rejects')).toEqual([])
    await ingest('a.jsonl')
    expect((await ids()).length).toBe(5)
  })

  it('forgets everything below a folder', async () => {
    await purge('--source', terminal.folder, '--yes')
    expect(await run(['sql', 'select 1'], terminal)).toBe(2)
    expect(terminal.err()).toContain('is empty')
  })

  it('does not bring back what was purged when the file is read again unchanged or grown', async () => {
    await purge('--user', 'bob', '--yes')
    await ingest('a.jsonl', 'b.jsonl')
    expect(await ids()).toBe('135')
    write('b.jsonl', [...b, record({ id: '6', at: '2026-09-02T00:00:00Z' })])
    await ingest('a.jsonl', 'b.jsonl')
    expect(await ids()).toBe('1356')
  })

  it('keeps the counts of the files in step', async () => {
    await purge('--user', 'bob', '--yes')
    const counts = await rows('SELECT counts FROM files ORDER BY id')
    expect(counts.map((row) => JSON.parse(String(row['counts'])))).toMatchObject([
      { records: 4, requests: 2, ignored: { purged: 1 }, rejected: { 'not-json': 1 } },
      { records: 2, requests: 1, ignored: { purged: 1 } },
    ])
  })

  it('deletes everything, and the store is as new', async () => {
    await purge('--all', '--yes')
    expect(terminal.out()).toContain('deleted 5 requests')
    expect(bytesOnDisk()).not.toMatch(/ann|bob|shared/)
    await ingest('a.jsonl')
    expect(await ids()).toBe('123')
  })

  it('gives the space back', async () => {
    write(
      'big.jsonl',
      Array.from({ length: 3000 }, (_, index) => record({ id: `x${index}` })),
    )
    await ingest('big.jsonl')
    const before = statSync(terminal.database).size
    await purge('--source', path('big.jsonl'), '--yes')
    expect(statSync(terminal.database).size).toBeLessThan(before / 3)
  })

  it('only says what would go with --dry-run', async () => {
    expect(await purge('--user', 'bob', '--dry-run', '--format', 'json')).toBe(0)
    expect(JSON.parse(terminal.out())).toMatchObject({
      kind: 'purge',
      dryRun: true,
      deleted: { requests: 2, messages: 4, files: 0, excerpts: 1 },
    })
    terminal.clear()
    await purge('--all', '--dry-run')
    expect(terminal.out()).toMatch(/^would delete 5 requests, 11 messages/)
    expect(await ids()).toBe('12345')
    expect(bytesOnDisk()).toContain('bob')
  })

  it('says so when there is nothing to delete', async () => {
    expect(await purge('--user', 'nobody', '--yes')).toBe(0)
    expect(terminal.out()).toBe('nothing to delete\n')
    expect(await purge('--source', path('c.jsonl'), '--yes')).toBe(2)
    expect(terminal.err()).toContain('did you mean')
  })

  it.each([
    ['y\n', '135', 0],
    ['Yes\n', '135', 0],
    ['n\n', '12345', 2],
    ['', '12345', 2],
  ])('asks on a terminal: %j', async (input, left, code) => {
    const env = { LLMCOST_DB: terminal.database }
    const asked = fakeTerminal({ input, isTTY: true, env })
    expect(await run(['purge', '--user', 'bob'], asked)).toBe(code)
    expect(asked.err()).toContain('delete 2 requests, 4 messages for good? [y/N]')
    expect(await ids()).toBe(left)
    asked.remove()
  })

  it.each([
    [['--user', 'bob'], 'there is no one to ask'],
    [['--yes'], 'say what to purge'],
    [['--all', '--user', 'bob', '--yes'], '--all leaves nothing'],
    [['--older-than', '30', '--yes'], 'is no age'],
    [['--before', 'soon', '--yes'], 'is no time'],
    [['--older-than', '3d', '--before', '2026-01-01', '--yes'], 'name one of'],
  ])('exits 2 for %j and deletes nothing', async (flags, message) => {
    expect(await purge(...flags)).toBe(2)
    expect(terminal.err()).toContain(message)
    expect(await ids()).toBe('12345')
  })

  it('exits 2 without a store', async () => {
    const bare = fakeTerminal()
    expect(await run(['purge', '--all', '--yes'], bare)).toBe(2)
    expect(bare.err()).toContain('hint:')
    bare.remove()
  })
})
