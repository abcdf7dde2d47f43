import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { cloudflare } from '../../../src/ingest/formats/cloudflare.ts'

const read = (record: JsonObject) => cloudflare.start({ path: 'logs.json' }).read(record)

const entry = {
  id: '01K1',
  created_at: '2026-08-01T10:00:00.250Z',
  provider: 'azure-openai',
  model: 'gpt-4o-mini',
  model_type: 'chat',
  path: 'chat/completions',
  step: 0,
  cached: false,
  cost: 0.0002073,
  custom_cost: false,
  duration: 3328,
  tokens_in: 374,
  tokens_out: 252,
  status_code: 200,
  success: true,
  metadata: '{"user":"u4","feature":"search","release":"9"}',
}

it('reads an entry, its metadata being JSON text', () => {
  expect(read(entry)).toEqual({
    id: '01K1',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 250),
    provider: 'azure',
    model: 'gpt-4o-mini',
    operation: 'chat',
    status: 'ok',
    statusCode: 200,
    user: 'u4',
    feature: 'search',
    tags: new Map([['release', '9']]),
    latencyMs: 3328,
    loggedCostNanoUsd: 207_300,
    usage: { ...noUsage, inputTokens: 374, outputTokens: 252 },
  })
})

it('counts a cached answer as free, whatever its row says', () => {
  expect(read({ ...entry, cached: true, cost: 0.0002073 })).toMatchObject({
    servedFromCache: true,
    loggedCostNanoUsd: 0,
  })
})

it('tags the step of a fallback', () => {
  expect(read({ ...entry, step: 1 })).toMatchObject({
    tags: new Map([
      ['release', '9'],
      ['step', '1'],
    ]),
  })
})

it('knows no usage of a failed call that says zero', () => {
  const failed = {
    ...entry,
    success: false,
    status_code: 429,
    tokens_in: 0,
    tokens_out: 0,
    cost: 0,
  }
  const request = read(failed)
  expect(request).toMatchObject({ status: 'error', statusCode: 429 })
  expect(request).not.toHaveProperty('usage')
})

it('takes cached tokens and text from bodies that are whole, nothing from bodies cut off', () => {
  const request = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
  const response = {
    id: 'chatcmpl-1',
    choices: [{ message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 374,
      completion_tokens: 252,
      prompt_tokens_details: { cached_tokens: 256 },
    },
  }
  const bodies = { request_head: JSON.stringify(request), response_head: JSON.stringify(response) }
  expect(read({ ...entry, ...bodies })).toMatchObject({
    responseId: 'chatcmpl-1',
    prompt: { messages: [{ role: 'user', content: 'Hi' }] },
    answer: { text: 'Hello', finishReason: 'stop' },
    usage: { inputTokens: 118, cacheReadTokens: 256, outputTokens: 252 },
  })
  const cut = { request_head: '{"model":"gpt-4o-mini","messages":[{"role":"us' }
  expect(read({ ...entry, ...cut })).toEqual(read(entry))
})

it("reads the API's whole answer", () => {
  const page = { success: true, result: [entry, { ...entry, id: '01K2' }] }
  expect(read(page)).toMatchObject([{ id: '01K1' }, { id: '01K2' }])
  expect(cloudflare.recognise([page], 'x')).toBe(1)
  expect(read({ success: true, result: [] })).toEqual({ ignored: 'empty-page' })
})

it('recognises its own entries only', () => {
  expect(cloudflare.recognise([entry], 'x')).toBe(1)
  expect(cloudflare.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(cloudflare.recognise([{ call_type: 'acompletion', response_cost: 1 }], 'x')).toBe(0)
  expect(read({ ...entry, model: '' })).toEqual({ rejected: 'no-model' })
})
