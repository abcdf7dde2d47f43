import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { litellmSpend } from '../../../src/ingest/formats/litellm-spend.ts'

const read = (record: JsonObject) => litellmSpend.start({ path: 'spend.csv' }).read(record)

const row = {
  request_id: 'chatcmpl-Cd2',
  call_type: 'acompletion',
  api_key: '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b',
  spend: 0.00345,
  total_tokens: 1300,
  prompt_tokens: 1200,
  completion_tokens: 100,
  startTime: '2026-08-01T10:00:00.100Z',
  endTime: '2026-08-01T10:00:01.600Z',
  completionStartTime: '2026-08-01T10:00:00.400Z',
  model: 'gpt-4o',
  model_group: 'chat',
  model_id: 'deployment-1',
  custom_llm_provider: 'openai',
  api_base: 'https://api.openai.com',
  user: 'owner-1',
  metadata: {
    user_api_key_alias: 'search-key',
    user_api_key_team_id: 'growth',
    usage_object: { prompt_tokens: 1200, prompt_tokens_details: { cached_tokens: 1000 } },
  },
  cache_hit: 'False',
  cache_key: 'Cache OFF',
  request_tags: ['feature:search'],
  team_id: 'growth',
  organization_id: 'acme',
  end_user: 'u1',
  session_id: 's1',
  status: 'success',
  messages: {},
  response: {},
}

it('reads a row of the table', () => {
  expect(read(row)).toEqual({
    id: 'chatcmpl-Cd2',
    responseId: 'chatcmpl-Cd2',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 100),
    latencyMs: 1500,
    firstTokenMs: 300,
    provider: 'openai',
    model: 'gpt-4o',
    requestedModel: 'chat',
    operation: 'chat',
    status: 'ok',
    user: 'u1',
    session: 's1',
    trace: 's1',
    feature: 'search',
    team: 'growth',
    namespace: 'acme',
    key: 'search-key',
    tags: new Map([['feature', 'search']]),
    usage: {
      inputTokens: 200,
      cacheReadTokens: 1000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 100,
      reasoningTokens: 0,
    },
    loggedCostNanoUsd: 3_450_000,
  })
})

it('reads a CSV row, whose columns are all text', () => {
  const csv = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
  expect(read(csv)).toEqual(read(row))
})

it('reads the times of Postgres, in UTC without a zone', () => {
  expect(
    read({ ...row, startTime: '2026-08-01 10:00:00.1', endTime: '2026-08-01 10:00:00.35' }),
  ).toMatchObject({ at: Date.UTC(2026, 7, 1, 10, 0, 0, 100), latencyMs: 250 })
})

it('reads cache_hit, which is a string', () => {
  const hit = read({ ...row, request_id: 'chatcmpl-Cd2_cache_hit1754.2', cache_hit: 'True' })
  expect(hit).toMatchObject({ servedFromCache: true, loggedCostNanoUsd: 0 })
  expect(hit).not.toHaveProperty('responseId')
  expect(read({ ...row, cache_hit: 'None' })).not.toHaveProperty('servedFromCache')
  expect(read({ ...row, cache_hit: 'False' })).not.toHaveProperty('servedFromCache')
})

it('takes {} for bodies that were not stored', () => {
  const reading = read(row)
  expect(reading).not.toHaveProperty('prompt')
  expect(reading).not.toHaveProperty('answer')
})

it('reads bodies where they are stored', () => {
  const reading = read({
    ...row,
    messages: '[{"role":"user","content":"What is a ledger?"}]',
    response: '{"choices":[{"message":{"content":"A book."},"finish_reason":"stop"}]}',
  })
  expect(reading).toMatchObject({
    prompt: { messages: [{ role: 'user', content: 'What is a ledger?' }] },
    answer: { text: 'A book.', finishReason: 'stop' },
  })
})

it('reads the prompt from the request that the proxy got where messages is {}', () => {
  const body = { model: 'chat', temperature: 0, messages: [{ role: 'user', content: 'Hello' }] }
  expect(read({ ...row, proxy_server_request: body })).toMatchObject({
    prompt: { messages: [{ role: 'user', content: 'Hello' }] },
    params: { temperature: 0 },
  })
})

it('gives the rows of a retried request one trace and their own ids', () => {
  const failed = {
    ...row,
    request_id: '5b7d7f0e-0000-4000-8000-000000000001',
    status: 'failure',
    spend: 0,
    metadata: { error_information: { error_code: '500', error_message: 'upstream' } },
  }
  expect([read(failed), read(row)]).toMatchObject([
    { id: failed.request_id, trace: 's1', status: 'error', statusCode: 500, error: 'upstream' },
    { id: 'chatcmpl-Cd2', trace: 's1', status: 'ok' },
  ])
  expect(read(failed)).not.toHaveProperty('responseId')
})

it('subtracts the cache counts of older rows, kept as additional_usage_values', () => {
  const metadata = {
    additional_usage_values: { cache_read_input_tokens: 900, cache_creation_input_tokens: 200 },
  }
  expect(read({ ...row, model: 'claude-sonnet-4-5', metadata })).toMatchObject({
    usage: { inputTokens: 100, cacheReadTokens: 900, cacheWrite5mTokens: 200 },
  })
})

it('is recognised, and only it', () => {
  expect(litellmSpend.recognise([row], 'x')).toBe(1)
  const payload = { id: 'x', call_type: 'acompletion', response_cost: 1, startTime: 1 }
  expect(litellmSpend.recognise([payload], 'x')).toBe(0)
  expect(litellmSpend.recognise([{ request: {}, response: {} }], 'x')).toBe(0)
})
