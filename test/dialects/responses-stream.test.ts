import fc from 'fast-check'
import { expect, test } from 'vitest'
import { responsesDialect } from '../../src/dialects/responses/responses-dialect.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Part } from '../../src/domain/reply.ts'
import { streamedParts } from '../support/parts.ts'
import { eventsOf, partsOf } from '../support/stream-events.ts'

const read = (...events: readonly JsonObject[]) =>
  partsOf(
    responsesDialect.openPartReader(),
    events.map((data) => ({ event: String(data['type']), data: JSON.stringify(data) })),
  )

const response = (status: string, more: JsonObject = {}) => ({
  type: status === 'in_progress' ? 'response.created' : `response.${status}`,
  response: { id: 'resp_1', model: 'gpt-5', status, ...more },
})
const created = response('in_progress')
const start: Part = { kind: 'start', id: 'resp_1', model: 'gpt-5' }
const usage = { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, output_tokens: 3 }
const counted = {
  inputTokens: 6,
  cacheReadTokens: 4,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 3,
  reasoningTokens: 0,
}
const text = (delta: string, at = 0) => ({
  type: 'response.output_text.delta',
  item_id: `msg_${at}`,
  output_index: at,
  content_index: 0,
  delta,
})
const item = (state: 'added' | 'done', at: number, fields: JsonObject) => ({
  type: `response.output_item.${state}`,
  output_index: at,
  item: { id: `item_${at}`, ...fields },
})
const callItem = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '' }
const json = (delta: string, at: number) => ({
  type: 'response.function_call_arguments.delta',
  item_id: `item_${at}`,
  output_index: at,
  delta,
})
const finish = (reason: Extract<Part, { kind: 'finish' }>['finish'], used = false): Part => ({
  kind: 'finish',
  finish: reason,
  usage: used ? counted : null,
})

const streams: readonly (readonly [string, readonly JsonObject[], readonly Part[]])[] = [
  [
    'text, with events that say nothing',
    [
      created,
      { type: 'response.in_progress', response: { id: 'resp_1' } },
      item('added', 0, { type: 'message' }),
      { type: 'response.content_part.added', item_id: 'msg_0' },
      text('He'),
      text('y'),
      { ...text(''), type: 'response.output_text.done', text: 'Hey' },
      item('done', 0, { type: 'message', content: [{ type: 'output_text', text: 'Hey' }] }),
      { type: 'response.of_the_future' },
      response('completed', { usage, service_tier: 'default' }),
      text('after the end'),
    ],
    [
      start,
      { kind: 'text', text: 'He' },
      { kind: 'text', text: 'y' },
      { ...finish('stop', true), serviceTier: 'default' } as Part,
    ],
  ],
  [
    'thoughts of two parts with their proof',
    [
      created,
      item('added', 0, { type: 'reasoning' }),
      { type: 'response.reasoning_summary_part.added', item_id: 'item_0', summary_index: 0 },
      {
        type: 'response.reasoning_summary_text.delta',
        item_id: 'item_0',
        summary_index: 0,
        delta: 'a',
      },
      { type: 'response.reasoning_summary_part.added', item_id: 'item_0', summary_index: 1 },
      {
        type: 'response.reasoning_summary_text.delta',
        item_id: 'item_0',
        summary_index: 1,
        delta: 'b',
      },
      item('done', 0, { type: 'reasoning', encrypted_content: 'gAAA' }),
      text('Hey', 1),
      response('completed'),
    ],
    [
      start,
      { kind: 'reasoning', text: 'a' },
      { kind: 'reasoning', text: '\n\n' },
      { kind: 'reasoning', text: 'b' },
      { kind: 'reasoning', text: '', signature: 'gAAA' },
      { kind: 'text', text: 'Hey' },
      finish('stop'),
    ],
  ],
  [
    'interleaved calls',
    [
      created,
      item('added', 0, callItem),
      item('added', 1, { ...callItem, call_id: 'c2', name: 'g' }),
      json('{"a"', 0),
      json('{}', 1),
      json(':1}', 0),
      { ...json('', 0), type: 'response.function_call_arguments.done', arguments: '{"a":1}' },
      item('done', 1, { ...callItem, arguments: '{}' }),
      response('completed'),
    ],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'c1', name: 'f' },
      { kind: 'tool-call', index: 1, id: 'c2', name: 'g' },
      { kind: 'tool-delta', index: 0, json: '{"a"' },
      { kind: 'tool-delta', index: 1, json: '{}' },
      { kind: 'tool-delta', index: 0, json: ':1}' },
      finish('tool'),
    ],
  ],
  [
    'a call that comes whole',
    [created, item('done', 0, { ...callItem, arguments: '{}' }), response('completed')],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'c1', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{}' },
      finish('tool'),
    ],
  ],
  [
    'an output that comes with the last event alone',
    [
      response('completed', {
        output: [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
          { type: 'message', content: [{ type: 'output_text', text: 'Hey' }] },
          { ...callItem, arguments: '{}' },
        ],
      }),
    ],
    [
      start,
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Hey' },
      { kind: 'tool-call', index: 0, id: 'c1', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{}' },
      finish('tool'),
    ],
  ],
  [
    'a refusal, and no first event',
    [
      {
        type: 'response.refusal.delta',
        item_id: 'm',
        output_index: 0,
        content_index: 0,
        delta: 'No',
      },
      response('completed'),
    ],
    [{ kind: 'start', id: null, model: null }, { kind: 'text', text: 'No' }, finish('filtered')],
  ],
  [
    'an answer cut off at the largest output',
    [
      created,
      text('A'),
      response('incomplete', { incomplete_details: { reason: 'max_output_tokens' } }),
    ],
    [start, { kind: 'text', text: 'A' }, finish('length')],
  ],
  [
    'an answer cut off by a filter',
    [created, response('incomplete', { incomplete_details: { reason: 'content_filter' } })],
    [start, finish('filtered')],
  ],
  [
    'searches on the web, which are billed',
    [
      created,
      response('completed', { output: [{ type: 'web_search_call' }, { type: 'message' }] }),
    ],
    [start, { ...finish('stop'), fees: { webSearches: 1 } } as Part],
  ],
]

