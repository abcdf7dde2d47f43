import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { blocksOf } from '../../src/ingest/lines.ts'
import { analyzeIn, canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { tinyZst } from '../support/tiny-zst.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const record = canonicalRecord

function write(name: string, content: string | Buffer): string {
  const path = join(terminal.folder, name)
  writeFileSync(path, content)
  return path
}

const analyzed = (content: string | Buffer, ...flags: string[]): Promise<AnalyzeResult> =>
  analyzeIn(terminal, write('log.jsonl', content), ...flags)

const skippedIn = ({ inputs }: AnalyzeResult) => inputs[0]?.skipped

/** The command must end with a message for people: exit 2, a hint, no stack. */
async function refused(...argv: string[]): Promise<string> {
  const { code, out, err } = await runIn(terminal, ...argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^error: .+\nhint: {2}.+\n$/m)
  expect(err).not.toMatch(/^\s+at /m)
  return err
}

describe('a file that is no log', () => {
  test('but empty counts as a log without requests', async () => {
    const { totals, inputs } = await analyzed('')
    expect([totals.requests, inputs]).toEqual([0, [expect.objectContaining({ format: 'empty' })]])
  })

  test('but empty is read once it has lines', async () => {
    await analyzed('')
    expect((await analyzed(`${record()}\n`)).totals.requests).toBe(1)
  })

  test('but missing is refused', async () => {
    expect(await refused('analyze', join(terminal.folder, 'none.jsonl'))).toContain('no such file')
    expect(await refused('analyze', join(terminal.folder, 'none-*.jsonl'))).toContain('no file')
  })

  test('but binary is refused', async () => {
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))
    expect(await refused('analyze', write('image.png', bytes))).toContain('neither JSON nor CSV')
  })

  test('but prose is refused', async () => {
    await refused('analyze', write('notes.txt', 'Dear diary,\n\nnothing happened today.\n'))
  })

  test('but JSON of unknown fields is refused with a --map line for them', async () => {
    const err = await refused('analyze', write('own.jsonl', '{"llm":"gpt-4o","tokens":5}\n'))
    expect(err).toContain('llm, tokens')
  })

  test('but a database of something else is refused', async () => {
    const path = write('other.db', '')
    const { openDatabase } = await import('../../src/store/database.ts')
    const database = await openDatabase(path)
    database.exec('CREATE TABLE bookmarks (url TEXT)')
    database.close()
    expect(await refused('analyze', path)).toContain('none of the tables')
  })

  test('but a damaged database is refused', async () => {
    const path = write('broken.db', `SQLite format 3\0${'x'.repeat(5000)}`)
    expect(await refused('analyze', path)).toContain('broken.db')
  })
})

