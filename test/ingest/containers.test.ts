import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import {
  analyzeIn,
  canonicalRecord,
  command,
  newTerminal,
  removeTerminals,
  runIn,
  started,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { tinyZst } from '../support/tiny-zst.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const records = ['a', 'b', 'c'].map((id) => JSON.parse(canonicalRecord({ id })) as object)
const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')

function write(name: string, content: string | Buffer): string {
  const path = join(terminal.folder, name)
  writeFileSync(path, content)
  return path
}

const summary = ({ totals, inputs }: AnalyzeResult) => ({
  requests: totals.requests,
  skipped: inputs.map(({ skipped }) => skipped),
})
const three = { requests: 3, skipped: [{}] }

describe('three requests are read from', () => {
  const pretty = JSON.stringify(records, null, 2)
  test.each<readonly [string, string | Buffer]>([
    ['JSON lines', lines],
    ['JSON lines with Windows line ends', lines.replaceAll('\n', '\r\n')],
    ['JSON lines behind a byte order mark', `\ufeff${lines}`],
    ['JSON lines with blank ones between', lines.replaceAll('\n', '\n\n  \n')],
    ['JSON lines without a last newline', lines.trimEnd()],
    ['an array', JSON.stringify(records)],
    ['a pretty-printed array', pretty],
    ['a pretty-printed array with Windows line ends', `\ufeff${pretty.replaceAll('\n', '\r\n')}`],
    ['an envelope', JSON.stringify({ object: 'list', data: records, has_more: false })],
    ['a pretty-printed envelope', JSON.stringify({ meta: { page: 1 }, results: records }, null, 2)],
    ['envelopes in a row', records.map((record) => JSON.stringify({ data: [record] })).join('\n')],
    [
      'pretty-printed objects in a row',
      records.map((each) => JSON.stringify(each, null, 2)).join('\n'),
    ],
    ['gzip', gzipSync(lines)],
    [
      'gzip in several members',
      Buffer.concat([gzipSync(lines.slice(0, 100)), gzipSync(lines.slice(100))]),
    ],
    ['gzip of a pretty-printed array', gzipSync(pretty)],
  ])('%s', async (_, content) => {
    expect(summary(await analyzeIn(terminal, write('log', content)))).toEqual(three)
  })

  test('zstd, with two more', async () => {
    const { totals } = await analyzeIn(terminal, write('log.zst', tinyZst))
    expect([totals.requests, totals.inputTokens]).toEqual([2, 30])
  })

  test.each([
    // Magic number, descriptor, window of 2^41 bytes.
    ['a window', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0, 0, 0])],
    // One segment of 2^40 bytes.
    ['a segment', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])],
  ])('zstd with %s larger than memory is refused before it is allocated', async (_, content) => {
    const { code, err } = await runIn(terminal, 'analyze', write('log.zst', content))
    expect(code).toBe(2)
    expect(err).toMatch(/its header asks for a window of \d{4,} MB/)
  })

  test.each<readonly [string, string | Buffer]>([
    ['lines', lines],
    ['an array', pretty],
    ['gzip', gzipSync(lines)],
  ])('standard input with %s', async (_, content) => {
    const piped = newTerminal()
    const bytes = Buffer.from(content)
    const stdin = (async function* () {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
    })()
    expect(summary(await analyzeIn({ ...piped, stdin }, '-'))).toEqual(three)
  })

  test('standard input with zstd', async () => {
    const stdin = (async function* () {
      yield tinyZst.subarray(0, 30)
      yield tinyZst.subarray(30)
    })()
    expect((await analyzeIn({ ...terminal, stdin }, '-')).totals.requests).toBe(2)
  })

  const csv = 'id,model,in,out\r\na,gpt-4o,5,1\r\nb,gpt-4o,6,2\r\n"c",gpt-4o,7,3\r\n'
  const flags = ['id=id', 'model=model', 'usage.inputTokens=in', 'usage.outputTokens=out'].flatMap(
    (pair) => ['--map', pair],
  )
  test.each<readonly [string, string | Buffer]>([
    ['CSV', csv],
    ['CSV with a byte order mark', `\ufeff${csv}`],
    ['CSV with semicolons', csv.replaceAll(',', ';')],
    ['CSV with tabs', csv.replaceAll(',', '\t')],
    ['CSV in gzip', gzipSync(csv)],
  ])('%s', async (_, content) => {
    const result = await analyzeIn(terminal, write('log.csv', content), ...flags)
    expect([result.totals.requests, result.totals.inputTokens]).toEqual([3, 18])
  })
})

