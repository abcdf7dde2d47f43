import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { langfuse } from '../../../src/ingest/formats/langfuse.ts'

const read = (record: JsonObject) => langfuse.start({ path: 'langfuse.jsonl' }).read(record)

const row = {
  id: 'obs-1',
  traceId: 't-1',
  traceName: 'answer-question',
  type: 'GENERATION',
  name: 'llm-call',
  startTime: '2026-08-01T10:00:00.000Z',
  endTime: '2026-08-01T10:00:02.400Z',
  completionStartTime: '2026-08-01T10:00:00.300Z',
  userId: 'u1',
  sessionId: 's1',
  environment: 'production',
  providedModelName: 'gpt-4o-2024-08-06',
  modelId: 'clx-1',
  modelParameters: { temperature: 0 },
  usageDetails: {
    input: 176,
    input_cached_tokens: 1024,
    output: 100,
    output_reasoning_tokens: 200,
    total: 1500,
  },
  costDetails: { input: 0.001, output: 0.003, total: 0.004 },
  totalCost: 0.004,
  input: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is a ledger?' },
  ],
  output: { role: 'assistant', content: 'A book.' },
  latencyMs: 2400,
  timeToFirstTokenMs: 300,
  tags: ['beta'],
  promptName: 'ledger-help',
  promptVersion: 3,
  parentObservationId: 'obs-0',
  level: 'DEFAULT',
}

it('reads a generation whole, its input and output net of cached and reasoning tokens', () => {
  expect(read(row)).toEqual({
    id: 'obs-1',
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 2400,
    firstTokenMs: 300,
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    operation: 'chat',
    status: 'ok',
    user: 'u1',
    session: 's1',
    trace: 't-1',
    feature: 'answer-question',
    promptVersion: 'ledger-help@3',
    tags: new Map([
      ['environment', 'production'],
      ['beta', 'true'],
    ]),
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    params: { temperature: 0 },
    answer: { text: 'A book.' },
    usage: {
      inputTokens: 176,
      cacheReadTokens: 1024,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 300,
      reasoningTokens: 200,
    },
    loggedCostNanoUsd: 4_000_000,
  })
})

it.each(['SPAN', 'AGENT', 'CHAIN', 'TOOL', 'EVENT'])(
  'ignores %s observations, which repeat the totals of those below them',
  (type) => {
    expect(read({ ...row, type })).toEqual({ ignored: type.toLowerCase() })
  },
)

it('reads embeddings', () => {
  const usageDetails = { input: 30, total: 30 }
  expect(read({ ...row, type: 'EMBEDDING', usageDetails })).toMatchObject({
    operation: 'embedding',
    usage: { inputTokens: 30, outputTokens: 0 },
  })
})

it.each([
  ['input_cached_tokens', 'cacheReadTokens'],
  ['input_cache_read', 'cacheReadTokens'],
  ['cache_read_input_tokens', 'cacheReadTokens'],
  ['input_cache_creation', 'cacheWrite5mTokens'],
  ['cache_creation_input_tokens', 'cacheWrite5mTokens'],
  ['input_cache_creation_5m', 'cacheWrite5mTokens'],
  ['input_cache_creation_1h', 'cacheWrite1hTokens'],
])('knows the cache bucket %s', (name, field) => {
  expect(read({ ...row, usageDetails: { input: 10, output: 5, [name]: 90 } })).toMatchObject({
    usage: { inputTokens: 10, outputTokens: 5, [field]: 90 },
  })
})

it('does not count cache writes twice where their total and their parts are given', () => {
  const usageDetails = {
    input: 10,
    output: 5,
    cache_creation_input_tokens: 90,
    input_cache_creation_5m: 60,
    input_cache_creation_1h: 30,
  }
  expect(read({ ...row, usageDetails })).toMatchObject({
    usage: { cacheWrite5mTokens: 60, cacheWrite1hTokens: 30 },
  })
})

it('subtracts where the total shows that the sender had not', () => {
  const usageDetails = { ...row.usageDetails, input: 1200, output: 300 }
  expect(read({ ...row, usageDetails })).toMatchObject({
    usage: { inputTokens: 176, cacheReadTokens: 1024, outputTokens: 300, reasoningTokens: 200 },
  })
})

const old = {
  id: 'obs-2',
  trace_id: 't-2',
  type: 'GENERATION',
  name: 'summarise',
  start_time: '2026-08-01 10:00:00.000',
  end_time: '2026-08-01 10:00:01.000',
  model: 'gpt-4o',
  model_parameters: '{"temperature":0.2}',
  prompt_tokens: '40',
  completion_tokens: '8',
  total_tokens: '48',
  calculated_total_cost: '0.00018',
  input: '[{"role":"user","content":"Hello"}]',
  output: 'Hi.',
}

it('reads old exports in snake_case, also as CSV', () => {
  expect(read(old)).toEqual({
    id: 'obs-2',
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 1000,
    provider: 'openai',
    model: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    trace: 't-2',
    feature: 'summarise',
    prompt: { messages: [{ role: 'user', content: 'Hello' }] },
    params: { temperature: 0.2 },
    answer: { text: 'Hi.' },
    usage: {
      inputTokens: 40,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 8,
      reasoningTokens: 0,
    },
    loggedCostNanoUsd: 180_000,
  })
})

it('reads promptTokens of the old API', () => {
  const { usageDetails: _, ...rest } = row
  const usage = { promptTokens: 40, completionTokens: 8, totalTokens: 48 }
  expect(read({ ...rest, usage })).toMatchObject({ usage: { inputTokens: 40, outputTokens: 8 } })
})

it('takes the API latency, which is in seconds, only without an end', () => {
  const { latencyMs: _, endTime: __, ...rest } = row
  expect(read({ ...rest, latency: 2.4 })).toMatchObject({ latencyMs: 2400 })
})

it('keeps failures', () => {
  expect(read({ ...row, level: 'ERROR', statusMessage: 'rate limited' })).toMatchObject({
    status: 'error',
    error: 'rate limited',
  })
})

it('is recognised, and only it', () => {
  expect(langfuse.recognise([row, old, { ...row, type: 'SPAN' }], 'x')).toBe(1)
  expect(langfuse.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(langfuse.recognise([{ input: {}, output: {} }], 'x')).toBe(0)
})

it('knows sound and pictures, which have prices of their own', () => {
  const usageDetails = {
    input: 100,
    input_audio_tokens: 200,
    input_cached_audio_tokens: 30,
    input_image: 40,
    output: 10,
    output_audio_tokens: 50,
    total: 430,
  }
  expect(read({ ...row, usageDetails })).toMatchObject({
    usage: { inputTokens: 340, cacheReadTokens: 30, outputTokens: 60 },
    fees: {
      inputAudioTokens: 200,
      cacheReadAudioTokens: 30,
      inputImageTokens: 40,
      outputAudioTokens: 50,
    },
  })
})