describe('a directory', () => {
  test('gives its logs, whatever else is in it', async () => {
    const folder = join(terminal.folder, 'logs')
    mkdirSync(join(folder, 'deep/er'), { recursive: true })
    writeFileSync(join(folder, 'a.jsonl'), `${record({ id: 'a' })}\n`)
    writeFileSync(join(folder, 'deep/er/b.jsonl'), `${record({ id: 'b' })}\n`)
    writeFileSync(join(folder, 'picture.png'), Buffer.from([0x89, 0x50, 0, 1, 2]))
    writeFileSync(join(folder, 'notes.md'), '# Notes\n')
    writeFileSync(join(folder, 'package.json'), '{"name":"x","version":"1.0.0"}')
    writeFileSync(join(folder, 'settings.json'), '{\n  "theme": "dark"\n}\n')
    writeFileSync(join(folder, 'empty.log'), '')
    writeFileSync(join(folder, 'prices.csv'), 'item,price\nchair,5\n')
    const { openDatabase } = await import('../../src/store/database.ts')
    const other = await openDatabase(join(folder, 'cookies.db'))
    other.exec('CREATE TABLE cookies (host TEXT); INSERT INTO cookies VALUES (1)')
    other.close()
    const { totals, inputs } = await analyzeIn(terminal, folder)
    expect([totals.requests, inputs.length]).toEqual([2, 2])
  })

  test('that holds the store itself is read all the same', async () => {
    const path = join(terminal.folder, 'a.jsonl')
    writeFileSync(path, `${record({ id: 'a' })}\n`)
    await analyzeIn(terminal, path)
    expect((await analyzeIn(terminal, terminal.folder)).totals.requests).toBe(1)
  })

  test('may hold links that lead nowhere or in a circle, and pipes', async () => {
    const folder = join(terminal.folder, 'links')
    mkdirSync(folder)
    writeFileSync(join(folder, 'z.jsonl'), `${record({ id: 'a' })}\n`)
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.jsonl'))
    symlinkSync(folder, join(folder, 'circle'))
    symlinkSync(join(folder, 'z.jsonl'), join(folder, 'again.jsonl'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const { totals, inputs } = await analyzeIn(terminal, folder)
    expect([totals.requests, inputs.length]).toEqual([1, 1])
  })

  test('without a log says so', async () => {
    const folder = join(terminal.folder, 'none')
    mkdirSync(folder)
    writeFileSync(join(folder, 'notes.md'), '# Notes\n')
    expect(await refused('analyze', folder)).toContain('no log')
  })
})

describe('data that was cut off', () => {
  const lines = Array.from(
    { length: 3000 },
    (_, index) => `${record({ id: `r${index}`, user: `user-${index * 7919}` })}\n`,
  ).join('')

  test('in gzip is read as far as it is good', async () => {
    const whole = gzipSync(lines)
    const { totals, inputs } = await analyzed(whole.subarray(0, whole.length / 2))
    expect(totals.requests).toBeGreaterThan(500)
    expect(totals.requests).toBeLessThan(3000)
    expect(inputs[0]?.skipped['truncated-compression']).toBe(1)
  })

  test('in gzip is read to its end once it is whole', async () => {
    const whole = gzipSync(lines)
    await analyzed(whole.subarray(0, whole.length / 2))
    const result = await analyzed(whole)
    expect([result.totals.requests, skippedIn(result)]).toEqual([3000, {}])
  })

  test('in zstd is read as far as it is good', async () => {
    const frames = Buffer.concat([tinyZst, tinyZst])
    const result = await analyzed(frames.subarray(0, frames.length - 6))
    expect(result.totals.requests).toBe(2)
    expect(skippedIn(result)).toEqual({ 'truncated-compression': 1 })
  })

  test.each([
    ['zstd', tinyZst.subarray(0, tinyZst.length - 6)],
    ['gzip', gzipSync(lines).subarray(0, 12)],
    ['gzip', Buffer.concat([gzipSync('').subarray(0, 10), Buffer.from('no deflate data at all')])],
  ])('in %s before anything was good is refused', async (name, bytes) => {
    const err = await refused('analyze', write('cut.log', bytes))
    expect(err).toContain(`cut.log cannot be read: ${name} data`)
    expect((await runIn(terminal, 'analyze', terminal.folder)).code).toBe(2)
  })

  test('in gzip of a CSV keeps the rows before', async () => {
    const csv = `id,model,in\n${Array.from({ length: 9000 }, (_, row) => `${row},gpt-4o,${(row * 7919) % 1009}\n`).join('')}`
    const whole = gzipSync(csv)
    const flags = ['id=id', 'model=model', 'usage.inputTokens=in'].flatMap((pair) => [
      '--map',
      pair,
    ])
    const result = await analyzed(whole.subarray(0, whole.length / 2), ...flags)
    expect(result.totals.requests).toBeGreaterThan(1000)
    expect(skippedIn(result)).toMatchObject({ 'truncated-compression': 1 })
  })

  test('in gzip of nothing is an empty log', async () => {
    expect((await analyzed(gzipSync(''))).totals.requests).toBe(0)
  })

  test('in a line waits for the rest of it', async () => {
    const [first, second] = [record({ id: 'a' }), record({ id: 'b' })]
    const half = await analyzed(`${first}\n${second.slice(0, 40)}`)
    expect([half.totals.requests, skippedIn(half)]).toEqual([1, { 'incomplete-last-line': 1 }])
    const whole = await analyzed(`${first}\n${second}\n`)
    expect([whole.totals.requests, skippedIn(whole)]).toEqual([2, {}])
  })

  test('at a line without its newline is read', async () => {
    expect((await analyzed(`${record({ id: 'a' })}\n${record({ id: 'b' })}`)).totals.requests).toBe(
      2,
    )
  })

  test('in a JSON array keeps what is whole', async () => {
    const text = JSON.stringify([1, 2, 3].map((id) => JSON.parse(record({ id: `r${id}` }))))
    const result = await analyzed(text.slice(0, -30))
    expect([result.totals.requests, skippedIn(result)]).toEqual([2, { 'not-json': 1 }])
  })
})

describe('bytes that are not UTF-8', () => {
  test('are replaced and remarked on', async () => {
    const [before, after] = record({ id: 'a', prompt: 'caf#?' }).split('#') as [string, string]
    const bytes = Buffer.concat([
      Buffer.from(before),
      Buffer.from([0xe9, 0xff]),
      Buffer.from(after),
    ])
    const { totals, warnings } = await analyzed(Buffer.concat([bytes, Buffer.from('\n')]))
    expect(totals.requests).toBe(1)
    expect(warnings.map(({ code }) => code)).toContain('invalid-utf8')
  })
})

describe('a long line', () => {
  test('of 50 MB is read', async () => {
    const long = record({ id: 'long', prompt: 'word '.repeat(10_000_000) })
    const { totals } = await analyzed(`${record({ id: 'a' })}\n${long}\n${record({ id: 'b' })}\n`)
    expect(totals.requests).toBe(3)
  }, 60_000)

  test('of 5 MB that is the first of the file is told by its beginning', async () => {
    const long = record({ id: 'long', prompt: 'word '.repeat(1_000_000) })
    const { totals, inputs } = await analyzed(`${long}\n`)
    expect([totals.requests, inputs[0]?.format]).toEqual([1, 'canonical'])
  })

  test('beyond the limit is passed over, and the lines around it are read', async () => {
    const text = `short\n${'x'.repeat(100)}\nnext\n${'y'.repeat(90)}`
    for (const size of [1, 7, 30, 200]) {
      const chunks = (async function* () {
        for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
      })()
      const lines: string[] = []
      let tooLong = 0
      let end = 0
      for await (const block of blocksOf(chunks, 0, 50)) {
        if (block.tooLong !== undefined) tooLong++
        else lines.push(...block.bytes.toString().split('\n').filter(Boolean))
        expect(block.byteOffset).toBe(end)
        end = block.byteOffset + (block.tooLong ?? block.bytes.length)
      }
      expect(end).toBe(text.length)
      if (size <= 30) expect([lines, tooLong]).toEqual([['short', 'next'], 2])
    }
  })
})

describe('a record', () => {
  test('nested 100,000 levels deep is rejected or read, and the others are read', async () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    const list = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const lines = [
      record({ id: 'a' }),
      deep,
      list,
      record({ id: 'b' }).replace('"id"', `"extra":${deep},"id"`),
      record({ id: 'c', prompt: '#' }).replace(
        '"#"',
        `{"messages":[{"role":"user","content":${list}}]}`,
      ),
      record({ id: 'd', params: '#' }).replace('"#"', deep),
      record({ id: 'e' }),
    ]
    const result = await analyzed(`${lines.join('\n')}\n`)
    const skipped = Object.values(skippedIn(result) ?? {}).reduce((sum, count) => sum + count, 0)
    expect(result.totals.requests + skipped).toBe(lines.length)
    expect(result.totals.requests).toBeGreaterThanOrEqual(2)
  })

  test('nested deep in a pretty-printed document leaves the others be', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const text = `[\n${record({ id: 'a' })},\n${deep},\n${record({ id: 'b' })}\n]`
    expect((await analyzed(text)).totals.requests).toBe(2)
  })

  test('with a key twice has its last value, as in every JSON parser', async () => {
    const twice = record({ id: 'a', feature: 'x' }).replace('"feature"', '"feature":"w","feature"')
    const { groups } = await analyzed(`${twice}\n`, '--by', 'feature')
    expect(groups.map(({ by }) => by)).toEqual([{ feature: 'x' }])
  })

  const usage = (usage: Record<string, unknown>) => record({ id: 'a', usage })
  const ok = `${record({ id: 'ok' })}\n`

  test.each([
    ['negative', usage({ inputTokens: -5, outputTokens: 1 }), 'negative-tokens'],
    ['fractional', usage({ inputTokens: 1.5, outputTokens: 1 }), 'token-count-not-whole'],
    ['no number', usage({ inputTokens: 'many', outputTokens: 1 }), 'token-count-not-whole'],
    ['too large', usage({ inputTokens: 2 ** 40, outputTokens: 1 }), 'token-count-too-large'],
    [
      'beyond every number',
      usage({ inputTokens: 1, outputTokens: 1 }).replace(
        '"inputTokens":1,',
        '"inputTokens":1e400,',
      ),
      'token-count-not-whole',
    ],
  ])('whose token count is %s is rejected', async (_, line, reason) => {
    const result = await analyzed(`${ok}${line}\n`)
    expect([result.totals.requests, skippedIn(result)]).toEqual([1, { [reason]: 1 }])
  })

  test('whose token count is NaN is no JSON', async () => {
    const line = usage({ inputTokens: 1, outputTokens: 1 }).replace(
      '"inputTokens":1,',
      '"inputTokens":NaN,',
    )
    expect(skippedIn(await analyzed(`${ok}${line}\n`))).toEqual({ 'not-json': 1 })
  })

  test('with numbers as text is read', async () => {
    const line = usage({ inputTokens: '1200', outputTokens: '34', cacheReadTokens: ' 5 ' })
    const { totals } = await analyzed(`${line}\n`)
    expect([totals.inputTokens, totals.outputTokens, totals.cacheReadTokens]).toEqual([1200, 34, 5])
  })

  const pair = (usage: Record<string, unknown>) =>
    JSON.stringify({
      timestamp: '2026-08-01T10:00:00Z',
      request: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] },
      response: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        model: 'gpt-4o',
        choices: [
          { index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' },
        ],
        usage,
      },
    })

  test('with more cached input than input is rejected, never clipped', async () => {
    const line = pair({
      prompt_tokens: 10,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 20 },
    })
    const result = await analyzed(`${line}\n`)
    expect([result.totals.requests, skippedIn(result)]).toEqual([0, { 'cached-exceeds-input': 1 }])
  })

  test.each([
    ['negative', -1],
    ['fractional', 0.5],
  ])('of another format whose tokens are %s is rejected', async (_, prompt_tokens) => {
    const result = await analyzed(`${pair({ prompt_tokens, completion_tokens: 1 })}\n`)
    expect(result.totals.requests).toBe(0)
    expect(Object.values(skippedIn(result) ?? {})).toEqual([1])
  })

  test.each([
    ['1970', 1000, '1970-01-01T00:16:40.000Z'],
    ['1970 as text', '1970-01-02T00:00:00Z', '1970-01-02T00:00:00.000Z'],
    ['2100', '2100-12-31T00:00:00Z', '2100-12-31T00:00:00.000Z'],
  ])('of %s in our own format is meant', async (_, at, iso) => {
    const { period } = await analyzed(`${record({ id: 'a', at })}\n`)
    expect(period.from).toBe(iso)
  })

  test.each(['1970-01-01T00:00:00Z', '2200-01-01T00:00:00Z'])(
    'of %s in another format keeps its cost and loses its time',
    async (timestamp) => {
      const line = pair({ prompt_tokens: 1000, completion_tokens: 1 })
      const { totals, period, warnings } = await analyzed(
        `${JSON.stringify({ ...JSON.parse(line), timestamp })}\n`,
      )
      expect([totals.requests, totals.undatedRequests, period.from]).toEqual([1, 1, null])
      expect(totals.costUsd).toBe(0.00251)
      expect(warnings.map(({ code }) => code)).toEqual(['implausible-time'])
    },
  )

  test('of 1970 and one of 2100 together make no million of days', async () => {
    const lines = [record({ id: 'a', at: 1 }), record({ id: 'b', at: '2100-01-01T00:00:00Z' })]
    const { daily, totals } = await analyzed(`${lines.join('\n')}\n`)
    expect([totals.requests, daily.length]).toEqual([2, 2])
  })

  test('whose time is no time is rejected', async () => {
    const result = await analyzed(`${ok}${record({ id: 'a', at: 'yesterday' })}\n`)
    expect(skippedIn(result)).toEqual({ 'bad-time': 1 })
  })

  test('without a time counts and costs, undated, or is dated by --at', async () => {
    const line = `${record({ id: 'a', at: undefined })}\n`
    const { totals, period } = await analyzed(line)
    expect([totals.requests, totals.undatedRequests, totals.costUsd]).toEqual([1, 1, 0.0035])
    expect(period).toEqual({ from: null, to: null, days: 0 })
    const dated = await analyzed(line, '--at', '2026-08-02T00:00:00Z')
    expect([dated.totals.requests, dated.totals.undatedRequests]).toEqual([1, 0])
    expect(dated.period.from).toBe('2026-08-02T00:00:00.000Z')
  })

  test.each([
    ['a list', '[1,2]', 'not-an-object'],
    ['a number', '5', 'not-an-object'],
    ['null', 'null', 'not-an-object'],
    ['text', '"x"', 'not-an-object'],
    ['no JSON', '{oops}', 'not-json'],
    ['without a model', '{"v":1,"id":"a"}', 'no-model'],
  ])('that is %s is rejected', async (_, line, reason) => {
    expect(skippedIn(await analyzed(`${ok}${line}\n${ok}`))).toEqual({ [reason]: 1 })
  })

  test('of another format in the same file is read as that', async () => {
    const anthropic = {
      custom_id: 'r1',
      result: {
        type: 'succeeded',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'claude-haiku-4-5',
          content: [{ type: 'text', text: 'Hi' }],
          usage: { input_tokens: 7, output_tokens: 3 },
        },
      },
    }
    const lines = [
      ...Array.from({ length: 30 }, (_, index) => record({ id: `c${index}` })),
      pair({ prompt_tokens: 11, completion_tokens: 2 }),
      JSON.stringify(anthropic),
    ]
    const { totals, warnings } = await analyzed(`${lines.join('\n')}\n`)
    expect([totals.requests, totals.inputTokens]).toEqual([32, 30_018])
    expect(warnings.map(({ code }) => code)).toEqual([
      'mixed-format-anthropic-batch',
      'mixed-format-pairs',
    ])
  })
})

