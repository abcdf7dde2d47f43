import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { calcPrice } from '@pydantic/genai-prices'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differences, writeCommitted } from '../fixtures/generate.ts'
import { writeBenchChat } from '../fixtures/generator/bench-chat.ts'
import { writeBenchClaude } from '../fixtures/generator/bench-claude.ts'
import { ratesByModel } from '../fixtures/generator/money.ts'

const logs = join(import.meta.dirname, '../fixtures/logs')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fixtures-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

type Sums = { requests: number; input: number; read: number; written: number; output: number }
type Expected = {
  readonly requests: number
  readonly usage: Readonly<Record<string, number>>
  readonly loggedCostNanoUsd: number | null
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const expectedOf = (file: string): Record<string, Expected> =>
  json(join(logs, file)) as Record<string, Expected>

// biome-ignore lint/suspicious/noExplicitAny: a wire record, read here without the readers under test
type Wire = any

const linesOf = (name: string): Wire[] => {
  const bytes = readFileSync(join(logs, name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Wire)
}

function sumOf(records: readonly Wire[], countsOf: (record: Wire) => readonly number[]): Sums {
  const sums = { requests: records.length, input: 0, read: 0, written: 0, output: 0 }
  for (const record of records) {
    const [input = 0, read = 0, written = 0, output = 0] = countsOf(record)
    sums.input += input
    sums.read += read
    sums.written += written
    sums.output += output
  }
  return sums
}

const openaiCounts = (usage: Wire): readonly number[] => {
  if (usage === undefined || usage === null) return []
  const read = usage.prompt_tokens_details.cached_tokens
  return [usage.prompt_tokens - read, read, 0, usage.completion_tokens]
}

const anthropicCounts = (usage: Wire): readonly number[] =>
  usage === undefined
    ? []
    : [
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.output_tokens,
      ]

const canonicalCounts = (usage: Wire): readonly number[] =>
  usage === null
    ? []
    : [usage.inputTokens, usage.cacheReadTokens, usage.cacheWrite5mTokens, usage.outputTokens]

describe('the committed fixtures', () => {
  test('are what the generator writes', () => {
    const written = join(folder, 'logs')
    writeCommitted(written)
    expect(differences(written, logs)).toEqual([])
  }, 60_000)

  test.each([
    ['support-copilot', 'support-copilot.jsonl', (row: Wire) => openaiCounts(row.response?.usage)],
    ['code-review', 'code-review.jsonl', (row: Wire) => anthropicCounts(row.response.usage)],
    [
      'product-texts',
      'product-texts.jsonl',
      (row: Wire) => openaiCounts(row.metadata.usage_object),
    ],
    ['knowledge-base', 'knowledge-base.jsonl', (row: Wire) => canonicalCounts(row.usage)],
    ['agent-loops', 'agent-loops.jsonl', (row: Wire) => canonicalCounts(row.usage)],
    ['document-answers', 'document-answers.jsonl', (row: Wire) => canonicalCounts(row.usage)],
    ['demo', 'demo.jsonl.gz', (row: Wire) => canonicalCounts(row.usage)],
  ] as const)('of %s add up to the known answers', (story, file, countsOf) => {
    const expected = expectedOf('expected.json')[story]
    expect(sumOf(linesOf(file), countsOf)).toEqual({
      requests: expected?.requests,
      input: expected?.usage['inputTokens'],
      read: expected?.usage['cacheReadTokens'],
      written: expected?.usage['cacheWrite5mTokens'],
      output: expected?.usage['outputTokens'],
    })
  })

  test.each([
    ['agent-loops', 'agent-loops.jsonl', (row: Wire) => row.costUsd],
    ['document-answers', 'document-answers.jsonl', (row: Wire) => row.costUsd],
    ['product-texts', 'product-texts.jsonl', (row: Wire) => row.response_cost],
  ] as const)('of %s log the cost in the known answers', (story, file, costOf) => {
    const nano = linesOf(file).reduce((sum, row) => sum + Math.round((costOf(row) ?? 0) * 1e9), 0)
    expect(nano).toBe(expectedOf('expected.json')[story]?.loggedCostNanoUsd)
  })
})

describe('the stories', () => {
  test('are in order of time, the pairs too', () => {
    for (const name of ['support-copilot', 'code-review', 'knowledge-base', 'agent-loops']) {
      const times = linesOf(`${name}.jsonl`).map((row) => (row.timestamp ?? row.at) as string)
      expect(times).toEqual([...times].sort())
    }
  })

  test('stay small', () => {
    const sizes = readdirSync(logs).map((name) => statSync(join(logs, name)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6.6e6)
    expect(statSync(join(logs, 'demo.jsonl.gz')).size).toBeLessThan(400_000)
  })

  test('tell the stories they are said to tell', () => {
    const support = linesOf('support-copilot.jsonl')
    const byDay = new Map<string, number>()
    for (const row of support) {
      const day = row.timestamp.slice(0, 10)
      byDay.set(day, (byDay.get(day) ?? 0) + 1)
    }
    const busiest = [...byDay].sort((a, b) => b[1] - a[1])[0]
    expect(busiest?.[0]).toBe('2026-07-23')
    const calls = new Map<string, number>()
    for (const row of linesOf('demo.jsonl.gz'))
      calls.set(row.trace, (calls.get(row.trace) ?? 0) + 1)
    expect(Math.max(...calls.values())).toBe(42)
  })
})

describe('the files of each format', () => {
  const expected = expectedOf('formats/expected.json')

  test('have known answers, but for the companion of the batch', () => {
    const names = readdirSync(join(logs, 'formats')).filter((name) => name !== 'expected.json')
    expect(names.filter((name) => expected[name] === undefined)).toEqual([
      'openai-batch.input.jsonl',
    ])
  })

  test('agree with a plain sum where records are plain', () => {
    const stored = new Map(linesOf('formats/openai-stored.jsonl').map((row) => [row.id, row]))
    const sums = sumOf([...stored.values()], (row) => openaiCounts(row.usage))
    expect(sums.requests).toBe(expected['openai-stored.jsonl']?.requests)
    expect(sums.input).toBe(expected['openai-stored.jsonl']?.usage['inputTokens'])
    expect(sums.output).toBe(expected['openai-stored.jsonl']?.usage['outputTokens'])
  })

  test('agree with the largest row of each message in a transcript', () => {
    const text = readFileSync(join(logs, 'formats/claude-code.jsonl'), 'utf8')
    const answers = new Map<string, number>()
    for (const match of text.matchAll(/"id":"(msg_\w+)".*?"output_tokens":(\d+)/g)) {
      const [, id = '', output] = match
      answers.set(id, Math.max(answers.get(id) ?? 0, Number(output)))
    }
    expect(answers.size).toBe(expected['claude-code.jsonl']?.requests)
    const output = [...answers.values()].reduce((sum, count) => sum + count, 0)
    expect(output).toBe(expected['claude-code.jsonl']?.usage['outputTokens'])
  })

  test('log costs in cents where Portkey does', () => {
    const rows = new Map(linesOf('formats/portkey.jsonl').map((row) => [row.id, row]))
    const nano = [...rows.values()].reduce((sum, row) => sum + Math.round(row.cost * 1e7), 0)
    expect(nano).toBe(expected['portkey.jsonl']?.loggedCostNanoUsd)
  })
})

describe('the generator', () => {
  const million = { input_tokens: 1_000_000, output_tokens: 0 }

  test.each(Object.entries(ratesByModel))('knows the listed price of %s', (model, rates) => {
    const timestamp = new Date('2026-07-20T00:00:00Z')
    const listed = calcPrice({ input_tokens: 1000, output_tokens: 1000 }, model, { timestamp })
    expect(listed?.total_price).toBeCloseTo((rates.input + rates.output) / 1e6, 9)
    const read = { input_tokens: 1000, output_tokens: 0, cache_read_tokens: 1000 }
    const cached = calcPrice(read, model, { timestamp })
    expect(cached?.total_price).toBeCloseTo(rates.cacheRead / 1e6, 9)
  })

  test('names models that no list knows', () => {
    for (const model of ['harborline-support-ft3', 'moorfield-copy-ft1', 'docs-extract-7b']) {
      expect(calcPrice(million, model) ?? null).toBeNull()
    }
  })

  test('writes a chat log whose lines are requests in order of time', () => {
    const path = join(folder, 'chat.jsonl')
    const { lines } = writeBenchChat(path, 2e6)
    const rows = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Wire)
    expect(rows).toHaveLength(lines)
    expect(new Set(rows.map((row) => row.response.id)).size).toBe(lines)
    const times = rows.map((row) => row.timestamp as string)
    expect(times).toEqual([...times].sort())
    const distinct = new Set(rows.map((row) => JSON.stringify(row.request.messages))).size
    expect(distinct / lines).toBeGreaterThan(0.75)
    expect(distinct / lines).toBeLessThan(0.9)
  })

  test('writes a Claude Code history whose answers are as many as it says', () => {
    const { answers } = writeBenchClaude(join(folder, 'claude'), 2e6)
    const ids = new Set<string>()
    for (const name of readdirSync(join(folder, 'claude'), { recursive: true })) {
      const path = join(folder, 'claude', String(name))
      if (!path.endsWith('.jsonl')) continue
      for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
        const row = JSON.parse(line) as Wire
        if (row.type === 'assistant') ids.add(row.message.id)
      }
    }
    expect(ids.size).toBe(answers)
  })
})
