import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { deepseek } from '../../../src/ingest/formats/deepseek.ts'

const row = (type: string, amount: string, more: JsonObject = {}): JsonObject => ({
  user_id: 'u1',
  start_time_iso: '2026-08-01T10:00:00Z',
  end_time_iso: '2026-08-01T11:00:00Z',
  model: 'deepseek-chat',
  api_key_name: 'prod',
  api_key: 'sk-12ab************34cd',
  type,
  price: '0.00000028',
  amount,
  ...more,
})

function readAll(records: readonly JsonObject[]) {
  const reader = deepseek.start({ path: 'amount-2026-8.csv' })
  return { readings: records.map((record) => reader.read(record)), requests: reader.end?.() ?? [] }
}

it('brings the rows of a bucket together into one aggregate, hits and misses separate', () => {
  const { readings, requests } = readAll([
    row('input_cache_hit_tokens', '1000'),
    row('output_tokens', '50', { model: 'deepseek-reasoner' }),
    row('input_cache_miss_tokens', '300'),
    row('output_tokens', '70'),
    row('request_count', '4'),
  ])
  expect(readings).toEqual([[], [], [], [], []])
  expect(requests).toHaveLength(2)
  expect(requests[0]).toMatchObject({
    at: Date.UTC(2026, 7, 1, 10),
    provider: 'deepseek',
    model: 'deepseek-chat',
    user: 'u1',
    key: 'prod',
    aggregateOf: 4,
    usage: {
      inputTokens: 300,
      cacheReadTokens: 1000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 70,
      reasoningTokens: 0,
    },
  })
  expect(requests[1]).toMatchObject({ model: 'deepseek-reasoner', aggregateOf: 0 })
})

it('reads the older export by day', () => {
  const { start_time_iso: _, end_time_iso: __, ...rest } = row('request_count', '2')
  expect(readAll([{ ...rest, utc_date: '2026-08-01' }]).requests).toMatchObject([
    { at: Date.UTC(2026, 7, 1), aggregateOf: 2 },
  ])
})

it('rejects amounts that are no counts', () => {
  expect(readAll([row('output_tokens', '-1')]).readings).toEqual([{ rejected: 'negative-tokens' }])
  expect(readAll([row('output_tokens', 'x')]).readings).toEqual([{ rejected: 'no-amount' }])
  expect(readAll([row('storage', '1')]).readings).toEqual([{ ignored: 'other-amount' }])
})

it('recognises its own columns only', () => {
  expect(deepseek.recognise([row('output_tokens', '1')], 'x')).toBe(1)
  expect(deepseek.recognise([{ type: 'message', usage: {} }], 'x')).toBe(0)
  expect(deepseek.recognise([{ generation_id: 'gen-1', cost_total: '1' }], 'x')).toBe(0)
})
