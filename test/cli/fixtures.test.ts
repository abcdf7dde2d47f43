import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import type { Usage } from '../../src/domain/usage.ts'
import { csvRecords } from '../../src/ingest/csv.ts'
import { openDatabase } from '../../src/store/database.ts'
import {
  analyzeIn,
  fixtures,
  jsonOf,
  newTerminal,
  removeTerminals,
  rowsOf,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

afterEach(removeTerminals)

const formats = join(fixtures, 'formats')

type Expected = {
  readonly requests: number | null
  readonly duplicates: number
  readonly skipped: Readonly<Record<string, number>>
  readonly unreadable: number
  readonly failed: number
  readonly withoutUsage: number
  readonly usage: Usage
  readonly loggedCostNanoUsd: number | null
  readonly aggregate?: boolean
  readonly note?: string
  readonly servedFromCache?: { readonly requests: number; readonly usage: Usage }
}

const expectedOf = jsonOf<Readonly<Record<string, Expected>>>(join(formats, 'expected.json'))

const usageNames = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
] as const

/** The counts that the log states; those that were estimated in their absence are told apart. */
async function loggedUsage(terminal: FakeTerminal, { totals }: AnalyzeResult): Promise<Usage> {
  const [estimated] = await rowsOf(
    terminal,
    `SELECT ${usageNames.map((name) => `coalesce(sum(${name}), 0) AS ${name}`).join(', ')}
     FROM requests WHERE json_extract(extra, '$.estimate') IS NOT NULL`,
  )
  return Object.fromEntries(
    usageNames.map((name) => [name, totals[name] - Number(estimated?.[name])]),
  ) as Usage
}

async function databaseFrom(sql: string, folder: string): Promise<string> {
  const path = join(folder, 'logs.db')
  const database = await openDatabase(path)
  database.exec(`PRAGMA foreign_keys = OFF; ${sql}; CREATE TABLE messages (hash, parent_hash, role);
    CREATE TABLE parts (message_hash, position, type, tool_name, text, payload)`)
  database.close()
  return path
}

/** What a user names on the command line to have a fixture read. */
async function namedFiles(file: string, { folder }: FakeTerminal): Promise<readonly string[]> {
  const path = join(formats, file)
  if (file.endsWith('.sql')) return [await databaseFrom(readFileSync(path, 'utf8'), folder)]
  if (file === 'openai-batch.jsonl') return [path, join(formats, 'openai-batch.input.jsonl')]
  if (file === 'generic.csv') return [path, ...(expectedOf[file]?.note ?? '').split(' ')]
  return [path]
}

/** Several spans, events or messages make one record: those that are no requests are not counted one by one. */
const manyInOne = [
  'claude-code-otel.jsonl',
  'gemini-cli.json',
  'openinference.jsonl',
  'otel.jsonl',
  'vercel.jsonl',
]

const dollars = (nano: number | null): number | null => (nano === null ? null : nano / 1e9)

const requestFiles = Object.keys(expectedOf).filter((file) => expectedOf[file]?.aggregate !== true)
const aggregateFiles = Object.keys(expectedOf).filter((file) => expectedOf[file]?.aggregate)

describe('analyze of a log in each format gives its known answers', () => {
  test.each(requestFiles)('%s', async (file) => {
    const expected = expectedOf[file] as Expected
    const terminal = newTerminal()
    const result = await analyzeIn(terminal, ...(await namedFiles(file, terminal)))
    const { totals, inputs } = result
    const [input] = inputs
    expect({
      requests: totals.requests,
      errors: totals.errors,
      duplicates: input?.duplicates,
      usage: await loggedUsage(terminal, result),
      loggedCostUsd: totals.loggedCostUsd,
      servedFromCache: totals.servedFromCacheRequests,
    }).toEqual({
      requests: expected.requests,
      errors: expected.failed,
      duplicates: expected.duplicates,
      usage: expected.usage,
      loggedCostUsd: dollars(expected.loggedCostNanoUsd),
      servedFromCache: expected.servedFromCache?.requests ?? 0,
    })
    if (manyInOne.includes(file)) return
    const skipped = Object.values(input?.skipped ?? {}).reduce((sum, count) => sum + count, 0)
    const left = Object.values(expected.skipped).reduce((sum, count) => sum + count, 0)
    expect({ skipped }).toEqual({ skipped: left + expected.unreadable })
  })

  test.each(aggregateFiles)('%s, which holds sums and no requests', async (file) => {
    const expected = expectedOf[file] as Expected
    const terminal = newTerminal()
    const { totals, aggregates } = await analyzeIn(terminal, join(formats, file))
    expect(totals.requests).toBe(0)
    const sum = (name: 'requests' | 'inputTokens' | 'cacheReadTokens' | 'outputTokens') =>
      aggregates.reduce((all, row) => all + (row[name] ?? 0), 0)
    const { usage } = expected
    expect({
      requests: sum('requests'),
      cacheReadTokens: sum('cacheReadTokens'),
      outputTokens: sum('outputTokens'),
    }).toEqual({
      requests: expected.requests ?? 0,
      cacheReadTokens: usage.cacheReadTokens,
      outputTokens: usage.outputTokens,
    })
  })
})

