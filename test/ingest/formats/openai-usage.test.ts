import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Request } from '../../../src/domain/request.ts'
import { openaiUsage } from '../../../src/ingest/formats/openai-usage.ts'

const start = () => openaiUsage.start({ path: 'completions_usage.csv' })
const read = (record: JsonObject) => start().read(record)

const row = {
  start_time: '1785578400',
  end_time: '1785578460',
  start_time_iso: '2026-08-01T10:00:00+00:00',
  end_time_iso: '2026-08-01T10:01:00+00:00',
  input_tokens: '5000.0',
  input_cached_tokens: '4096.0',
  input_uncached_tokens: '404.0',
  input_cache_write_tokens: '500.0',
  output_tokens: '250.0',
  num_model_requests: '3.0',
  project_id: 'proj_1',
  user_id: '',
  api_key_id: 'key_1',
  model: 'gpt-5.6-2026-06-01',
  batch: 'False',
  service_tier: 'default',
}

it('reads a row as an aggregate: "3.0" is three, cached and written tokens are parts', () => {
  expect(read(row)).toEqual({
    id: '1785578400|1785578460||proj_1||key_1|gpt-5.6-2026-06-01|False|default|',
    at: Date.UTC(2026, 7, 1, 10),
    provider: 'openai',
    model: 'gpt-5.6-2026-06-01',
    operation: 'chat',
    status: 'ok',
    team: 'proj_1',
    key: 'key_1',
    serviceTier: 'default',
    aggregateOf: 3,
    usage: {
      inputTokens: 404,
      cacheReadTokens: 4096,
      cacheWrite5mTokens: 500,
      cacheWrite1hTokens: 0,
      outputTokens: 250,
      reasoningTokens: 0,
    },
  })
  expect(read({ ...row, batch: 'True' })).toMatchObject({ serviceTier: 'batch' })
})

it('tells the rows of one bucket apart, also those alike in every dimension', () => {
  const reader = start()
  const ids = [row, { ...row, user_id: 'u1' }, row].map((each) => (reader.read(each) as Request).id)
  expect(new Set(ids).size).toBe(3)
  expect(ids[2]).toBe(`${ids[0]}#2`)
})

it('ignores the rows of the empty export with its four columns', () => {
  const { start_time, end_time, start_time_iso, end_time_iso } = row
  const empty = { start_time, end_time, start_time_iso, end_time_iso }
  expect(openaiUsage.recognise([empty], 'x')).toBe(1)
  expect(read(empty)).toEqual({ ignored: 'empty-bucket' })
})

it('reads pages, buckets and results of the Usage API', () => {
  const result = {
    object: 'organization.usage.completions.result',
    input_tokens: 100,
    input_cached_tokens: 0,
    input_audio_tokens: 10,
    output_tokens: 20,
    num_model_requests: 2,
    model: 'gpt-4o',
    batch: null,
  }
  const embeddings = {
    object: 'organization.usage.embeddings.result',
    input_tokens: 70,
    num_model_requests: 1,
    model: null,
  }
  const bucket = {
    object: 'bucket',
    start_time: 1_785_578_400,
    end_time: 1_785_664_800,
    results: [result, embeddings],
  }
  const page = { object: 'page', data: [bucket], has_more: false }
  expect(openaiUsage.recognise([page], 'x')).toBe(1)
  expect(openaiUsage.recognise([bucket], 'x')).toBe(1)
  expect(read(page)).toMatchObject([
    {
      model: 'gpt-4o',
      aggregateOf: 2,
      fees: { inputAudioTokens: 10 },
      at: Date.UTC(2026, 7, 1, 10),
    },
    { model: 'unknown', operation: 'embedding', aggregateOf: 1 },
  ])
  expect(read({ ...bucket, results: [] })).toEqual({ ignored: 'empty-bucket' })
})

it('reads the Costs API as money without requests', () => {
  const result = {
    object: 'organization.costs.result',
    amount: { value: 0.06, currency: 'usd' },
    line_item: 'gpt-4o-2024-08-06, input',
    project_id: 'proj_1',
  }
  const bucket = { object: 'bucket', start_time: 1_785_578_400, end_time: 1_785_664_800 }
  expect(read({ ...bucket, results: [result] })).toMatchObject([
    { model: 'gpt-4o-2024-08-06', loggedCostNanoUsd: 60_000_000, aggregateOf: 0, team: 'proj_1' },
  ])
  const euros = { ...result, amount: { value: 1, currency: 'eur' } }
  expect(read({ ...bucket, results: [euros] })).toEqual({ rejected: 'currency-not-usd' })
})

it('recognises usage and costs only', () => {
  expect(openaiUsage.recognise([row], 'x')).toBe(1)
  expect(openaiUsage.recognise([{ usage_date_utc: '2026-08-01' }], 'x')).toBe(0)
  expect(openaiUsage.recognise([{ v: 1, model: 'gpt-4o', at: 1 }], 'x')).toBe(0)
  expect(openaiUsage.recognise([{ object: 'list', data: [{ id: 'a' }] }], 'x')).toBe(0)
  expect(read({ ...row, input_cached_tokens: '9000.0' })).toEqual({
    rejected: 'cached-exceeds-input',
  })
})
