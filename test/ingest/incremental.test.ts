import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IngestReport } from '../../src/ingest/ingest.ts'
import {
  analyzeIn,
  canonicalRecord,
  fixtures,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
})
afterEach(removeTerminals)

const line = (id: string, fields: object = {}): string => `${canonicalRecord({ id, ...fields })}\n`
/** Lines that are long enough for their beginning to tell one log from another. */
const lines = (from: number, to: number, prefix = 'r'): string =>
  Array.from({ length: to - from }, (_, index) => line(`${prefix}${from + index}`)).join('')

async function ingested(...argv: readonly string[]): Promise<IngestReport> {
  const { code, out, err } = await runIn(terminal, 'ingest', ...argv, '--format', 'json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as IngestReport
}

const statesOf = ({ files }: IngestReport): readonly string[] => files.map(({ state }) => state)
const storedIds = async (): Promise<readonly unknown[]> =>
  (await rowsOf(terminal, 'SELECT id FROM requests ORDER BY seq')).map(({ id }) => id)

describe('a log that was read before', () => {
  test('and has not changed is not opened, and the store stays as it is', async () => {
    const moment = 1_785_000_000
    writeFileSync(log, lines(0, 20))
    utimesSync(log, moment, moment)
    await ingested(log)
    const before = readFileSync(terminal.database)
    // The same size and time with other content: only the file system's word counts.
    writeFileSync(log, readFileSync(log, 'utf8').replaceAll('gpt-4o', 'GPT-4o'))
    utimesSync(log, moment, moment)
    expect(statesOf(await ingested(log))).toEqual(['unchanged'])
    expect(readFileSync(terminal.database).equals(before)).toBe(true)
  })

  test('and has grown is read from where it ended', async () => {
    writeFileSync(log, lines(0, 20))
    await ingested(log)
    // A broken beginning shows that it is not read again.
    const text = readFileSync(log, 'utf8')
    appendFileSync(log, lines(20, 25))
    const report = await ingested(log)
    expect(statesOf(report)).toEqual(['grown'])
    expect(await storedIds()).toHaveLength(25)
    const places = await rowsOf(terminal, "SELECT line, byteOffset FROM requests WHERE id = 'r20'")
    expect(places).toEqual([{ line: 21, byteOffset: Buffer.byteLength(text) }])
  })

  test('and has grown by a line that was incomplete takes the whole of it', async () => {
    const [whole, half] = [lines(0, 3), line('late')]
    writeFileSync(log, whole + half.slice(0, 30))
    await ingested(log)
    expect(await storedIds()).toHaveLength(3)
    writeFileSync(log, whole + half)
    await ingested(log)
    expect(await storedIds()).toEqual(['r0', 'r1', 'r2', 'late'])
    expect((await analyzeIn(terminal, log)).inputs[0]?.skipped).toEqual({})
    expect(await rowsOf(terminal, 'SELECT * FROM rejects')).toEqual([])
  })

  test('and has grown behind a line without its newline loses and doubles nothing', async () => {
    writeFileSync(log, lines(0, 3).trimEnd())
    await ingested(log)
    appendFileSync(log, `\n${lines(3, 5)}`)
    await ingested(log)
    expect(await storedIds()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4'])
  })

  test('and was touched is not counted again', async () => {
    writeFileSync(log, lines(0, 3))
    await ingested(log)
    utimesSync(log, 1, 1)
    await ingested(log)
    expect(await storedIds()).toHaveLength(3)
  })

  test('and was rotated keeps its requests and counts the new file', async () => {
    writeFileSync(log, lines(0, 20))
    await ingested(log)
    const rotated = join(terminal.folder, 'log.1.jsonl')
    renameSync(log, rotated)
    writeFileSync(log, lines(100, 105))
    const folder = [log, rotated]
    await ingested(...folder)
    expect((await analyzeIn(terminal)).totals.requests).toBe(25)
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(5)
    expect((await analyzeIn(terminal, rotated)).totals.requests).toBe(20)
    expect((await analyzeIn(terminal, ...folder)).totals.requests).toBe(25)
  })

  test('and was renamed and has grown goes on where it ended', async () => {
    writeFileSync(log, lines(0, 20))
    await ingested(log)
    const renamed = join(terminal.folder, 'renamed.jsonl')
    renameSync(log, renamed)
    appendFileSync(renamed, lines(20, 22))
    expect(statesOf(await ingested(renamed))).toEqual(['grown'])
    expect((await analyzeIn(terminal)).totals.requests).toBe(22)
  })

  test('and was replaced keeps the earlier requests under a name of their own', async () => {
    writeFileSync(log, lines(0, 20))
    await ingested(log)
    writeFileSync(log, lines(100, 105, 'other'))
    await ingested(log)
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(5)
    expect((await analyzeIn(terminal)).totals.requests).toBe(25)
  })

  test('and is replaced again and again by one of two is counted once each', async () => {
    const [a, b] = [lines(0, 20, 'a'), lines(0, 5, 'b')]
    for (const text of [a, b, a, b, a]) {
      writeFileSync(log, text)
      const { totals } = await analyzeIn(terminal, log)
      expect(totals.requests).toBe(text === a ? 20 : 5)
    }
    expect((await analyzeIn(terminal)).totals.requests).toBe(25)
  })

  test('and was cut to nothing and written anew counts what is new', async () => {
    writeFileSync(log, lines(0, 20))
    await ingested(log)
    truncateSync(log, 0)
    await ingested(log)
    writeFileSync(log, lines(50, 53))
    await ingested(log)
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(3)
  })

  test('and was copied is counted once', async () => {
    writeFileSync(log, lines(0, 20))
    const copy = join(terminal.folder, 'copy.jsonl')
    copyFileSync(log, copy)
    expect(statesOf(await ingested(log, copy))).toEqual(['new', 'copy'])
    expect((await analyzeIn(terminal)).totals.requests).toBe(20)
    expect((await analyzeIn(terminal, copy)).totals.requests).toBe(20)
  })

  test('and is there compressed too is counted once', async () => {
    writeFileSync(log, lines(0, 20))
    const archive = join(terminal.folder, 'log.jsonl.gz')
    writeFileSync(archive, gzipSync(readFileSync(log)))
    await ingested(log, archive)
    expect((await analyzeIn(terminal)).totals.requests).toBe(20)
    expect((await analyzeIn(terminal, archive)).totals.requests).toBe(20)
  })

  test('without ids, copied and compressed, is counted once', async () => {
    const text = Array.from(
      { length: 20 },
      (_, index) => `${canonicalRecord({ user: `u${index}` })}\n`,
    ).join('')
    const archive = join(terminal.folder, 'log.jsonl.gz')
    writeFileSync(log, text)
    writeFileSync(archive, gzipSync(text))
    await ingested(log, archive)
    expect((await analyzeIn(terminal)).totals.requests).toBe(20)
  })

  test('as a document or a CSV is read again when it changed, and counted once', async () => {
    const array = join(terminal.folder, 'log.json')
    for (const count of [2, 5]) {
      writeFileSync(array, `[${lines(0, count).trimEnd().replaceAll('\n', ',')}]`)
      await ingested(array)
      expect((await analyzeIn(terminal)).totals.requests).toBe(count)
    }
  })

  test('under other settings is read again', async () => {
    writeFileSync(log, `${JSON.stringify({ llm: 'gpt-4o', n: 5 })}\n`)
    await ingested(log, '--map', 'model=llm', '--map', 'usage.inputTokens=n')
    await ingested(log, '--map', 'model=llm', '--map', 'usage.outputTokens=n')
    const { totals } = await analyzeIn(terminal)
    expect([totals.inputTokens, totals.outputTokens]).toEqual([0, 5])
  })

  test('and whose settings are not named again keeps them', async () => {
    writeFileSync(log, `${JSON.stringify({ llm: 'gpt-4o', n: 5 })}\n`)
    await ingested(log, '--map', 'model=llm', '--map', 'usage.inputTokens=n')
    appendFileSync(log, `${JSON.stringify({ llm: 'gpt-4o', n: 7 })}\n`)
    const { totals } = await analyzeIn(terminal, log)
    expect(totals.inputTokens).toBe(12)
  })
})

describe('one call that two logs tell', () => {
  const responseId = 'chatcmpl-shared0001'
  const litellm = {
    id: responseId,
    trace_id: 't1',
    call_type: 'acompletion',
    response_cost: 0.0035,
    status: 'success',
    total_tokens: 1100,
    prompt_tokens: 1000,
    completion_tokens: 100,
    startTime: 1785578400.1,
    endTime: 1785578401.1,
    model: 'gpt-4o',
    custom_llm_provider: 'openai',
    cache_hit: false,
    request_tags: [],
    metadata: { usage_object: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } },
    messages: [{ role: 'user', content: 'Hi' }],
    response: { id: responseId, choices: [] },
  }
  const span = (id: string) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                name: 'chat gpt-4o',
                startTimeUnixNano: '1785578400100000000',
                endTimeUnixNano: '1785578401100000000',
                attributes: Object.entries({
                  'gen_ai.operation.name': 'chat',
                  'gen_ai.provider.name': 'openai',
                  'gen_ai.request.model': 'gpt-4o',
                  'gen_ai.response.model': 'gpt-4o',
                  'gen_ai.response.id': id,
                  'gen_ai.usage.input_tokens': 1000,
                  'gen_ai.usage.output_tokens': 100,
                }).map(([key, value]) => ({
                  key,
                  value:
                    typeof value === 'number'
                      ? { intValue: String(value) }
                      : { stringValue: value },
                })),
              },
            ],
          },
        ],
      },
    ],
  })

  test.each([
    ['at once', (a: string, b: string) => [[a, b]]],
    ['one after the other', (a: string, b: string) => [[a], [b]]],
    ['the other way round', (a: string, b: string) => [[b], [a]]],
  ])('read %s counts once over the store, and is in the report of each', async (_, order) => {
    const proxy = join(terminal.folder, 'litellm.jsonl')
    const traces = join(terminal.folder, 'otel.jsonl')
    writeFileSync(proxy, `${JSON.stringify(litellm)}\n`)
    writeFileSync(
      traces,
      `${JSON.stringify(span(responseId))}\n${JSON.stringify(span('chatcmpl-other'))}\n`,
    )
    for (const run of order(proxy, traces)) await ingested(...run)
    expect((await analyzeIn(terminal)).totals.requests).toBe(2)
    expect((await analyzeIn(terminal, proxy)).totals.requests).toBe(1)
    expect((await analyzeIn(terminal, traces)).totals.requests).toBe(2)
    expect((await analyzeIn(terminal, proxy, traces)).totals.requests).toBe(2)
    const { out } = await runIn(terminal, 'export', '--canonical')
    expect(out.trimEnd().split('\n')).toHaveLength(2)
  })

  test('is one in its own format however often the file says it', async () => {
    writeFileSync(log, line('a').repeat(4) + line('b'))
    const { totals, inputs } = await analyzeIn(terminal, log)
    expect([totals.requests, inputs[0]?.duplicates]).toEqual([2, 3])
  })

  test('is counted by ingest as analyze counts it', async () => {
    writeFileSync(log, line('a') + line('b') + line('a'))
    expect(await ingested(log)).toMatchObject({ files: [{ requests: 2, duplicates: 1 }] })
    expect(await ingested(log)).toMatchObject({ files: [{ requests: 2, duplicates: 1 }] })
  })

  test('under the same id on another day is another call', async () => {
    writeFileSync(log, line('1') + line('1', { at: '2026-08-09T10:00:00Z' }))
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(2)
  })
})

