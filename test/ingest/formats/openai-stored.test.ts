import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { openaiStored } from '../../../src/ingest/formats/openai-stored.ts'

const read = (record: JsonObject) => openaiStored.start({ path: 'stored.jsonl' }).read(record)

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_785_578_400,
  model: 'gpt-4o-2024-08-06',
  request_id: 'req_1',
  service_tier: 'default',
  temperature: 0.2,
  top_p: 1,
  seed: null,
  input_user: 'u1',
  metadata: { feature: 'search', release: '9' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 2000,
    completion_tokens: 30,
    prompt_tokens_details: { cached_tokens: 1536 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
}

it('reads a stored completion, its time in seconds, its settings and metadata', () => {
  expect(read(completion)).toEqual({
    id: 'chatcmpl-1',
    responseId: 'chatcmpl-1',
    at: Date.UTC(2026, 7, 1, 10),
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    operation: 'chat',
    status: 'ok',
    user: 'u1',
    feature: 'search',
    tags: new Map([['release', '9']]),
    serviceTier: 'default',
    params: { temperature: 0.2, top_p: 1 },
    answer: { text: 'Hello', finishReason: 'stop' },
    usage: { ...noUsage, inputTokens: 464, cacheReadTokens: 1536, outputTokens: 30 },
  })
})

it('reads whole pages of the list', () => {
  const other = { ...completion, id: 'chatcmpl-2' }
  const page = { object: 'list', data: [completion, other], has_more: false }
  expect(read(page)).toMatchObject([{ id: 'chatcmpl-1' }, { id: 'chatcmpl-2' }])
  expect(read({ object: 'list', data: [] })).toEqual({ ignored: 'empty-page' })
  expect(openaiStored.recognise([page], 'x')).toBe(0.95)
})

it('rejects counts that contradict each other', () => {
  const usage = { ...completion.usage, prompt_tokens: 10 }
  expect(read({ ...completion, usage })).toEqual({ rejected: 'cached-exceeds-input' })
})

it('recognises stored completions, not bare responses or pairs', () => {
  const { request_id: _, metadata: __, input_user: ___, ...bare } = completion
  expect(openaiStored.recognise([completion], 'x')).toBe(0.95)
  expect(openaiStored.recognise([bare], 'x')).toBe(0)
  expect(openaiStored.recognise([{ request: {}, response: completion }], 'x')).toBe(0)
  expect(read({ object: 'embedding' })).toEqual({ rejected: 'not-a-completion' })
})
