import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { analyzeIn, canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const write = (name: string, ...lines: readonly string[]): string => {
  const path = join(terminal.folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** What a terminal, a spreadsheet or a browser might act upon. */
const escapes = '\x1b[31m\x1b]0;title\x07\x9b2J\r\x08\u202e'
const nasty = (word: string) => `${word}${escapes}<script>alert('${word}')</script>"'\`$(id)`

/** Nasty in every field that a report may show, and often enough to be shown. */
const hostileLines = Array.from({ length: 60 }, (_, index) =>
  canonicalRecord({
    id: nasty(`id${index}`),
    at: new Date(Date.UTC(2026, 7, 1) + index * 7_200_000).toISOString(),
    model: index % 3 === 0 ? nasty('model') : 'gpt-4o',
    requestedModel: nasty('asked'),
    provider: index % 3 === 0 ? nasty('provider') : 'openai',
    user: nasty('user'),
    session: nasty('session'),
    trace: nasty('trace'),
    feature: nasty('feature'),
    plan: nasty('plan'),
    team: '=cmd()|calc!A1',
    namespace: '+1-2',
    status: index % 4 === 0 ? 'error' : 'ok',
    error: nasty('error'),
    prompt: nasty('prompt'),
    answer: { text: nasty('answer'), finishReason: index % 5 === 0 ? 'length' : 'stop' },
    serviceTier: nasty('tier'),
    tags: { [nasty('tag')]: nasty('value') },
    usage: { inputTokens: 5000, outputTokens: 500 + index },
  }),
)

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/

describe('texts with escape sequences', () => {
  const groupings = ['feature', 'user', 'model', 'provider', 'session', 'team', 'tag:x', 'day']

  test.each(groupings)('never reach the terminal, grouped by %s', async (by) => {
    const path = write(`log${escapes.replaceAll('\x07', '')}.jsonl`, ...hostileLines)
    const { code, out, err } = await runIn(terminal, 'analyze', path, '--by', by, '-v')
    expect(code).toBe(0)
    expect(out).not.toMatch(controls)
    expect(err).not.toMatch(controls)
  })

  test('never reach the terminal from alerts and unit economics', async () => {
    const path = write('log.jsonl', ...hostileLines)
    const flags = ['--user-limit', '0.01', '--budget', '0.01', '--plan-price', 'pro=1']
    const { out, err } = await runIn(terminal, 'analyze', path, ...flags)
    expect(out + err).not.toMatch(controls)
  })

  test.each(['markdown', 'html'])('never reach a %s report', async (format) => {
    const path = write('log.jsonl', ...hostileLines)
    const { out } = await runIn(terminal, 'analyze', path, '--by', 'feature', '--format', format)
    expect(out).not.toMatch(controls)
  })

  test('never reach the terminal from explain, sql and export', async () => {
    const path = write('log.jsonl', ...hostileLines)
    await runIn(terminal, 'ingest', path, '-q')
    const commands = [
      ['explain', nasty('id0')],
      ['explain', 'seq:1'],
      ['sql', 'select * from v_requests limit 3'],
      ['sql', 'select * from v_messages'],
      ['doctor'],
      ['purge', '--user', nasty('user'), '--dry-run'],
      ['explain', `none${escapes}`],
      ['sql', `select ${escapes}`],
      ['analyze', `none${escapes}`],
      ['analyze', '--by', `none${escapes}`],
      ['analyze', path, '--map', `none${escapes}=x`],
      ['analyze', path, '--input-format', `none${escapes}`],
    ]
    for (const argv of commands) {
      const { out, err } = await runIn(terminal, ...argv)
      expect([argv[0], out + err]).toEqual([argv[0], expect.not.stringMatching(controls)])
    }
  })

  test('never reach the terminal from the fields of an unknown log', async () => {
    const path = write('own.jsonl', JSON.stringify({ [nasty('field')]: 1 }))
    const { code, err } = await runIn(terminal, 'analyze', path)
    expect(code).toBe(2)
    expect(err).not.toMatch(controls)
  })
})

describe('a report for a spreadsheet', () => {
  test.each(['=cmd()', '+1', '-1', '@sum', '\t=1', '\r=1', '|calc', '%0A=1'])(
    'does not begin a cell with %j',
    async (feature) => {
      const path = write('log.jsonl', canonicalRecord({ feature }))
      const { out } = await runIn(terminal, 'analyze', path, '--by', 'feature', '--format', 'csv')
      const cells = out.split(/\r?\n/).flatMap((line) => line.split(','))
      for (const cell of cells) expect(cell).not.toMatch(/^"?[=+@\t\r]|^"?-[^\d]|^"?-\d+$/)
    },
  )

  test('from sql does not begin a cell with a formula', async () => {
    await runIn(
      terminal,
      'ingest',
      write('log.jsonl', canonicalRecord({ feature: '=cmd()' })),
      '-q',
    )
    const { out } = await runIn(
      terminal,
      'sql',
      'select feature from v_requests',
      '--format',
      'csv',
    )
    expect(out).not.toMatch(/^"?=/m)
  })
})

describe('a report for a browser', () => {
  test('holds no markup of the log', async () => {
    const path = write('log.jsonl', ...hostileLines)
    const { out } = await runIn(
      terminal,
      'analyze',
      path,
      '--by',
      'feature,user',
      '--format',
      'html',
    )
    expect(out).toContain('&lt;script&gt;')
    expect(out).not.toMatch(/<script[^>]*>\s*alert/i)
    expect(out).not.toContain("alert('feature')</script>")
  })
})

describe('keys that name what every object inherits', () => {
  const evil = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
  const polluted = (levels: object): string =>
    JSON.stringify(levels).replaceAll('"PROTO"', '"__proto__"')

  test('pollute nothing and lose nothing, at every level of a record', async () => {
    const inner = {
      PROTO: { polluted: 'yes', model: 'x' },
      constructor: { prototype: { polluted: 1 } },
    }
    const record = {
      v: 1,
      id: 'a',
      model: 'gpt-4o',
      at: '2026-08-01T10:00:00Z',
      ...inner,
      usage: { inputTokens: 10, outputTokens: 1, ...inner },
      prompt: {
        system: 'S',
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', ...inner }], ...inner }],
        tools: [{ type: 'function', function: { name: 'f', parameters: inner } }],
      },
      answer: {
        text: 'A',
        toolCalls: [{ id: 'c', function: { name: 'f', arguments: '{}' }, ...inner }],
        ...inner,
      },
      params: { temperature: 0, ...inner },
      tags: { team: 'x', ...Object.fromEntries(evil.map((name) => [name, `tag-${name}`])) },
      metadata: inner,
      fees: { webSearches: 1, ...inner },
    }
    const path = write('log.jsonl', polluted(record), canonicalRecord({ id: 'b' }))
    const { totals } = await analyzeIn(terminal, path)
    expect([totals.requests, totals.inputTokens]).toEqual([2, 1010])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(Object.prototype).not.toHaveProperty('polluted')
    const { out } = await runIn(terminal, 'export', '--canonical')
    expect(out.split('\n').filter(Boolean)).toHaveLength(2)
    expect(out).toContain('"__proto__"')
  })

  test.each(evil)('are values like any other: %s', async (name) => {
    const fields = Object.fromEntries(
      ['user', 'session', 'trace', 'feature', 'plan', 'team', 'provider', 'serviceTier'].map(
        (field) => [field, name],
      ),
    )
    const lines = [1, 2].map((id) =>
      canonicalRecord({ ...fields, id: `${name}${id}`, model: name, status: name, prompt: name }),
    )
    const path = write('log.jsonl', ...lines)
    const { totals, groups } = await analyzeIn(terminal, path, '--by', 'feature,team')
    expect(totals.requests).toBe(2)
    expect(groups.map(({ by, requests }) => [by['feature'], requests])).toEqual([[name, 2]])
    for (const format of ['terminal', 'csv', 'markdown', 'html']) {
      const { code, out } = await runIn(
        terminal,
        'analyze',
        path,
        '--by',
        'feature',
        '--format',
        format,
      )
      expect([code, out.includes(name.replaceAll('__', ''))]).toEqual([0, true])
    }
  })

  test.each(evil)('are columns and tags like any other: %s', async (name) => {
    const csv = write('log.csv', `model,${name},in`, 'gpt-4o,mine,7')
    const flags = [
      '--map',
      'model=model',
      '--map',
      `feature=${name}`,
      '--map',
      'usage.inputTokens=in',
    ]
    const mapped = await analyzeIn(terminal, csv, ...flags, '--by', 'feature')
    expect(mapped.groups.map(({ by }) => by)).toEqual([{ feature: 'mine' }])
    const line = canonicalRecord({ id: 'tagged', tags: 'TAGS' })
    const path = write('tags.jsonl', line.replace('"TAGS"', `{"${name}":"mine"}`))
    const tagged = await analyzeIn(terminal, path, '--by', `tag:${name}`)
    expect(tagged.groups.map(({ by }) => Object.values(by))).toEqual([['mine']])
  })
})

describe('text that is SQL', () => {
  test('in ids, paths and conditions is only text', async () => {
    const sql = `x'; DROP TABLE requests; --`
    const path = write(
      `a'; DROP TABLE files; --.jsonl`,
      canonicalRecord({ id: sql, user: sql, feature: sql }),
    )
    await analyzeIn(terminal, path)
    for (const field of ['user', 'feature']) {
      const { totals } = await analyzeIn(terminal, '--where', `${field}=${sql}`)
      expect(totals.requests).toBe(1)
    }
    expect((await runIn(terminal, 'explain', sql)).code).toBe(0)
    expect((await runIn(terminal, 'purge', '--user', `${sql}x`, '--yes')).code).toBe(0)
    expect((await analyzeIn(terminal)).totals.requests).toBe(1)
  })

  test('given to llmcost sql cannot write', async () => {
    await runIn(terminal, 'ingest', write('log.jsonl', canonicalRecord()), '-q')
    for (const sql of [
      'DELETE FROM requests',
      'SELECT 1; DELETE FROM requests',
      'WITH x AS (SELECT 1) DELETE FROM requests',
      'EXPLAIN DELETE FROM requests',
      "ATTACH '/tmp/x.db' AS x",
      'PRAGMA writable_schema = 1',
      "SELECT load_extension('x')",
      "VACUUM INTO '/tmp/x.db'",
    ]) {
      await runIn(terminal, 'sql', sql)
      expect((await analyzeIn(terminal)).totals.requests).toBe(1)
    }
  })
})