test('a pipe with a name, as a shell makes it, is read like standard input', async () => {
  const log = write('log.jsonl.gz', gzipSync(lines))
  const { ended } = started(
    spawn(
      'bash',
      ['-c', `"$0" "$1" analyze <(cat "$2") --format json -q`, process.execPath, command, log],
      {
        env: { ...process.env, ...terminal.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ),
  )
  const { code, out, err } = await ended
  expect([code, err]).toEqual([0, ''])
  expect(summary(JSON.parse(out) as AnalyzeResult)).toEqual(three)
})

describe('files are found', () => {
  beforeEach(() => {
    mkdirSync(join(terminal.folder, 'logs/2026'), { recursive: true })
    for (const [index, name] of ['logs/a.jsonl', 'logs/2026/b.jsonl', 'logs/2026/c.txt'].entries())
      writeFileSync(join(terminal.folder, name), `${JSON.stringify(records[index])}\n`)
  })

  test.each([
    ['logs/*.jsonl', 1],
    ['logs/**/*.jsonl', 2],
    ['logs/**/*', 3],
    ['logs/**/{b,c}.*', 2],
    ['logs', 3],
  ])('by %s', async (pattern, requests) => {
    const { totals } = await analyzeIn(terminal, join(terminal.folder, pattern))
    expect(totals.requests).toBe(requests)
  })

  test('once, however often they are named', async () => {
    const folder = join(terminal.folder, 'logs')
    const named = [
      folder,
      join(folder, 'a.jsonl'),
      join(folder, '**/*.jsonl'),
      `${folder}/./a.jsonl`,
    ]
    const { totals, inputs } = await analyzeIn(terminal, ...named)
    expect([totals.requests, inputs.length]).toEqual([3, 3])
  })

  test('where a name looks like a pattern', async () => {
    const odd = join(terminal.folder, 'logs/[id] {x}*.jsonl')
    writeFileSync(odd, lines)
    expect((await analyzeIn(terminal, odd)).totals.requests).toBe(3)
  })
})

describe('standard input', () => {
  test('that is empty is an empty log', async () => {
    const { code } = await runIn(newTerminal({ input: '' }), 'analyze', '-')
    expect(code).toBe(0)
  })

  test('counts once, however it is cut into chunks', async () => {
    const long = Array.from({ length: 1000 }, (_, index) => canonicalRecord({ user: `u${index}` }))
    const bytes = Buffer.from(`${long.join('\n')}\n`)
    for (const size of [1000, 70_000, 65_536, bytes.length]) {
      const stdin = (async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      })()
      await analyzeIn({ ...terminal, stdin }, '-')
    }
    const { totals, inputs } = await analyzeIn(terminal)
    expect([totals.requests, inputs.length]).toEqual([1000, 1])
  })

  test('with another log is another log', async () => {
    for (const id of ['a', 'b']) {
      const stdin = (async function* () {
        yield Buffer.from(`${canonicalRecord({ id })}\n`)
      })()
      await analyzeIn({ ...terminal, stdin }, '-')
    }
    expect((await analyzeIn(terminal)).totals.requests).toBe(2)
  })

  test('that goes on where it ended before adds what is new, however it is cut', async () => {
    const long = Array.from({ length: 1000 }, (_, index) => canonicalRecord({ user: `u${index}` }))
    for (const [count, size] of [
      [3, 50],
      [5, 2000],
      [600, 65_536],
      [601, 70_000],
      [1000, 8192],
    ] as const) {
      const bytes = Buffer.from(`${long.slice(0, count).join('\n')}\n`)
      const stdin = (async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      })()
      const { totals } = await analyzeIn({ ...terminal, stdin }, '-')
      expect(totals.requests).toBe(count)
    }
  })

  test('whose archive is cut off is read as far as it is good', async () => {
    const bytes = Buffer.concat([tinyZst, tinyZst]).subarray(0, -6)
    const stdin = (async function* () {
      yield bytes
    })()
    const { totals, inputs } = await analyzeIn({ ...terminal, stdin }, '-')
    expect([totals.requests, inputs[0]?.skipped]).toEqual([2, { 'truncated-compression': 1 }])
  })
})
