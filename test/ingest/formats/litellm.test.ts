import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { litellm } from '../../../src/ingest/formats/litellm.ts'

const read = (record: JsonObject) => litellm.start({ path: 'litellm.jsonl' }).read(record)

const payload = {
  id: 'chatcmpl-Ab1',
  trace_id: 't-1',
  call_type: 'acompletion',
  stream: true,
  response_cost: 0.0021,
  status: 'success',
  custom_llm_provider: 'openai',
  total_tokens: 1300,
  prompt_tokens: 1200,
  completion_tokens: 100,
  startTime: 1754000000.1,
  endTime: 1754000001.6,
  completionStartTime: 1754000000.4,
  response_time: 0.3,
  model: 'gpt-4o',
  model_group: 'chat',
  model_id: 'deployment-1',
  api_base: 'https://api.openai.com',
  cache_hit: false,
  saved_cache_cost: 0,
  request_tags: ['feature:search', 'beta'],
  end_user: 'u1',
  metadata: {
    user_api_key_alias: 'search-key',
    user_api_key_hash: 'a1b2',
    user_api_key_team_id: 'growth',
    requester_metadata: { plan: 'free', region: 'eu' },
    usage_object: {
      prompt_tokens: 1200,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 1000 },
      completion_tokens_details: { reasoning_tokens: 40 },
    },
  },
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is a ledger?' },
  ],
  response: {
    id: 'chatcmpl-Ab1',
    model: 'gpt-4o-2024-08-06',
    choices: [{ message: { role: 'assistant', content: 'A book.' }, finish_reason: 'stop' }],
  },
  model_parameters: { temperature: 0, stream: true },
}

it('reads a payload whole', () => {
  expect(read(payload)).toEqual({
    id: 'chatcmpl-Ab1',
    responseId: 'chatcmpl-Ab1',
    at: 1754000000100,
    latencyMs: 1500,
    firstTokenMs: 300,
    streamed: true,
    provider: 'openai',
    model: 'gpt-4o',
    requestedModel: 'chat',
    operation: 'chat',
    status: 'ok',
    user: 'u1',
    trace: 't-1',
    feature: 'search',
    plan: 'free',
    team: 'growth',
    key: 'search-key',
    tags: new Map([
      ['feature', 'search'],
      ['beta', 'true'],
      ['region', 'eu'],
    ]),
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    params: { temperature: 0, stream: true },
    answer: { text: 'A book.', finishReason: 'stop' },
    usage: {
      inputTokens: 200,
      cacheReadTokens: 1000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 100,
      reasoningTokens: 40,
    },
    loggedCostNanoUsd: 2_100_000,
  })
})

it('reads times as seconds with a fraction', () => {
  expect(read({ ...payload, startTime: 1754000000.25, endTime: 1754000000.75 })).toMatchObject({
    at: 1754000000250,
    latencyMs: 500,
  })
})

it('does not take response_time, the time to the first token of a stream, for the latency', () => {
  expect(read({ ...payload, response_time: 0.3 })).toMatchObject({ latencyMs: 1500 })
})

it('has no time to the first token where the completion starts when the call ends', () => {
  expect(read({ ...payload, completionStartTime: payload.endTime })).not.toHaveProperty(
    'firstTokenMs',
  )
})

const anthropic = {
  ...payload,
  model: 'claude-sonnet-4-5',
  custom_llm_provider: 'anthropic',
  prompt_tokens: 21_712,
  completion_tokens: 240,
  metadata: {
    usage_object: {
      prompt_tokens: 21_712,
      completion_tokens: 240,
      cache_read_input_tokens: 21_000,
      cache_creation_input_tokens: 700,
      prompt_tokens_details: {
        cached_tokens: 21_000,
        cache_creation_tokens: 700,
        cache_creation_token_details: {
          ephemeral_5m_input_tokens: 500,
          ephemeral_1h_input_tokens: 200,
        },
      },
    },
  },
}

it('subtracts both cache counts from prompt_tokens, for Anthropic too', () => {
  expect(read(anthropic)).toMatchObject({
    provider: 'anthropic',
    usage: {
      inputTokens: 12,
      cacheReadTokens: 21_000,
      cacheWrite5mTokens: 500,
      cacheWrite1hTokens: 200,
      outputTokens: 240,
    },
  })
})

it('takes the counts as separate where the cached ones exceed prompt_tokens', () => {
  expect(read({ ...anthropic, prompt_tokens: 12 })).toMatchObject({
    usage: { inputTokens: 12, cacheReadTokens: 21_000, cacheWrite5mTokens: 500 },
  })
})

it('costs nothing and links to no provider response when LiteLLM answered from its cache', () => {
  const reading = read({
    ...payload,
    id: 'chatcmpl-Ab1_cache_hit1754000009.1',
    cache_hit: true,
    saved_cache_cost: 0.0021,
  })
  expect(reading).toMatchObject({
    id: 'chatcmpl-Ab1_cache_hit1754000009.1',
    servedFromCache: true,
    loggedCostNanoUsd: 0,
  })
  expect(reading).not.toHaveProperty('responseId')
})

it('keeps failures with their error', () => {
  const reading = read({
    ...payload,
    id: '0d3f8a52-7c1e-4a53-9a55-000000000001',
    status: 'failure',
    response_cost: 0,
    completion_tokens: 0,
    error_str: 'litellm.RateLimitError: 429',
    error_information: { error_code: '429', error_class: 'RateLimitError' },
    response: null,
  })
  expect(reading).toMatchObject({
    status: 'error',
    statusCode: 429,
    error: 'litellm.RateLimitError: 429',
    loggedCostNanoUsd: 0,
  })
  expect(reading).not.toHaveProperty('responseId')
})

it('tells a timeout by the class of the exception', () => {
  const failed = { ...payload, status: 'failure', error_information: { error_class: 'Timeout' } }
  expect(read(failed)).toMatchObject({ status: 'timeout' })
})

it('drops redacted bodies, which would all be the same question', () => {
  const reading = read({
    ...payload,
    messages: [{ role: 'user', content: 'redacted-by-litellm' }],
    response: { text: 'redacted-by-litellm' },
  })
  expect(reading).not.toHaveProperty('prompt')
  expect(reading).not.toHaveProperty('answer')
  expect(reading).toMatchObject({ params: { temperature: 0 } })
})

it('names what an Azure deployment runs', () => {
  const reading = read({
    ...payload,
    model: 'eu-chat-prod',
    custom_llm_provider: 'azure',
    model_map_information: { model_map_key: 'azure/gpt-4o', model_map_value: { mode: 'chat' } },
  })
  expect(reading).toMatchObject({ model: 'gpt-4o', provider: 'azure' })
})

it('ignores tool calls through the proxy', () => {
  expect(read({ ...payload, call_type: 'call_mcp_tool' })).toEqual({ ignored: 'tool-call' })
})

it('reads embeddings as such', () => {
  expect(read({ ...payload, call_type: 'aembedding' })).toMatchObject({ operation: 'embedding' })
})

it('is recognised, and only it', () => {
  expect(litellm.recognise([payload], 'x')).toBe(1)
  expect(litellm.recognise([{ standard_logging_object: payload }], 'x')).toBe(1)
  const spend = { request_id: 'r', call_type: 'acompletion', spend: 0.1, startTime: 'x' }
  expect(litellm.recognise([spend], 'x')).toBe(0)
  expect(litellm.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(litellm.recognise([{ request: {}, response: {} }], 'x')).toBe(0)
})
