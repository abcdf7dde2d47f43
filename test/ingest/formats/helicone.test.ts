import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { helicone } from '../../../src/ingest/formats/helicone.ts'

const read = (record: JsonObject) => helicone.start({ path: 'helicone.jsonl' }).read(record)

const row = {
  request_id: '7d1f0a6e-0000-4000-8000-000000000001',
  response_id: '7d1f0a6e-0000-4000-8000-000000000002',
  request_created_at: '2026-08-01T10:00:00.000Z',
  response_created_at: '2026-08-01T10:00:01.400Z',
  response_status: 200,
  request_model: 'gpt-4o',
  response_model: 'gpt-4o-2024-08-06',
  model_override: null,
  provider: 'OPENAI',
  request_path: 'https://api.openai.com/v1/chat/completions',
  request_user_id: 'u1',
  request_properties: { 'Helicone-Session-Id': 's1', Feature: 'search', plan: 'free' },
  delay_ms: 1400,
  time_to_first_token: 320,
  prompt_tokens: 1200,
  prompt_cache_read_tokens: 1000,
  prompt_cache_write_tokens: 0,
  completion_tokens: 100,
  total_tokens: 1300,
  costUSD: 0.0021,
  signed_body_url: 'https://example.com/expired',
}

const usage = {
  inputTokens: 200,
  cacheReadTokens: 1000,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 100,
  reasoningTokens: 0,
}

it('reads a row of the export', () => {
  expect(read(row)).toEqual({
    id: row.request_id,
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 1400,
    firstTokenMs: 320,
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    requestedModel: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    statusCode: 200,
    user: 'u1',
    session: 's1',
    feature: 'search',
    plan: 'free',
    tags: new Map([
      ['Feature', 'search'],
      ['plan', 'free'],
    ]),
    usage,
    loggedCostNanoUsd: 2_100_000,
  })
})

it('gives a row that paging repeated the same id', () => {
  expect(read({ ...row })).toEqual(read(row))
})

it.each([
  ['included, as the total says', 1200, 1300, 200, undefined],
  ['separate, as the total says', 1200, 2300, 1200, undefined],
  ['separate where they exceed the input', 200, 300, 200, undefined],
  ['included with a warning without a total', 1200, undefined, 200, ['inclusive-usage-ambiguous']],
])('reads cached tokens as %s', (_, prompt_tokens, total_tokens, inputTokens, warnings) => {
  const reading = read({ ...row, prompt_tokens, total_tokens })
  expect(reading).toMatchObject({ usage: { ...usage, inputTokens } })
  expect((reading as { warnings?: unknown }).warnings).toEqual(warnings)
})

it('never takes cached tokens from an Anthropic prompt count', () => {
  const claude = { provider: 'ANTHROPIC', response_model: 'claude-haiku-4-5', total_tokens: 1300 }
  expect(read({ ...row, ...claude })).toMatchObject({
    provider: 'anthropic',
    usage: { inputTokens: 1200, cacheReadTokens: 1000 },
  })
})

it('takes the usage of the body where it was exported', () => {
  const body = {
    request: { model: 'gpt-4o', temperature: 0, messages: [{ role: 'user', content: 'Hello' }] },
    response: {
      id: 'chatcmpl-9',
      model: 'gpt-4o-2024-08-06',
      choices: [{ message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 1200,
        completion_tokens: 100,
        prompt_tokens_details: { cached_tokens: 1000 },
      },
    },
  }
  expect(read({ ...row, total_tokens: undefined, body })).toMatchObject({
    responseId: 'chatcmpl-9',
    prompt: { messages: [{ role: 'user', content: 'Hello' }] },
    params: { temperature: 0 },
    answer: { text: 'Hi.', finishReason: 'stop' },
    usage,
  })
})

const csv = {
  response_id: 'r-2',
  response_created_at: '2026-08-01 10:00:02.5',
  response_status: '200',
  request_created_at: '2026-08-01 10:00:00',
  request_body: JSON.stringify('{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'),
  request_properties: '{""Helicone-Session-Id"":""s2"",""team"":""growth""}',
  request_user_id: 'u2',
  model: 'gpt-4o',
  prompt_tokens: '20',
  completion_tokens: '5',
  latency: '2.5',
  cost: '0.0001',
}

it('reads the twelve columns of the CSV, whose JSON is escaped twice', () => {
  expect(read(csv)).toEqual({
    id: 'r-2',
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 2500,
    provider: 'openai',
    model: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    statusCode: 200,
    user: 'u2',
    session: 's2',
    team: 'growth',
    tags: new Map([['team', 'growth']]),
    prompt: { messages: [{ role: 'user', content: 'Hello' }] },
    usage: { ...usage, inputTokens: 20, cacheReadTokens: 0, outputTokens: 5 },
    loggedCostNanoUsd: 100_000,
  })
})

it('keeps failures and calls that were given up', () => {
  expect(read({ ...row, response_status: 429 })).toMatchObject({ status: 'error', statusCode: 429 })
  expect(read({ ...row, response_status: -3 })).toMatchObject({ status: 'cancelled' })
})

it('costs nothing where a cached response was served', () => {
  const reference = '7d1f0a6e-0000-4000-8000-00000000000a'
  expect(read({ ...row, cache_reference_id: reference })).toMatchObject({
    servedFromCache: true,
    loggedCostNanoUsd: 0,
  })
})

it('is recognised, and only it', () => {
  expect(helicone.recognise([row, csv], 'x')).toBe(1)
  expect(helicone.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(helicone.recognise([{ request_body: {}, response_body: {} }], 'x')).toBe(0)
})