describe('all fixtures', () => {
  test('read twice, and once more from another place, count once', async () => {
    const copies = join(terminal.folder, 'copies')
    mkdirSync(copies)
    const names = [
      'support-copilot.jsonl',
      'knowledge-base.jsonl',
      'formats/otel.jsonl',
      'formats/codex.jsonl',
    ]
    const paths = names.map((name) => join(fixtures, name))
    await ingested(...paths)
    const before = (await analyzeIn(terminal)).totals
    for (const path of paths) copyFileSync(path, join(copies, path.split('/').at(-1) ?? ''))
    await ingested(...paths, copies)
    expect((await analyzeIn(terminal)).totals).toEqual(before)
  })
})

describe('the stored report', () => {
  test('is not given for a log that has grown', async () => {
    writeFileSync(log, lines(0, 3))
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(3)
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(3)
    appendFileSync(log, lines(3, 7))
    expect((await analyzeIn(terminal, log)).totals.requests).toBe(7)
    expect((await analyzeIn(terminal)).totals.requests).toBe(7)
  })

  test('is not given for a file that only repeats in a fuller form', async () => {
    writeFileSync(log, line('a', { usage: { inputTokens: 10, outputTokens: 1 } }))
    expect((await analyzeIn(terminal, log)).totals.outputTokens).toBe(1)
    appendFileSync(log, line('a', { usage: { inputTokens: 10, outputTokens: 50 } }))
    expect((await analyzeIn(terminal, log)).totals.outputTokens).toBe(50)
    appendFileSync(log, line('a', { usage: { inputTokens: 10, outputTokens: 20 } }))
    const { totals, inputs } = await analyzeIn(terminal, log)
    expect([totals.outputTokens, inputs[0]?.duplicates]).toEqual([50, 2])
  })

  test('is not given for another selection', async () => {
    writeFileSync(
      log,
      line('a', { user: 'x' }) + line('b', { user: 'y', at: '2026-08-02T00:00:00Z' }),
    )
    const count = async (...flags: string[]) =>
      (await analyzeIn(terminal, log, ...flags)).totals.requests
    expect(await count()).toBe(2)
    expect(await count('--where', 'user=x')).toBe(1)
    expect(await count('--since', '2026-08-02')).toBe(1)
    expect(await count('--until', '2026-08-01')).toBe(0)
    expect(await count('--since', '24h')).toBe(2)
    expect(await count('--since', '1h')).toBe(1)
    expect(await count('--since', '2026-08-01T10:00:00Z', '--until', '2026-08-02')).toBe(1)
    expect(await count()).toBe(2)
  })

  test('is not given after a purge', async () => {
    writeFileSync(log, line('a', { user: 'x' }) + line('b', { user: 'y' }))
    await analyzeIn(terminal, log)
    await analyzeIn(terminal)
    expect((await runIn(terminal, 'purge', '--user', 'x', '--yes')).code).toBe(0)
    expect((await analyzeIn(terminal)).totals.requests).toBe(1)
  })
})
