import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(async () => {
  terminal = fakeTerminal()
  await run(['ingest', 'fixtures/logs/formats/canonical.jsonl', '--quiet'], terminal)
  terminal.clear()
})
afterEach(() => terminal.remove())

const sql = (query: string, ...flags: string[]) => run(['sql', query, ...flags], terminal)

describe('llmcost sql', () => {
  it('prints a table by default', async () => {
    expect(await sql('select status, count(*) as n from v_requests group by status')).toBe(0)
    expect(terminal.out()).toMatch(/^status +n\n/)
  })

  it('prints one JSON object with columns and rows', async () => {
    await sql('select count(*) as n from v_requests', '--format', 'json')
    expect(JSON.parse(terminal.out())).toEqual({ columns: ['n'], rows: [{ n: 18 }] })
  })

  it('prints CSV as it reads, header first, also without rows', async () => {
    const numbers =
      'with recursive n(i) as (values (1) union all select i + 1 from n where i < 1200) select i from n'
    await sql(numbers, '--format', 'csv')
    const lines = terminal.out().split('\n')
    expect(lines.length).toBe(1202)
    expect(lines.slice(0, 3)).toEqual(['i', '1', '2'])
    terminal.clear()
    await sql('select id from v_requests where 0', '--format', 'csv')
    expect(terminal.out()).toBe('id\n')
  })

  it('prints Markdown with numbers to the right', async () => {
    await sql('select 1 as n', '--format', 'markdown')
    expect(terminal.out()).toBe('| n |\n| ---: |\n| 1 |\n')
  })

  it('keeps whole numbers beyond 2^53 exact', async () => {
    await sql('select 9223372036854775807 as n', '--format', 'csv')
    expect(terminal.out()).toBe('n\n9223372036854775807\n')
    terminal.clear()
    await sql('select 9223372036854775807 as n, 5 as small', '--format', 'json')
    expect(JSON.parse(terminal.out()).rows).toEqual([{ n: '9223372036854775807', small: 5 }])
  })

  it('prints fractions without float noise, and infinity as text', async () => {
    await sql('select 0.1 + 0.2 as usd, 9e999 as big', '--format', 'csv')
    expect(terminal.out()).toBe('usd,big\n0.3,Infinity\n')
  })

  it('cuts a long table and says so', async () => {
    await sql(
      'with recursive n(i) as (values (1) union all select i + 1 from n where i < 1500) select i from n',
    )
    expect(terminal.out().trimEnd().split('\n').length).toBe(1001)
    expect(terminal.err()).toContain('the first 1000 rows')
  })

  it.each([
    'delete from requests',
    'update requests set cost = 0',
    'with x as (select 1) delete from requests',
    'with x as (select 1) delete from requests returning seq',
    'pragma user_version = 3',
    "attach 'other.db' as other",
    'vacuum',
    '',
  ])('refuses %j', async (query) => {
    expect(await sql(query)).toBe(2)
    expect(terminal.out()).toBe('')
    expect(terminal.err()).toMatch(/^error: /)
    terminal.clear()
    await sql('select count(*) as n from v_requests', '--format', 'csv')
    expect(terminal.out()).toBe('n\n18\n')
  })

  it('refuses a second statement, and takes a semicolon inside text or at the end', async () => {
    expect(await sql('select 1; delete from requests')).toBe(2)
    expect(terminal.err()).toContain('one statement at a time')
    terminal.clear()
    expect(await sql("select ';' as s; -- done", '--format', 'csv')).toBe(0)
    expect(terminal.out()).toBe('s\n;\n')
  })

  it('suggests views and columns', async () => {
    expect(await sql('select * from v_request')).toBe(2)
    expect(terminal.err()).toBe(
      'error: no such table: v_request\n' +
        'hint:  did you mean v_requests? llmcost sql --views lists views and columns\n',
    )
    terminal.clear()
    expect(await sql('select latency from v_requests')).toBe(2)
    expect(terminal.err()).toContain('latencyMs')
    terminal.clear()
    expect(await sql('select zzzzzz from v_files')).toBe(2)
    expect(terminal.err()).toContain('columns: id, path, format')
  })

  it('says what SQLite could not read', async () => {
    expect(await sql('select from where')).toBe(2)
    expect(terminal.err()).toMatch(/^error: near "from": syntax error\nhint: {2}/)
  })

  it('reads the query from standard input', async () => {
    const piped = fakeTerminal({ input: 'select 7 as n', env: { LLMCOST_DB: terminal.database } })
    expect(await run(['sql', '-', '--format', 'csv'], piped)).toBe(0)
    expect(piped.out()).toBe('n\n7\n')
    piped.remove()
  })

  it('lists the views without a store', async () => {
    const bare = fakeTerminal()
    expect(await run(['sql', '--views'], bare)).toBe(0)
    expect(bare.out()).toMatch(/v_requests +costUsd +what it cost/)
    bare.remove()
  })

  it('exits 2 with a hint where there is no store, and where it is empty', async () => {
    const bare = fakeTerminal()
    expect(await run(['sql', 'select 1'], bare)).toBe(2)
    expect(bare.err()).toContain('hint:')
    bare.remove()
  })

  it('strips terminal control from text', async () => {
    await sql("select char(27) || '[31mred' as s")
    expect(terminal.out()).not.toContain('\x1b')
  })
})
