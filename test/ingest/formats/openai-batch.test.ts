import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { openaiBatch } from '../../../src/ingest/formats/openai-batch.ts'

const input = {
  model: 'gpt-4o-mini',
  messages: [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'Hi' },
  ],
  temperature: 0,
}
const inputs = new Map<string, JsonObject>([['r1', input]])
const read = (record: JsonObject) =>
  openaiBatch.start({ path: 'out.jsonl', batchInput: (id) => inputs.get(id) }).read(record)
const readAlone = (record: JsonObject) => openaiBatch.start({ path: 'out.jsonl' }).read(record)

const body = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_785_578_400,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1200,
    completion_tokens: 30,
    total_tokens: 1230,
    prompt_tokens_details: { cached_tokens: 1024 },
  },
}
const line = {
  id: 'batch_req_1',
  custom_id: 'r1',
  response: { status_code: 200, request_id: 'req_1', body },
  error: null,
}

it('reads an output line as a request of the batch tier, with the prompt of its input line', () => {
  expect(read(line)).toEqual({
    id: 'batch_req_1',
    responseId: 'chatcmpl-1',
    at: Date.UTC(2026, 7, 1, 10),
    provider: 'openai',
    model: 'gpt-4o-mini-2024-07-18',
    requestedModel: 'gpt-4o-mini',
    operation: 'chat',
    status: 'ok',
    statusCode: 200,
    serviceTier: 'batch',
    prompt: { system: 'Be short.', messages: [{ role: 'user', content: 'Hi' }] },
    params: { temperature: 0 },
    answer: { text: 'Hello', finishReason: 'stop' },
    usage: { ...noUsage, inputTokens: 176, cacheReadTokens: 1024, outputTokens: 30 },
  })
})

it('reads an output line without its input file, the prompt then being absent', () => {
  const request = readAlone(line)
  expect(request).toMatchObject({ model: 'gpt-4o-mini-2024-07-18', serviceTier: 'batch' })
  expect(request).not.toHaveProperty('prompt')
})

it('reads Responses and embedding bodies', () => {
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 1_785_578_400,
    model: 'gpt-5-mini',
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello' }] }],
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 40 },
    },
  }
  expect(readAlone({ ...line, response: { status_code: 200, body: response } })).toMatchObject({
    responseId: 'resp_1',
    answer: { text: 'Hello' },
    usage: { inputTokens: 100, outputTokens: 50, reasoningTokens: 40 },
  })
  const embedding = {
    object: 'list',
    model: 'text-embedding-3-small',
    data: [],
    usage: { prompt_tokens: 8, total_tokens: 8 },
  }
  expect(readAlone({ ...line, response: { status_code: 200, body: embedding } })).toMatchObject({
    operation: 'embedding',
    usage: { inputTokens: 8, outputTokens: 0 },
  })
})

it('keeps failed and expired lines, billed nothing, when the input names their model', () => {
  const failed = {
    ...line,
    response: { status_code: 400, body: { error: { code: 'bad', message: 'Too long' } } },
  }
  expect(read(failed)).toMatchObject({
    id: 'batch_req_1',
    model: 'gpt-4o-mini',
    status: 'error',
    statusCode: 400,
    error: 'Too long',
    usage: noUsage,
    serviceTier: 'batch',
  })
  const expired = { ...line, response: null, error: { code: 'batch_expired', message: 'Late' } }
  expect(read(expired)).toMatchObject({ status: 'timeout', error: 'Late', usage: noUsage })
  expect(readAlone(failed)).toEqual({ ignored: 'batch-error' })
})

it('ignores the lines of the input file', () => {
  const asked = { custom_id: 'r1', method: 'POST', url: '/v1/chat/completions', body: input }
  expect(read(asked)).toEqual({ ignored: 'batch-input' })
  expect(openaiBatch.recognise([asked], 'in.jsonl')).toBe(1)
})

it('recognises its own lines only', () => {
  expect(openaiBatch.recognise([line], 'out.jsonl')).toBe(1)
  expect(openaiBatch.recognise([{ request: input, response: body }], 'x')).toBe(0)
  expect(openaiBatch.recognise([{ custom_id: 'r1', result: { type: 'expired' } }], 'x')).toBe(0)
  expect(read({ model: 'gpt-4o' })).toEqual({ rejected: 'not-a-batch-line' })
})