type Story = {
  readonly requests: number
  readonly duplicates: number
  readonly errors: number
  readonly withoutUsage: number
  readonly unpriced: number
  readonly usage: Usage
  readonly listCostNanoUsd: number
  readonly loggedCostNanoUsd: number | null
}

const storyOf = jsonOf<Readonly<Record<string, Story>>>(join(fixtures, 'expected.json'))

/** The line of fixtures/README.md that reads the CSV. */
const csvFlags =
  '--map id=id --map at=timestamp --map user=customer --map plan=plan --map model=model --map documentVersion=document_version --map prompt=question --map answer.text=answer --map usage.inputTokens=uncached_input_tokens --map usage.cacheReadTokens=cached_input_tokens --map usage.cacheWrite5mTokens=cache_write_tokens --map usage.outputTokens=output_tokens --map latencyMs=latency_ms --map firstTokenMs=first_token_ms --map status=status --map costUsd=cost_usd'.split(
    ' ',
  )

const storyFiles = [
  ['support-copilot', 'support-copilot.jsonl', []],
  ['code-review', 'code-review.jsonl', []],
  ['product-texts', 'product-texts.jsonl', []],
  ['knowledge-base', 'knowledge-base.jsonl', []],
  ['agent-loops', 'agent-loops.jsonl', []],
  ['document-answers', 'document-answers.jsonl', []],
  ['document-answers', 'document-answers.csv', csvFlags],
  ['demo', 'demo.jsonl.gz', []],
] as const

/** Requests on models without a price, of those whose log states tokens. */
async function unpricedOf(terminal: FakeTerminal): Promise<unknown> {
  const [row] = await rowsOf(
    terminal,
    'SELECT count(*) AS n FROM v_requests WHERE unpriced AND NOT estimated AND inputTokens + cacheReadTokens > 0',
  )
  return row?.['n']
}

describe('analyze of a story gives its known answers', () => {
  test.each(storyFiles)('%s from %s', async (name, file, flags) => {
    const expected = storyOf[name] as Story
    const terminal = newTerminal()
    const path = join(fixtures, file)
    const result = await analyzeIn(terminal, path, ...flags, '--price-mode', 'computed')
    const { totals, inputs } = result
    expect({
      requests: totals.requests,
      duplicates: inputs[0]?.duplicates,
      errors: totals.errors,
      unpriced: await unpricedOf(terminal),
      usage: await loggedUsage(terminal, result),
      loggedCostUsd: totals.loggedCostUsd,
    }).toEqual({
      requests: expected.requests,
      duplicates: expected.duplicates,
      errors: expected.errors,
      unpriced: expected.unpriced,
      usage: expected.usage,
      loggedCostUsd: dollars(expected.loggedCostNanoUsd),
    })
    const [listed] = await rowsOf(
      terminal,
      "SELECT sum(cost) AS cost FROM requests WHERE json_extract(extra, '$.estimate') IS NULL",
    )
    expect(listed).toEqual({ cost: expected.listCostNanoUsd })
  })
})

// biome-ignore lint/suspicious/noExplicitAny: a wire record, read here without the readers under test
type Wire = any

function wiresOf(file: string): readonly Wire[] {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  if (file.endsWith('.csv')) return csvRecords(text) as readonly Wire[]
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line.replace('\ufeff', '')) as Wire]
    } catch {
      return []
    }
  })
}

/** Dollars as nano-dollars by moving the point of their decimal text, not by any code of ours. */
function nanoOf(value: unknown, unitsPerDollar: number): bigint {
  if (value === null || value === undefined || value === '') return 0n
  const [whole = '', fraction = ''] = Number(value).toFixed(12).split('.')
  return (BigInt(whole + fraction) / BigInt(unitsPerDollar) + 500n) / 1000n
}

