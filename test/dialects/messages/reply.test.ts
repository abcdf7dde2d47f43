import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messagesDialect } from '../../../src/dialects/messages/messages-dialect.ts'
import type { Json } from '../../../src/domain/json.ts'
import { replies } from '../../support/streamed-replies.ts'

const { readReply, writeReply } = messagesDialect
const stamp = { id: 'msg_0', model: 'm', createdAt: 0 }

test('an answer is read back as it was written', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      expect(readReply(JSON.parse(JSON.stringify(writeReply(reply, stamp))))).toEqual(reply)
    }),
  )
})

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool'],
  ['refusal', 'filtered'],
  ['pause_turn', 'pause'],
  ['of_tomorrow', 'other'],
  ['constructor', 'other'],
  [null, 'other'],
])('stop reason %s is "%s"', (stop_reason, finish) => {
  expect(readReply({ content: [], stop_reason }).finish).toBe(finish)
})

test('counts are disjoint on the wire; what ran at Anthropic is kept and billed', () => {
  const searched: Json = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
  const body = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [searched, { type: 'text', text: 'T' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 1,
      cache_creation_input_tokens: 5,
      cache_read_input_tokens: 4,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 3 },
      output_tokens: 6,
      server_tool_use: { web_search_requests: 2 },
      service_tier: 'standard',
    },
  }
  const reply = readReply(body)
  expect(reply).toMatchObject({ fees: { webSearches: 2 }, serviceTier: 'standard' })
  expect(writeReply(reply, stamp)).toEqual(body)
})

test('citations are left out of an answer, its text is not', () => {
  const content = [{ type: 'text', text: 'T', citations: [{ type: 'char_location' }] }]
  expect(readReply({ content }).blocks).toEqual([{ kind: 'text', text: 'T' }])
})

test('an answer without id, model and counts is given what the stamp has', () => {
  const reply = { id: null, model: null, blocks: [], finish: 'stop', usage: null } as const
  const body = writeReply(reply, stamp)
  expect(body).toMatchObject({ id: 'msg_0', model: 'm', usage: { input_tokens: 0 } })
  expect(readReply(body)).toMatchObject({ usage: null })
})