describe('many users', () => {
  test('of one request each are grouped one by one', async () => {
    const users = 100_000
    const lines = Array.from(
      { length: users },
      (_, index) =>
        `{"v":1,"id":"r${index}","user":"u${index}","model":"gpt-4o","usage":{"inputTokens":1,"outputTokens":1}}`,
    )
    const result = await analyzed(`${lines.join('\n')}\n`, '--by', 'user', '--top', '3')
    expect([result.totals.requests, result.groupCount, result.groups.length]).toEqual([
      users,
      users,
      3,
    ])
  }, 60_000)
})

describe('with --strict', () => {
  test('a rejected record is reason to fail, after the report', async () => {
    const path = write('log.jsonl', `${record()}\nnot json\n`)
    const { code, out, err } = await runIn(
      terminal,
      'analyze',
      path,
      '--strict',
      '--format',
      'json',
    )
    expect(code).toBe(2)
    expect((JSON.parse(out) as AnalyzeResult).totals.requests).toBe(1)
    expect(err).toContain('1 record')
    expect((await runIn(terminal, 'ingest', path, '--strict')).code).toBe(2)
  })

  test('ignored records are none', async () => {
    const path = write('log.jsonl', `${record()}\n\n`)
    expect((await runIn(terminal, 'analyze', path, '--strict')).code).toBe(0)
    expect(existsSync(terminal.database)).toBe(true)
  })
})