type FieldOf = (row: Wire) => unknown
type Logged = readonly [file: string, costOf: FieldOf, idOf: FieldOf, unitsPerDollar: number]

const loggedCosts: readonly Logged[] = (
  [
    ['formats/helicone.jsonl', (row) => row.costUSD ?? row.cost, (row) => row.request_id],
    ['formats/helicone.csv', (row) => row.cost, (row) => row.response_id],
    ['formats/litellm.jsonl', (row) => row.response_cost, (row) => row.id],
    ['formats/litellm-spend.jsonl', (row) => row.spend, (row) => row.request_id],
    ['formats/portkey.jsonl', (row) => row.cost, (row) => row.id, 100],
    ['formats/langsmith.jsonl', llmCost, (row) => row.id],
    ['formats/openrouter.csv', (row) => row.cost_total, (row) => row.generation_id],
    ['formats/openrouter-generation.jsonl', generationCost, (row) => (row.data ?? row).id],
    ['formats/cloudflare.jsonl', (row) => row.cost, (row) => row.id],
    ['product-texts.jsonl', (row) => row.response_cost, (row) => row.id],
    ['agent-loops.jsonl', (row) => row.costUsd, (row) => row.id],
    ['document-answers.jsonl', (row) => row.costUsd, (row) => row.id],
    ['demo.jsonl.gz', (row) => row.costUsd, (row) => row.id],
  ] as readonly (readonly [string, FieldOf, FieldOf, number?])[]
).map(([file, costOf, idOf, unitsPerDollar = 1]) => [file, costOf, idOf, unitsPerDollar])

function llmCost(row: Wire): unknown {
  return row.run_type === 'llm' ? row.total_cost : undefined
}

function generationCost(row: Wire): unknown {
  return (row.data ?? row).total_cost
}

describe('what a log says it cost', () => {
  test.each(loggedCosts)(
    'is in the report of %s what a plain sum over its records gives',
    async (file, costOf, idOf, unitsPerDollar) => {
      const path = join(fixtures, file)
      const byId = new Map<unknown, bigint>()
      for (const row of wiresOf(path)) {
        byId.set(idOf(row), nanoOf(costOf(row), unitsPerDollar))
      }
      const sum = [...byId.values()].reduce((all, nano) => all + nano, 0n)
      expect(sum > 0n).toBe(true)
      const { totals } = await analyzeIn(newTerminal(), path, '--price-mode', 'logged')
      expect(totals.loggedCostUsd).toBe(Number(sum) / 1e9)
      expect(totals.costUsd).toBe(Number(sum) / 1e9)
    },
  )
})

describe('the tokens a log states', () => {
  test('of chat pairs are those of a plain sum, and so is their price', async () => {
    const path = join(fixtures, 'support-copilot.jsonl')
    const terminal = newTerminal()
    const result = await analyzeIn(
      terminal,
      path,
      '--where',
      'status=ok',
      '--where',
      'model=gpt-4o',
    )
    const rows = wiresOf(path).filter((row) => row.response?.model === 'gpt-4o')
    let [input, read, output] = [0, 0, 0]
    for (const { response } of rows) {
      const cached = response.usage?.prompt_tokens_details?.cached_tokens ?? 0
      input += (response.usage?.prompt_tokens ?? 0) - cached
      read += cached
      output += response.usage?.completion_tokens ?? 0
    }
    expect(rows.length).toBeGreaterThan(100)
    const { totals } = result
    expect([totals.inputTokens, totals.cacheReadTokens, totals.outputTokens]).toEqual([
      input,
      read,
      output,
    ])
    // $2.50, $1.25 and $10 per million.
    expect(totals.costUsd).toBe((input * 2500 + read * 1250 + output * 10_000) / 1e9)
  })

  test('of Anthropic pairs are those of a plain sum, the cached ones apart', async () => {
    const path = join(fixtures, 'code-review.jsonl')
    const { totals } = await analyzeIn(newTerminal(), path)
    const usages = wiresOf(path).flatMap((row) => row.response?.usage ?? [])
    const sum = (name: string) => usages.reduce((all, usage) => all + (usage[name] ?? 0), 0)
    expect(totals.cacheReadTokens).toBe(sum('cache_read_input_tokens'))
    expect(totals.cacheWrite5mTokens).toBe(sum('cache_creation_input_tokens'))
    expect(totals.inputTokens).toBeGreaterThanOrEqual(sum('input_tokens'))
  })
})
