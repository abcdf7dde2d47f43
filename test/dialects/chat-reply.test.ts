import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chatDialect } from '../../src/dialects/chat/chat-dialect.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Finish } from '../../src/domain/reply.ts'
import { replies } from '../support/replies.ts'

const answered = (message: JsonObject, finish_reason: string | null, more: JsonObject = {}) => ({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  ...more,
})

test('reads an answer with all that it has', () => {
  const reply = chatDialect.readReply(
    answered(
      {
        content: 'Hi',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      'tool_calls',
      {
        service_tier: 'default',
        usage: {
          prompt_tokens: 100,
          completion_tokens: 20,
          total_tokens: 120,
          prompt_tokens_details: { cached_tokens: 60, audio_tokens: 5 },
          completion_tokens_details: { reasoning_tokens: 8 },
          cost: 0.0125,
        },
      },
    ),
  )
  expect(reply).toEqual({
    id: 'c1',
    model: 'gpt-4o',
    blocks: [
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Hi' },
      { kind: 'tool-call', id: 'a', name: 'f', input: '{}' },
    ],
    finish: 'tool',
    usage: {
      inputTokens: 40,
      cacheReadTokens: 60,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 20,
      reasoningTokens: 8,
    },
    fees: { inputAudioTokens: 5 },
    serviceTier: 'default',
    loggedUsd: 0.0125,
  })
})

test.each<readonly [string | null, JsonObject, Finish]>([
  ['stop', { content: 'a' }, 'stop'],
  ['length', { content: 'a' }, 'length'],
  ['content_filter', { content: '' }, 'filtered'],
  ['stop', { content: null, refusal: 'No.' }, 'filtered'],
  ['stop', { tool_calls: [{ id: 'a', function: { name: 'f', arguments: '' } }] }, 'tool'],
  ['length', { tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{' } }] }, 'length'],
  ['function_call', { function_call: { name: 'f', arguments: '{}' } }, 'tool'],
  ['MAX_TOKENS', { content: 'a' }, 'length'],
  ['constructor', { content: 'a' }, 'other'],
  [null, { content: 'a' }, 'other'],
])('"%s" of %o is %s', (reason, message, finish) => {
  expect(chatDialect.readReply(answered(message, reason)).finish).toBe(finish)
})

test('a refusal is its text; a count that cannot be is a remark', () => {
  const reply = chatDialect.readReply(
    answered({ content: null, refusal: 'No.' }, 'stop', {
      usage: {
        prompt_tokens: 1,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 9 },
      },
    }),
  )
  expect(reply.blocks).toEqual([{ kind: 'text', text: 'No.' }])
  expect(reply.usage).toBeNull()
  expect(reply.warnings).toEqual(['cached-exceeds-input'])
})

test('a body that is no answer is an empty one', () => {
  expect(chatDialect.readReply({})).toEqual({
    id: null,
    model: null,
    blocks: [],
    finish: 'other',
    usage: null,
  })
})

test('a reply comes back from the wire', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      const body = chatDialect.writeReply(reply, { id: 's', model: 's', createdAt: 1 })
      expect(chatDialect.readReply(JSON.parse(JSON.stringify(body)))).toEqual(reply)
    }),
    { numRuns: 300 },
  )
})
