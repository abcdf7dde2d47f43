import { expect, it } from 'vitest'
import { csvRecords } from '../../../src/ingest/csv.ts'
import { anthropicConsole } from '../../../src/ingest/formats/anthropic-console.ts'

const header =
  'usage_date_utc,model_version,api_key,workspace,usage_type,context_window,' +
  'usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,' +
  'usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed'
const rows = [
  '2026-08-01,claude-sonnet-4-5-20250929,ci-key,Default,batch,≤ 200k,500,60,70,9000,120,4,global,standard',
  '2026-08-01,claude-sonnet-4-5-20250929,ci-key,Default,batch,≤ 200k,1,0,0,0,1,0,global,standard',
]
const records = csvRecords(`\uFEFF${[header, ...rows].join('\n')}\n`)
const readAll = () => {
  const reader = anthropicConsole.start({ path: 'claude.csv' })
  return records.map((record) => reader.read(record))
}

it('reads a daily row behind a byte order mark, with the unicode sign of the context window', () => {
  expect(readAll()[0]).toEqual({
    id: '2026-08-01|claude-sonnet-4-5-20250929|ci-key|Default|batch|≤ 200k|global|standard',
    at: Date.UTC(2026, 7, 1),
    provider: 'anthropic',
    model: 'claude-sonnet-4-5-20250929',
    operation: 'chat',
    status: 'ok',
    key: 'ci-key',
    team: 'Default',
    serviceTier: 'batch',
    speed: 'standard',
    inferenceGeo: 'global',
    fees: { webSearches: 4 },
    tags: new Map([['context_window', '<= 200k']]),
    aggregateOf: 0,
    usage: {
      inputTokens: 500,
      cacheReadTokens: 9000,
      cacheWrite5mTokens: 60,
      cacheWrite1hTokens: 70,
      outputTokens: 120,
      reasoningTokens: 0,
    },
  })
})

it('keeps rows alike in every dimension apart', () => {
  expect(readAll()[1]).toMatchObject({ id: expect.stringMatching(/#2$/) })
})

it('recognises its own columns only', () => {
  expect(anthropicConsole.recognise(records, 'x')).toBe(1)
  expect(anthropicConsole.recognise([{ start_time: '1', input_tokens: '2' }], 'x')).toBe(0)
  expect(anthropicConsole.recognise([{ v: 1, model: 'claude' }], 'x')).toBe(0)
})

it('rejects rows without day or model', () => {
  const reader = anthropicConsole.start({ path: 'x' })
  expect(reader.read({ ...records[0], usage_date_utc: '' })).toEqual({ rejected: 'no-time' })
  expect(reader.read({ ...records[0], model_version: '' })).toEqual({ rejected: 'no-model' })
})
