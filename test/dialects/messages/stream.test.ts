import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StreamEvent } from '../../../src/dialects/dialect.ts'
import { foldParts, partsOfReply } from '../../../src/dialects/fold-parts.ts'
import { messagesDialect } from '../../../src/dialects/messages/messages-dialect.ts'
import { openEventReader } from '../../../src/dialects/sse.ts'
import type { Json, JsonObject } from '../../../src/domain/json.ts'
import type { Part } from '../../../src/domain/reply.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { replies } from '../../support/streamed-replies.ts'

const stamp = { id: 'msg_0', model: 'm', createdAt: 0 }

function partsOf(events: readonly StreamEvent[]): readonly Part[] {
  const reader = messagesDialect.openPartReader()
  return [...events.flatMap((event) => reader.read(event)), ...reader.end()]
}

const eventsOf = (...wires: readonly JsonObject[]): readonly StreamEvent[] =>
  wires.map((wire) => ({ event: String(wire['type']), data: JSON.stringify(wire) }))

function written(parts: readonly Part[]): string {
  const writer = messagesDialect.openPartWriter(stamp)
  return parts.map((part) => writer.write(part)).join('')
}

function eventsIn(text: string): readonly StreamEvent[] {
  const reader = openEventReader()
  return [...reader.read(new TextEncoder().encode(text)), ...reader.end()]
}

const start = (usage: JsonObject = { input_tokens: 10, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', usage },
})
const begin = (index: number, content_block: JsonObject) => ({
  type: 'content_block_start',
  index,
  content_block,
})
const delta = (index: number, fields: JsonObject) => ({
  type: 'content_block_delta',
  index,
  delta: fields,
})
const end = (index: number) => ({ type: 'content_block_stop', index })
const last = (stop_reason: Json, usage: JsonObject = { output_tokens: 20 }) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
})
const stop = { type: 'message_stop' }

const whole = eventsOf(
  start(),
  begin(0, { type: 'thinking', thinking: '', signature: '' }),
  { type: 'ping' },
  delta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
  delta(0, { type: 'signature_delta', signature: 'sig' }),
  end(0),
  begin(1, { type: 'redacted_thinking', data: 'enc' }),
  end(1),
  begin(2, { type: 'text', text: '' }),
  delta(2, { type: 'text_delta', text: 'Let me ' }),
  delta(2, { type: 'text_delta', text: 'see.' }),
  delta(2, { type: 'citations_delta', citation: {} }),
  end(2),
  begin(3, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
  delta(3, { type: 'input_json_delta', partial_json: '{"query"' }),
  end(3),
  begin(4, { type: 'tool_use', id: 'toolu_1', name: 'add', input: {} }),
  delta(4, { type: 'input_json_delta', partial_json: '' }),
  delta(4, { type: 'input_json_delta', partial_json: '{"a":' }),
  delta(4, { type: 'input_json_delta', partial_json: '1}' }),
  end(4),
  begin(5, { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} }),
  end(5),
  { type: 'event_of_tomorrow' },
  last('tool_use'),
  stop,
)

test('a native stream folds to the answer', () => {
  expect(foldParts(partsOf(whole))).toEqual({
    fault: null,
    reply: {
      id: 'msg_1',
      model: 'claude',
      blocks: [
        { kind: 'reasoning', text: 'Hm.', signature: 'sig' },
        { kind: 'reasoning', text: '', signature: 'enc', isEncrypted: true },
        { kind: 'text', text: 'Let me see.' },
        { kind: 'tool-call', id: 'toolu_1', name: 'add', input: '{"a":1}' },
        { kind: 'tool-call', id: 'toolu_2', name: 'now', input: '' },
      ],
      finish: 'tool',
      usage: {
        inputTokens: 10,
        cacheReadTokens: 0,
        cacheWrite5mTokens: 0,
        cacheWrite1hTokens: 0,
        outputTokens: 20,
        reasoningTokens: 0,
      },
    },
  })
})

test('reader, writer, reader give the same parts', () => {
  const parts = partsOf(whole)
  expect(partsOf(eventsIn(written(parts)))).toEqual(parts)
  fc.assert(
    fc.property(replies, (reply) => {
      const first = partsOf(eventsIn(written(partsOfReply(reply))))
      expect(partsOf(eventsIn(written(first)))).toEqual(first)
      expect(foldParts(first)).toEqual({ reply, fault: null })
    }),
  )
})

test('what is known of the usage before the answer is in the first event', () => {
  const usageAtStart = { ...noUsage, inputTokens: 7, cacheReadTokens: 5 }
  const writer = messagesDialect.openPartWriter({ ...stamp, usageAtStart })
  const [first] = eventsIn(writer.write({ kind: 'start', id: null, model: null }))
  expect(JSON.parse(first?.data ?? '')).toMatchObject({
    message: { usage: { input_tokens: 7, cache_read_input_tokens: 5, output_tokens: 0 } },
  })
})

