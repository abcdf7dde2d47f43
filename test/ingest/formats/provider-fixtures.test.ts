import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Request } from '../../../src/domain/request.ts'
import { noUsage, type Usage } from '../../../src/domain/usage.ts'
import { csvRecords } from '../../../src/ingest/csv.ts'
import { anthropicBatch } from '../../../src/ingest/formats/anthropic-batch.ts'
import { anthropicConsole } from '../../../src/ingest/formats/anthropic-console.ts'
import { cloudflare } from '../../../src/ingest/formats/cloudflare.ts'
import { codex } from '../../../src/ingest/formats/codex.ts'
import { deepseek } from '../../../src/ingest/formats/deepseek.ts'
import { geminiCli } from '../../../src/ingest/formats/gemini-cli.ts'
import { openaiBatch } from '../../../src/ingest/formats/openai-batch.ts'
import { openaiStored } from '../../../src/ingest/formats/openai-stored.ts'
import { openaiUsage } from '../../../src/ingest/formats/openai-usage.ts'
import { openrouter } from '../../../src/ingest/formats/openrouter.ts'
import { openrouterGeneration } from '../../../src/ingest/formats/openrouter-generation.ts'
import { otel } from '../../../src/ingest/formats/otel.ts'
import { isReading, type Reader } from '../../../src/ingest/reader.ts'

const folder = new URL('../../../fixtures/logs/formats/', import.meta.url)

const fixtures: readonly (readonly [file: string, reader: Reader])[] = [
  ['otel.jsonl', otel],
  ['openinference.jsonl', otel],
  ['vercel.jsonl', otel],
  ['openai-batch.jsonl', openaiBatch],
  ['openai-batch.input.jsonl', openaiBatch],
  ['openai-stored.jsonl', openaiStored],
  ['anthropic-batch.jsonl', anthropicBatch],
  ['openai-usage.csv', openaiUsage],
  ['anthropic-console.csv', anthropicConsole],
  ['openrouter.csv', openrouter],
  ['openrouter-generation.jsonl', openrouterGeneration],
  ['cloudflare.jsonl', cloudflare],
  ['codex.jsonl', codex],
  ['gemini-cli.json', geminiCli],
  ['gemini-cli.jsonl', geminiCli],
  ['deepseek.csv', deepseek],
]

type Expected = {
  readonly requests: number | null
  readonly usage: Usage
  readonly loggedCostNanoUsd: number | null
  readonly aggregate?: boolean
}

function recordsOf(file: string): readonly JsonObject[] {
  const text = readFileSync(new URL(file, folder), 'utf8')
  if (file.endsWith('.csv')) return csvRecords(text)
  if (file.endsWith('.json')) return [JSON.parse(text)]
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JsonObject]
      } catch {
        return []
      }
    })
}

const inputs = (customId: string): JsonObject | undefined => {
  const file = new URL('openai-batch.input.jsonl', folder)
  if (!existsSync(file)) return undefined
  const line = recordsOf('openai-batch.input.jsonl').find((each) => each['custom_id'] === customId)
  return line?.['body'] as JsonObject | undefined
}

/** The requests of a file, the largest of those that share an id. */
function requestsOf(file: string, reader: Reader): readonly Request[] {
  const session = reader.start({ path: file, batchInput: inputs })
  const readings = recordsOf(file).map((record) => session.read(record))
  const found = [...readings.filter(isReading).flat(), ...(session.end?.() ?? [])] as Request[]
  const byId = new Map<string, Request>()
  for (const [index, request] of found.entries()) {
    const id = request.id ?? String(index)
    const known = byId.get(id)
    if (known === undefined || sum([known]).outputTokens <= sum([request]).outputTokens)
      byId.set(id, request)
  }
  return [...byId.values()]
}

function sum(requests: readonly Request[]): Usage {
  const total: Record<string, number> = { ...noUsage }
  for (const { usage = noUsage } of requests)
    for (const [name, count] of Object.entries(usage)) total[name] = (total[name] ?? 0) + count
  return total as Usage
}

const expectedFile = new URL('expected.json', folder)
const expected: Readonly<Record<string, Expected>> = existsSync(expectedFile)
  ? JSON.parse(readFileSync(expectedFile, 'utf8'))
  : {}

describe.each(fixtures)('%s', (file, reader) => {
  const wanted = expected[file]
  it.runIf(existsSync(new URL(file, folder)))('is recognised', () => {
    expect(reader.recognise(recordsOf(file).slice(0, 20), file)).toBeGreaterThanOrEqual(0.9)
  })

  it.runIf(wanted !== undefined)('gives the expected requests, tokens and cost', () => {
    const requests = requestsOf(file, reader)
    const stands = requests.map((request) => request.aggregateOf ?? 1)
    expect(stands.reduce((a, b) => a + b, 0)).toBe(wanted?.requests ?? 0) // null where the console does not count them
    const aggregates = requests.filter((request) => request.aggregateOf !== undefined)
    expect(aggregates).toHaveLength(wanted?.aggregate === true ? requests.length : 0)
    expect(sum(requests)).toEqual(wanted?.usage ?? noUsage)
    const costs = requests.map((request): number => request.loggedCostNanoUsd ?? 0)
    expect(costs.reduce((a, b) => a + b, 0)).toBe(wanted?.loggedCostNanoUsd ?? 0)
  })
})
