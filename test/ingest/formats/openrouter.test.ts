import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { openrouter } from '../../../src/ingest/formats/openrouter.ts'
import { openrouterGeneration } from '../../../src/ingest/formats/openrouter-generation.ts'

const readRow = (record: JsonObject) => openrouter.start({ path: 'activity.csv' }).read(record)
const readGeneration = (record: JsonObject) =>
  openrouterGeneration.start({ path: 'generations.jsonl' }).read(record)

const row = {
  generation_id: 'gen-1',
  created_at: '2026-08-01 10:00:00.250',
  cost_total: '0.001078700',
  cost_web_search: '0',
  cost_cache: '0',
  cost_file_processing: '0',
  byok_usage_inference: '0',
  tokens_prompt: '2606',
  tokens_completion: '444',
  tokens_reasoning: '320',
  tokens_cached: '2048',
  model_permaslug: 'openai/gpt-5-mini-2025-08-07',
  provider_name: 'Azure',
  variant: 'standard',
  cancelled: 'false',
  streamed: 'true',
  user: 'u4',
  finish_reason_raw: 'completed',
  finish_reason_normalized: 'stop',
  generation_time_ms: '5907',
  time_to_first_token_ms: '579',
  api_key_disabled: 'false',
  api_key_name: 'prod',
  app_name: 'drafts',
}
const usage = {
  inputTokens: 558,
  cacheReadTokens: 2048,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 444,
  reasoningTokens: 320,
}

it('reads an activity row: cached is part of the prompt, reasoning of the completion', () => {
  expect(readRow(row)).toEqual({
    id: 'gen-1',
    responseId: 'gen-1',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 250),
    provider: 'openrouter',
    model: 'openai/gpt-5-mini-2025-08-07',
    operation: 'chat',
    status: 'ok',
    user: 'u4',
    feature: 'drafts',
    key: 'prod',
    tags: new Map([['provider_name', 'Azure']]),
    answer: { finishReason: 'stop' },
    latencyMs: 5907,
    firstTokenMs: 579,
    streamed: true,
    loggedCostNanoUsd: 1_078_700,
    usage,
  })
})

it("adds what the customer's own key was charged upstream", () => {
  expect(readRow({ ...row, cost_total: '0.0001', byok_usage_inference: '0.002' })).toMatchObject({
    loggedCostNanoUsd: 2_100_000,
  })
})

it('puts the variant into the name that is priced', () => {
  expect(readRow({ ...row, variant: 'free', cost_total: '0' })).toMatchObject({
    model: 'openai/gpt-5-mini-2025-08-07:free',
    loggedCostNanoUsd: 0,
  })
})

it('tells cancelled generations', () => {
  expect(readRow({ ...row, cancelled: 'true' })).toMatchObject({ status: 'cancelled' })
})

const generation = {
  id: 'gen-1',
  created_at: '2026-08-01T10:00:00.250Z',
  model: 'anthropic/claude-sonnet-4.5',
  provider_name: 'Anthropic',
  total_cost: 0.0015,
  usage: 0.0015,
  upstream_inference_cost: null,
  is_byok: false,
  tokens_prompt: 2400,
  tokens_completion: 400,
  native_tokens_prompt: 2606,
  native_tokens_completion: 444,
  native_tokens_reasoning: 320,
  native_tokens_cached: 2048,
  external_user: 'u4',
  service_tier: 'priority',
  data_region: 'eu',
  streamed: true,
  cancelled: false,
  finish_reason: 'length',
  latency: 544,
  generation_time: 1792,
}

it('reads a generation record by its native counts, which are billed', () => {
  expect(readGeneration(generation)).toEqual({
    id: 'gen-1',
    responseId: 'gen-1',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 250),
    provider: 'openrouter',
    model: 'anthropic/claude-sonnet-4.5',
    operation: 'chat',
    status: 'ok',
    user: 'u4',
    region: 'eu',
    serviceTier: 'priority',
    tags: new Map([['provider_name', 'Anthropic']]),
    answer: { finishReason: 'length' },
    latencyMs: 1792,
    firstTokenMs: 544,
    streamed: true,
    loggedCostNanoUsd: 1_500_000,
    usage,
  })
})

it('reads the answer of the API around it', () => {
  expect(readGeneration({ data: generation })).toEqual(readGeneration(generation))
  expect(openrouterGeneration.recognise([{ data: generation }], 'x')).toBe(1)
})

it('adds the upstream cost only where the key was the customer’s own', () => {
  const paid = { ...generation, total_cost: 0.0001, upstream_inference_cost: 0.002 }
  expect(readGeneration({ ...paid, is_byok: true })).toMatchObject({ loggedCostNanoUsd: 2_100_000 })
  expect(readGeneration(paid)).toMatchObject({ loggedCostNanoUsd: 100_000 })
})

it('recognises each of the two and nothing else', () => {
  expect(openrouter.recognise([row], 'x')).toBe(1)
  expect(openrouter.recognise([generation], 'x')).toBe(0)
  expect(openrouterGeneration.recognise([generation], 'x')).toBe(1)
  expect(openrouterGeneration.recognise([row], 'x')).toBe(0)
  const others = [
    { v: 1, model: 'gpt-4o' },
    { id: 'gen-1', object: 'chat.completion', choices: [] },
  ]
  expect(openrouter.recognise(others, 'x')).toBe(0)
  expect(openrouterGeneration.recognise(others, 'x')).toBe(0)
})

it('rejects rows without model or time', () => {
  expect(readRow({ ...row, model_permaslug: '' })).toEqual({ rejected: 'no-model' })
  expect(readRow({ ...row, created_at: '' })).toEqual({ rejected: 'bad-time' })
  expect(readGeneration({ ...generation, model: null })).toEqual({ rejected: 'no-model' })
})
