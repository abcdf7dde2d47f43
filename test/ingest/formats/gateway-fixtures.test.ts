import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Request } from '../../../src/domain/request.ts'
import { noUsage, totalTokens, type Usage } from '../../../src/domain/usage.ts'
import { claudeCode } from '../../../src/ingest/formats/claude-code.ts'
import { claudeCodeOtel } from '../../../src/ingest/formats/claude-code-otel.ts'
import { helicone } from '../../../src/ingest/formats/helicone.ts'
import { langfuse } from '../../../src/ingest/formats/langfuse.ts'
import { langsmith } from '../../../src/ingest/formats/langsmith.ts'
import { litellm } from '../../../src/ingest/formats/litellm.ts'
import { litellmSpend } from '../../../src/ingest/formats/litellm-spend.ts'
import { portkey } from '../../../src/ingest/formats/portkey.ts'
import { promptfoo } from '../../../src/ingest/formats/promptfoo.ts'
import { simonwLlm } from '../../../src/ingest/formats/simonw-llm.ts'
import { isReading, type Reader } from '../../../src/ingest/reader.ts'
import { openDatabase } from '../../../src/store/database.ts'

const folder = 'fixtures/logs/formats'
const expectedFile = `${folder}/expected.json`

const files: readonly (readonly [name: string, reader: Reader])[] = [
  ['claude-code.jsonl', claudeCode],
  ['claude-code-otel.jsonl', claudeCodeOtel],
  ['helicone.csv', helicone],
  ['helicone.jsonl', helicone],
  ['langfuse.jsonl', langfuse],
  ['langsmith.jsonl', langsmith],
  ['litellm.jsonl', litellm],
  ['litellm-spend.jsonl', litellmSpend],
  ['portkey.jsonl', portkey],
  ['promptfoo.json', promptfoo],
  ['simonw-llm.sql', simonwLlm],
]

type Expected = {
  readonly requests: number
  readonly usage: Usage
  readonly loggedCostNanoUsd: number | null
}

async function recordsOf(name: string, reader: Reader): Promise<readonly JsonObject[]> {
  const text = readFileSync(`${folder}/${name}`, 'utf8')
  if (name.endsWith('.sql')) return await rowsOf(text, reader)
  if (name.endsWith('.csv')) return parse(text, { columns: true, bom: true }) as JsonObject[]
  if (name.endsWith('.json')) {
    return (JSON.parse(text) as { results: { results: JsonObject[] } }).results.results
  }
  return text.split('\n').flatMap(parsedLine)
}

async function rowsOf(sql: string, reader: Reader): Promise<readonly JsonObject[]> {
  const database = await openDatabase(':memory:')
  database.exec(`PRAGMA foreign_keys = OFF; ${sql}
    CREATE TABLE IF NOT EXISTS messages (hash, parent_hash, role);
    CREATE TABLE IF NOT EXISTS parts (message_hash, position, type, tool_name, text, payload);`)
  const queries = Object.values(reader.tables ?? {})
  return queries.flatMap((query) => database.prepare(query).all() as readonly JsonObject[])
}

/** Files hold cut-off lines on purpose. */
function parsedLine(line: string): readonly JsonObject[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as JsonObject]
  } catch {
    return []
  }
}

/** Of rows with one id the one with most tokens, as the store keeps them. */
function kept(requests: readonly Request[]): readonly Request[] {
  const byId = new Map<string, Request>()
  for (const [index, request] of requests.entries()) {
    const id = request.id ?? `row ${index}`
    const known = byId.get(id)
    if (known === undefined || sizeOf(request) > sizeOf(known)) byId.set(id, request)
  }
  return [...byId.values()]
}

const sizeOf = (request: Request): number => totalTokens(request.usage ?? noUsage)

function sumOf(requests: readonly Request[]): Usage {
  const sum: Record<string, number> = { ...noUsage }
  for (const { usage = noUsage } of requests) {
    for (const [field, count] of Object.entries(usage)) sum[field] = (sum[field] ?? 0) + count
  }
  return sum as Usage
}

it.skipIf(!existsSync(expectedFile)).each(files)('reads %s', async (name, reader) => {
  const all = JSON.parse(readFileSync(expectedFile, 'utf8')) as Readonly<Record<string, Expected>>
  const expected = all[name]
  if (expected === undefined) return
  const records = await recordsOf(name, reader)
  const { read } = reader.start({ path: `${folder}/${name}` })
  const readings = records.map((record) => read(record))
  expect(reader.recognise(records.slice(0, 20), name)).toBe(1)
  expect(readings.filter((reading) => 'rejected' in reading)).toEqual([])
  const requests = kept(readings.filter(isReading).flat())
  expect(requests.length).toBe(expected.requests)
  expect(sumOf(requests)).toEqual(expected.usage)
  const costs = requests.map((request): number => request.loggedCostNanoUsd ?? 0)
  expect(costs.reduce((sum, cost) => sum + cost, 0)).toBe(expected.loggedCostNanoUsd ?? 0)
})
