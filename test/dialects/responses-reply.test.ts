import fc from 'fast-check'
import { expect, test } from 'vitest'
import { responsesDialect } from '../../src/dialects/responses/responses-dialect.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Finish } from '../../src/domain/reply.ts'
import { replies } from '../support/replies.ts'

const message = (...content: readonly JsonObject[]) => ({
  type: 'message',
  role: 'assistant',
  content,
})
const call = { type: 'function_call', id: 'fc', call_id: 'c1', name: 'f', arguments: '{}' }

test('reads a response with all that it has', () => {
  const reply = responsesDialect.readReply({
    id: 'resp_1',
    model: 'gpt-5',
    status: 'completed',
    service_tier: 'default',
    output: [
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'gAAA',
      },
      { type: 'web_search_call', id: 'ws_1' },
      message({ type: 'output_text', text: 'Hi' }),
      call,
    ],
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 60 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 8 },
      total_tokens: 120,
    },
  })
  expect(reply).toEqual({
    id: 'resp_1',
    model: 'gpt-5',
    blocks: [
      { kind: 'reasoning', id: 'rs_1', text: 'hm', signature: 'gAAA', isEncrypted: true },
      { kind: 'foreign', wire: { type: 'web_search_call', id: 'ws_1' }, wording: { as: 'item' } },
      { kind: 'text', text: 'Hi' },
      { kind: 'tool-call', id: 'c1', name: 'f', input: '{}' },
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
    fees: { webSearches: 1 },
    serviceTier: 'default',
  })
})

test.each<readonly [string, JsonObject, Finish]>([
  ['a whole answer', { status: 'completed', output: [] }, 'stop'],
  ['a call', { status: 'completed', output: [call] }, 'tool'],
  [
    'a refusal',
    { status: 'completed', output: [message({ type: 'refusal', refusal: 'No' })] },
    'filtered',
  ],
  [
    'a filter',
    { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    'filtered',
  ],
  [
    'a limit',
    { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [call] },
    'length',
  ],
  ['a failure', { status: 'failed', error: { code: 'server_error' } }, 'other'],
  ['nothing', {}, 'other'],
])('%s', (_, body, finish) => {
  expect(responsesDialect.readReply(body).finish).toBe(finish)
})

test('a reply comes back from the wire, its thoughts with an id', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      const named = {
        ...reply,
        blocks: reply.blocks.map((block) =>
          block.kind === 'reasoning' ? { ...block, id: 'rs_1' } : block,
        ),
      }
      const body = responsesDialect.writeReply(named, { id: 's', model: 's', createdAt: 1 })
      expect(responsesDialect.readReply(JSON.parse(JSON.stringify(body)))).toEqual(named)
    }),
    { numRuns: 300 },
  )
})