test.each(streams)('reads %s', (_, events, parts) => {
  expect(read(...events)).toEqual(parts)
})

test.each<readonly [string, readonly JsonObject[], string]>([
  ['the stream just ends', [created, text('A')], 'cut-off'],
  ['nothing came', [], 'cut-off'],
  [
    'the response failed',
    [created, response('failed', { error: { code: 'rate_limit_exceeded', message: 'x' } })],
    'rate-limit',
  ],
  ['it was cancelled', [created, response('cancelled')], 'cancelled'],
  [
    'an error came',
    [created, { type: 'error', code: 'server_error', message: 'x', param: null }],
    'server',
  ],
  [
    'an error came inside',
    [{ type: 'error', error: { code: 'context_length_exceeded', message: 'x' } }],
    'context-length',
  ],
])('an answer is broken when %s', (_, events, kind) => {
  const parts = read(...events)
  const last = parts[parts.length - 1]
  expect(last?.kind === 'error' && last.fault.kind).toBe(kind)
  expect(parts.filter((part) => part.kind === 'error')).toHaveLength(1)
})

test('an event that is no JSON ends the answer', () => {
  const parts = partsOf(responsesDialect.openPartReader(), [{ event: null, data: '{"type":' }])
  expect(parts).toMatchObject([{ kind: 'error', fault: { kind: 'malformed' } }])
})

const stamp = { id: 's1', model: 'stamped', createdAt: 1 }
const writeAll = (parts: readonly Part[]) => {
  const writer = responsesDialect.openPartWriter(stamp)
  return eventsOf(parts.map((part) => writer.write(part)).join(''))
}

test('what a writer writes, a reader reads', () => {
  fc.assert(
    fc.property(streamedParts, fc.boolean(), (parts, isSigned) => {
      const thoughts = parts.filter((part) => part.kind === 'reasoning').length
      const signed: readonly Part[] = [
        ...parts.slice(0, thoughts + 1),
        ...(isSigned ? [{ kind: 'reasoning', text: '', signature: 'gAAA' } as const] : []),
        ...parts.slice(thoughts + 1),
      ]
      expect(partsOf(responsesDialect.openPartReader(), writeAll(signed))).toEqual(signed)
    }),
    { numRuns: 300 },
  )
})

test('an error is told where the SDK looks for it, besides its documented place', () => {
  const fault = { kind: 'reset', message: 'it broke', status: null, retryAfterMs: null } as const
  const last = writeAll([{ kind: 'error', fault, usage: null }]).at(-1)
  expect(last?.event).toBe('error')
  expect(JSON.parse(last?.data ?? '')).toMatchObject({
    message: 'it broke',
    error: { message: 'it broke', type: 'server_error' },
  })
})

test('a stream on the wire is numbered, named and ends with the whole response', () => {
  fc.assert(
    fc.property(streamedParts, (parts) => {
      const events = writeAll(parts).map(({ event, data }) => ({ event, data: JSON.parse(data) }))
      expect(events.map(({ data }) => data.sequence_number)).toEqual([...events.keys()])
      expect(events.map(({ data }) => data.type)).toEqual(events.map(({ event }) => event))
      const last = events[events.length - 1]?.data
      if (last.type === 'error') return
      const done = events.filter(({ event }) => event === 'response.output_item.done')
      const items = done.map(({ data }) => data).sort((a, b) => a.output_index - b.output_index)
      expect(items.map((one) => one.item)).toEqual(last.response.output)
      const reply = responsesDialect.readReply(last.response)
      const said = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
      const text = reply.blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : []))
      expect(text.join('')).toBe(said)
    }),
    { numRuns: 200 },
  )
})
