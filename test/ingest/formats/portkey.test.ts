import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { portkey } from '../../../src/ingest/formats/portkey.ts'

const read = (record: JsonObject) => portkey.start({ path: 'portkey.jsonl' }).read(record)

const row = {
  id: 'pk-1',
  trace_id: 't-1',
  created_at: '2026-08-01T10:00:00.000Z',
  request: {
    model: 'gpt-4o',
    temperature: 0,
    messages: [{ role: 'user', content: 'What is a ledger?' }],
  },
  response: {
    id: 'chatcmpl-5',
    model: 'gpt-4o-2024-08-06',
    choices: [{ message: { role: 'assistant', content: 'A book.' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 1200,
      completion_tokens: 100,
      total_tokens: 1300,
      prompt_tokens_details: { cached_tokens: 1000 },
    },
  },
  ai_org: 'openai',
  ai_model: 'gpt-4o-2024-08-06',
  req_units: 1200,
  res_units: 100,
  total_units: 1300,
  request_url: 'https://api.openai.com/v1/chat/completions',
  cost: 0.21,
  cost_currency: 'USD',
  response_time: 1400,
  response_status_code: 200,
  config: 'pc-1',
  prompt_slug: 'ledger-help',
  metadata: { _user: 'u1', feature: 'search', region: 'eu' },
}

it('reads a row whole', () => {
  expect(read(row)).toEqual({
    id: 'pk-1',
    responseId: 'chatcmpl-5',
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 1400,
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    requestedModel: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    statusCode: 200,
    user: 'u1',
    trace: 't-1',
    feature: 'search',
    promptVersion: 'ledger-help',
    tags: new Map([['region', 'eu']]),
    prompt: { messages: [{ role: 'user', content: 'What is a ledger?' }] },
    params: { temperature: 0 },
    answer: { text: 'A book.', finishReason: 'stop' },
    usage: {
      inputTokens: 200,
      cacheReadTokens: 1000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 100,
      reasoningTokens: 0,
    },
    loggedCostNanoUsd: 2_100_000,
  })
})

it('reads cost as cents', () => {
  expect(read({ ...row, cost: 150 })).toMatchObject({ loggedCostNanoUsd: 1_500_000_000 })
  expect(read({ ...row, cost: '0.0000375' })).toMatchObject({ loggedCostNanoUsd: 375 })
})

it('takes no cost in another currency', () => {
  expect(read({ ...row, cost_currency: 'EUR' })).not.toHaveProperty('loggedCostNanoUsd')
})

it('finds cache buckets only inside the response', () => {
  expect(read({ ...row, response: undefined })).toMatchObject({
    usage: { inputTokens: 1200, cacheReadTokens: 0, outputTokens: 100 },
  })
})

it('reads Anthropic counts beside prompt_tokens as the total says', () => {
  const usage = {
    prompt_tokens: 12,
    completion_tokens: 240,
    total_tokens: 952,
    cache_read_input_tokens: 500,
    cache_creation_input_tokens: 200,
  }
  const claude = { ai_org: 'anthropic', ai_model: 'claude-haiku-4-5' }
  const of = (counts: JsonObject) =>
    read({ ...row, ...claude, response: { ...row.response, usage: counts } })
  const disjoint = { inputTokens: 12, cacheReadTokens: 500, cacheWrite5mTokens: 200 }
  expect(of(usage)).toMatchObject({ provider: 'anthropic', usage: disjoint })
  expect(of({ ...usage, prompt_tokens: 712 })).toMatchObject({ usage: disjoint })
})

it('reads bodies kept as text and metadata kept as text', () => {
  const text = {
    ...row,
    request: JSON.stringify(row.request),
    response: JSON.stringify(row.response),
    metadata: JSON.stringify(row.metadata),
  }
  expect(read(text)).toEqual(read(row))
})

it('reads rows from which fields were withheld', () => {
  const { id, created_at, ai_org, ai_model, cost } = row
  expect(read({ id, created_at, ai_org, ai_model, cost })).toMatchObject({
    id: 'pk-1',
    model: 'gpt-4o-2024-08-06',
    loggedCostNanoUsd: 2_100_000,
  })
  expect(read({ id, created_at, ai_org, cost })).toEqual({ rejected: 'no-model' })
})

it('keeps failures', () => {
  const failed = {
    ...row,
    response_status_code: 429,
    response: { error: { message: 'slow down' } },
    req_units: 0,
    res_units: 0,
    cost: 0,
  }
  expect(read(failed)).toMatchObject({ status: 'error', statusCode: 429, error: 'slow down' })
})

it('costs nothing where a cached response was served', () => {
  const reading = read({ ...row, cache_status: 'SEMANTIC HIT' })
  expect(reading).toMatchObject({ servedFromCache: true, loggedCostNanoUsd: 0 })
  expect(reading).not.toHaveProperty('responseId')
  expect(read({ ...row, cache_status: 'MISS' })).not.toHaveProperty('servedFromCache')
})

it('is recognised, and only it', () => {
  expect(portkey.recognise([row], 'x')).toBe(1)
  expect(portkey.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(portkey.recognise([{ request: {}, response: {}, cost: 1 }], 'x')).toBe(0)
})