test('events are in the native order, blocks one after the other', () => {
  const types = eventsIn(written(partsOf(whole))).map(({ event, data }) => {
    const { type, index } = JSON.parse(data)
    expect(type).toBe(event)
    return index === undefined ? type : `${type} ${index}`
  })
  expect(types).toEqual([
    'message_start',
    'content_block_start 0',
    'content_block_delta 0',
    'content_block_delta 0',
    'content_block_stop 0',
    'content_block_start 1',
    'content_block_stop 1',
    'content_block_start 2',
    'content_block_delta 2',
    'content_block_delta 2',
    'content_block_stop 2',
    'content_block_start 3',
    'content_block_delta 3',
    'content_block_delta 3',
    'content_block_stop 3',
    'content_block_start 4',
    'content_block_stop 4',
    'message_delta',
    'message_stop',
  ])
})

test('arguments written in turns reach their tool call', () => {
  const parts: Part[] = [
    { kind: 'tool-call', index: 0, id: 'a', name: 'f' },
    { kind: 'tool-call', index: 1, id: 'b', name: 'g' },
    { kind: 'tool-delta', index: 1, json: '{"y":2}' },
    { kind: 'tool-delta', index: 0, json: '{"x":1}' },
    { kind: 'finish', finish: 'tool', usage: null },
  ]
  const { reply } = foldParts(partsOf(eventsIn(written(parts))))
  expect(reply).toMatchObject({
    id: 'msg_0',
    blocks: [{ input: '{"x":1}' }, { input: '{"y":2}' }],
    usage: null,
  })
})

const usageOf = (...usages: readonly JsonObject[]) => {
  const [first = {}, ...later] = usages
  const parts = partsOf(
    eventsOf(start(first), ...later.map((usage) => last('end_turn', usage)), stop),
  )
  const part = parts.at(-1)
  return part?.kind === 'finish' ? part.usage : undefined
}

test.each<[string, readonly JsonObject[], JsonObject]>([
  [
    'input and output',
    [{ input_tokens: 10, output_tokens: 1 }, { output_tokens: 7 }],
    { inputTokens: 10, outputTokens: 7 },
  ],
  [
    'zeros and nulls later',
    [
      { input_tokens: 10, cache_read_input_tokens: 50, cache_creation_input_tokens: 5 },
      {
        input_tokens: 0,
        cache_read_input_tokens: null,
        cache_creation_input_tokens: 0,
        output_tokens: 7,
      },
    ],
    { inputTokens: 10, cacheReadTokens: 50, cacheWrite5mTokens: 5, outputTokens: 7 },
  ],
  [
    'a breakdown that zeros follow',
    [
      {
        input_tokens: 10,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
      },
      {
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 7,
      },
    ],
    { inputTokens: 10, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4, outputTokens: 7 },
  ],
  [
    'input said again',
    [
      { input_tokens: 10, output_tokens: 1 },
      { input_tokens: 12, output_tokens: 7 },
    ],
    { inputTokens: 12, outputTokens: 7 },
  ],
  [
    'counts at the end alone',
    [
      { input_tokens: 0, output_tokens: 0 },
      { input_tokens: 12, output_tokens: 7 },
    ],
    { inputTokens: 12, outputTokens: 7 },
  ],
  [
    'thinking',
    [{ input_tokens: 1 }, { output_tokens: 7, output_tokens_details: { thinking_tokens: 5 } }],
    { inputTokens: 1, outputTokens: 7, reasoningTokens: 5 },
  ],
])('usage: %s', (_name, usages, expected) => {
  expect(usageOf(...usages)).toEqual({
    cacheReadTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    reasoningTokens: 0,
    ...expected,
  })
})

test('an error event ends the stream with what was billed by then', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  const parts = partsOf([
    ...eventsOf(start(), begin(0, { type: 'text', text: 'Hi' }), error),
    ...whole,
  ])
  expect(parts).toMatchObject([
    { kind: 'start' },
    { kind: 'text', text: 'Hi' },
    {
      kind: 'error',
      fault: { kind: 'overloaded', message: 'Overloaded', status: null },
      usage: { inputTokens: 10, outputTokens: 1 },
    },
  ])
  expect(partsOf(eventsIn(written(parts))).at(-1)).toMatchObject({
    fault: { kind: 'overloaded', message: 'Overloaded' },
  })
})

test.each<[string, StreamEvent]>([
  ['no JSON', { event: 'content_block_delta', data: '{"type":"content_bl' }],
  ['a list', { event: null, data: '[]' }],
  ['no message', { event: null, data: '{"type":"message_start"}' }],
  ['no block', { event: null, data: '{"type":"content_block_start","index":0}' }],
  [
    'a text that is none',
    { event: null, data: JSON.stringify(delta(0, { type: 'text_delta', text: 1 })) },
  ],
])('a broken event ends the stream: %s', (_name, event) => {
  expect(partsOf([event, ...whole])).toMatchObject([
    { kind: 'error', fault: { kind: 'malformed' } },
  ])
})

test('a stream that ends early is cut off; what comes after the end is nothing', () => {
  for (let at = 0; at < whole.length; at++)
    expect(partsOf(whole.slice(0, at)).at(-1)).toMatchObject({ fault: { kind: 'cut-off' } })
  expect(partsOf([...whole, { event: null, data: '[DONE]' }])).toEqual(partsOf(whole))
})
