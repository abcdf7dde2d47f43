import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMessagesRequest } from '../../src/dialects/anthropic-messages.ts'
import type { AskedBody } from '../../src/dialects/body.ts'
import { dialectOf } from '../../src/dialects/dialects.ts'
import { readChatRequest } from '../../src/dialects/openai-chat.ts'
import { readResponsesRequest } from '../../src/dialects/openai-responses.ts'
import { callOfRequest } from '../../src/dialects/stored-call.ts'
import type { DialectName } from '../../src/domain/call.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Request } from '../../src/domain/request.ts'
import { calls } from '../support/common-calls.ts'
import { bare } from '../support/dialect-contract.ts'

type Way = {
  readonly name: DialectName
  readonly provider: string
  readonly read: (body: JsonObject) => AskedBody
  readonly bodies: Readonly<Record<string, JsonObject>>
}

const schema = { type: 'object', properties: {} }
const image = 'data:image/png;base64,iVBORw0KGgo='

const ways: readonly Way[] = [
  {
    name: 'openai-chat',
    provider: 'openai',
    read: readChatRequest,
    bodies: {
      plain: { messages: [{ role: 'user', content: 'Hi' }] },
      instructed: {
        messages: [
          { role: 'developer', content: 'Be brief.' },
          { role: 'system', content: [{ type: 'text', text: 'And kind.' }] },
          { role: 'user', name: 'Ann', content: 'Hi' },
          { role: 'system', content: 'Now in French.' },
        ],
        temperature: 0.2,
        seed: 7,
        logit_bias: { '1': 2 },
        stream: true,
      },
      tools: {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: image } }] },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_1', content: '3' },
        ],
        tools: [{ type: 'function', function: { name: 'add', parameters: schema } }],
        tool_choice: 'required',
      },
      functions: {
        messages: [{ role: 'user', content: 'Hi' }],
        functions: [{ name: 'add', parameters: schema }],
      },
    },
  },
  {
    name: 'openai-responses',
    provider: 'openai',
    read: readResponsesRequest,
    bodies: {
      items: {
        instructions: 'Be brief.',
        max_output_tokens: 50,
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
          { type: 'function_call', call_id: 'call_1', name: 'add', arguments: '{"a":1}' },
          { type: 'function_call_output', call_id: 'call_1', output: '3' },
        ],
        tools: [{ type: 'function', name: 'add', parameters: schema, strict: true }],
      },
      text: { input: 'Hi', text: { verbosity: 'low' } },
    },
  },
  {
    name: 'anthropic-messages',
    provider: 'anthropic',
    read: readMessagesRequest,
    bodies: {
      plain: { max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] },
      tools: {
        max_tokens: 10,
        system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        messages: [
          { role: 'user', content: 'Add.' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm', signature: 's' },
              { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '3' }],
          },
        ],
        tools: [{ name: 'add', input_schema: schema }],
        thinking: { type: 'enabled', budget_tokens: 2048 },
        metadata: { user_id: 'u' },
      },
    },
  },
]

const requestOf = ({ model = 'm', ...asked }: AskedBody, provider: string): Request => ({
  ...asked,
  model,
  provider,
  operation: 'chat',
  status: 'ok',
})

describe.each(ways)('$name', ({ name, provider, read, bodies }) => {
  const { readCall, writeCall } = dialectOf(name)

  test.each(Object.entries(bodies))('a logged body is a call again: %s', (_name, fields) => {
    const body = { model: 'm', ...fields }
    expect(bare(callOfRequest(requestOf(read(body), provider)))).toEqual(bare(readCall(body)))
  })

  test('any call that was logged is a call again', () => {
    fc.assert(
      fc.property(calls(name, { isMarked: name === 'anthropic-messages' }), (call) => {
        const body: JsonObject = JSON.parse(JSON.stringify(writeCall(call).body))
        expect(bare(callOfRequest(requestOf(read(body), provider)))).toEqual(bare(readCall(body)))
      }),
    )
  })
})

test('a gateway that speaks for Claude in chat keeps its dialect', () => {
  const body: JsonObject = {
    model: 'claude-sonnet-4-5',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'tool', tool_call_id: 'a', content: 'x' } as Json,
    ],
  }
  expect(callOfRequest(requestOf(readChatRequest(body), 'anthropic'))?.origin).toBe('openai-chat')
})

test('the model that was asked for is asked again, not the one that answered', () => {
  const asked = requestOf(
    readChatRequest({ messages: [{ role: 'user', content: 'Hi' }] }),
    'openai',
  )
  const request = { ...asked, model: 'gpt-5-2025-08-07', requestedModel: 'gpt-5' }
  expect(callOfRequest(request)?.model).toBe('gpt-5')
})

test('without a prompt there is no call', () => {
  const bare: Request = { model: 'm', operation: 'chat', status: 'ok' }
  expect(callOfRequest(bare)).toBeNull()
  const embedding = { ...bare, operation: 'embedding' as const, prompt: { messages: [] } }
  expect(callOfRequest(embedding)).toBeNull()
})
