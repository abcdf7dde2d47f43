import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { anthropicBatch } from '../../../src/ingest/formats/anthropic-batch.ts'

const read = (record: JsonObject) => anthropicBatch.start({ path: 'results.jsonl' }).read(record)

const params = {
  model: 'claude-haiku-4-5',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Hi' }],
}
const readWithInput = (record: JsonObject) =>
  anthropicBatch
    .start({ path: 'results.jsonl', batchInput: () => ({ custom_id: 'r1', params }) })
    .read(record)

const message = {
  id: 'msg_01A',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'max_tokens',
  usage: {
    input_tokens: 40,
    cache_creation_input_tokens: 900,
    cache_read_input_tokens: 7000,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 900 },
    output_tokens: 64,
    service_tier: 'batch',
  },
}
const line = { custom_id: 'r1', result: { type: 'succeeded', message } }

it('reads a result as an undated request of the batch tier, counts disjoint as they come', () => {
  expect(read(line)).toEqual({
    id: 'msg_01A',
    responseId: 'msg_01A',
    provider: 'anthropic',
    model: 'claude-haiku-4-5-20251001',
    operation: 'chat',
    status: 'ok',
    serviceTier: 'batch',
    answer: { text: 'Hello', finishReason: 'length' },
    usage: {
      inputTokens: 40,
      cacheReadTokens: 7000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 900,
      outputTokens: 64,
      reasoningTokens: 0,
    },
  })
})

it('ignores results without usage whose model is unknown, by how they ended', () => {
  const error = { type: 'error', error: { type: 'invalid_request_error', message: 'Too long' } }
  expect(read({ custom_id: 'r2', result: { type: 'errored', error } })).toEqual({
    ignored: 'batch-errored',
  })
  expect(read({ custom_id: 'r3', result: { type: 'canceled' } })).toEqual({
    ignored: 'batch-canceled',
  })
  expect(read({ custom_id: 'r4', result: { type: 'expired' } })).toEqual({
    ignored: 'batch-expired',
  })
})

it('keeps them, billed nothing, where the input tells the model', () => {
  const error = { type: 'error', error: { type: 'api_error', message: 'Overloaded' } }
  expect(readWithInput({ custom_id: 'r1', result: { type: 'errored', error } })).toMatchObject({
    id: 'r1',
    model: 'claude-haiku-4-5',
    status: 'error',
    error: 'Overloaded',
    usage: noUsage,
    prompt: { messages: [{ role: 'user', content: 'Hi' }] },
    params: { max_tokens: 64 },
  })
  expect(readWithInput({ custom_id: 'r1', result: { type: 'expired' } })).toMatchObject({
    status: 'timeout',
  })
  expect(readWithInput({ custom_id: 'r1', result: { type: 'canceled' } })).toMatchObject({
    status: 'cancelled',
  })
})

it('recognises results and inputs of batches only', () => {
  expect(anthropicBatch.recognise([line], 'x')).toBe(1)
  expect(anthropicBatch.recognise([{ custom_id: 'r1', params }], 'x')).toBe(1)
  expect(read({ custom_id: 'r1', params })).toEqual({ ignored: 'batch-input' })
  expect(anthropicBatch.recognise([{ custom_id: 'r1', response: {}, error: null }], 'x')).toBe(0)
  expect(anthropicBatch.recognise([{ request: params, response: message }], 'x')).toBe(0)
  expect(read({ custom_id: 'r1' })).toEqual({ rejected: 'not-a-batch-result' })
  expect(read({ custom_id: 'r1', result: { type: 'succeeded' } })).toEqual({
    rejected: 'no-answer',
  })
})
