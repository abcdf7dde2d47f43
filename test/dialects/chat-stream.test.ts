import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chatDialect } from '../../src/dialects/chat/chat-dialect.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Part } from '../../src/domain/reply.ts'
import { streamedParts } from '../support/parts.ts'
import { eventsOf, partsOf } from '../support/stream-events.ts'

const chunk = (delta: JsonObject, reason: string | null = null, more: JsonObject = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  model: 'gpt-4o',
  choices: [{ index: 0, delta, finish_reason: reason }],
  ...more,
})
const call = (index: number | null, id: string | null, name: string | null, args: Json) =>
  chunk({
    tool_calls: [
      {
        ...(index !== null && { index }),
        ...(id !== null && { id, type: 'function' }),
        function: { ...(name !== null && { name }), arguments: args },
      },
    ],
  })
const usage = {
  prompt_tokens: 10,
  completion_tokens: 3,
  prompt_tokens_details: { cached_tokens: 4 },
}
const counted = {
  inputTokens: 6,
  cacheReadTokens: 4,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 3,
  reasoningTokens: 0,
}
const start: Part = { kind: 'start', id: 'c1', model: 'gpt-4o' }
const said = (text: string): Part => ({ kind: 'text', text })
const finish = (reason: 'stop' | 'tool' | 'other' | 'filtered' = 'stop', used = true): Part => ({
  kind: 'finish',
  finish: reason,
  usage: used ? counted : null,
})
const done = '[DONE]'

const read = (...chunks: readonly Json[]) =>
  partsOf(
    chatDialect.openPartReader(),
    chunks.map((data) => ({
      event: null,
      data: typeof data === 'string' ? data : JSON.stringify(data),
    })),
  )

const streams: readonly (readonly [string, readonly Json[], readonly Part[]])[] = [
  [
    'usage in a last chunk without choices',
    [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'He' }),
      chunk({ content: 'y' }),
      chunk({}, 'stop'),
      { id: 'c1', choices: [], usage },
      done,
    ],
    [start, said('He'), said('y'), finish()],
  ],
  [
    'Azure, whose first chunk has checks instead of choices',
    [
      { id: '', model: '', choices: [], prompt_filter_results: [] },
      chunk({ content: 'Hey' }),
      chunk({}, 'stop'),
      done,
    ],
    [start, said('Hey'), finish('stop', false)],
  ],
  [
    'usage in every chunk, and no [DONE]',
    [
      chunk({ content: 'Hey' }, null, { usage: { prompt_tokens: 10, completion_tokens: 1 } }),
      chunk({}, 'stop', { usage }),
    ],
    [start, said('Hey'), finish()],
  ],
  [
    "Groq's place for usage, beside usage null",
    [
      chunk({ content: 'Hey' }, null, { usage: null }),
      chunk({}, 'stop', { x_groq: { usage } }),
      done,
    ],
    [start, said('Hey'), finish()],
  ],
  [
    'parallel calls, interleaved, with ids in their first deltas alone',
    [
      call(0, 'a', 'f', ''),
      call(1, 'b', 'g', ''),
      call(0, null, null, '{"x"'),
      call(1, null, null, '{}'),
      call(0, null, null, ':1}'),
      chunk({}, 'tool_calls'),
      done,
    ],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'a', name: 'f' },
      { kind: 'tool-call', index: 1, id: 'b', name: 'g' },
      { kind: 'tool-delta', index: 0, json: '{"x"' },
      { kind: 'tool-delta', index: 1, json: '{}' },
      { kind: 'tool-delta', index: 0, json: ':1}' },
      finish('tool', false),
    ],
  ],
  [
    'calls that all have number 0',
    [call(0, 'a', 'f', '{}'), call(0, 'b', 'f', '{"y":2}'), chunk({}, 'stop'), done],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'a', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{}' },
      { kind: 'tool-call', index: 1, id: 'b', name: 'f' },
      { kind: 'tool-delta', index: 1, json: '{"y":2}' },
      finish('tool', false),
    ],
  ],
  [
    'calls without number and id, with arguments as an object',
    [call(null, null, 'f', { a: 1 }), call(null, null, 'g', '{}'), chunk({}, 'tool_calls'), done],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'call_c1_0', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{"a":1}' },
      { kind: 'tool-call', index: 1, id: 'call_c1_1', name: 'g' },
      { kind: 'tool-delta', index: 1, json: '{}' },
      finish('tool', false),
    ],
  ],
  [
    'a name that comes after the arguments began',
    [call(0, 'a', null, '{'), call(0, null, 'f', '}'), chunk({}, 'tool_calls')],
    [
      start,
      { kind: 'tool-call', index: 0, id: 'a', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{}' },
      finish('tool', false),
    ],
  ],
  [
    'thoughts under each of their names',
    [
      chunk({ reasoning_content: 'a' }),
      chunk({ reasoning: 'b', reasoning_content: null }),
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'c' }] }] }),
      chunk({ content: [{ type: 'text', text: 'Hey' }] }),
      chunk({}, 'stop'),
    ],
    [
      start,
      { kind: 'reasoning', text: 'a' },
      { kind: 'reasoning', text: 'b' },
      { kind: 'reasoning', text: 'c' },
      said('Hey'),
      finish('stop', false),
    ],
  ],
  [
    'a refusal',
    [chunk({ refusal: 'I ' }), chunk({ refusal: 'will not.' }), chunk({}, 'stop'), done],
    [start, said('I '), said('will not.'), finish('filtered', false)],
  ],
  [
    'a second choice, which is left out',
    [
      chunk({ content: 'A' }),
      { id: 'c1', choices: [{ index: 1, delta: { content: 'B' } }] },
      chunk({}, 'stop'),
    ],
    [start, said('A'), finish('stop', false)],
  ],
  [
    '[DONE] without a reason',
    [chunk({ content: 'A' }), done],
    [start, said('A'), finish('other', false)],
  ],
  [
    'what comes after [DONE]',
    [chunk({ content: 'A' }, 'stop'), done, chunk({ content: 'B' })],
    [start, said('A'), finish('stop', false)],
  ],
]

test.each(streams)('reads %s', (_, chunks, parts) => {
  expect(read(...chunks)).toEqual(parts)
})

const faultOf = (parts: readonly Part[]) => {
  const last = parts[parts.length - 1]
  return last?.kind === 'error' ? [last.fault.kind, last.usage] : last
}

test.each<readonly [string, readonly Json[], string]>([
  ['the stream just ends', [chunk({ content: 'A' })], 'cut-off'],
  ['nothing came at all', [], 'cut-off'],
  ['[DONE] came alone', [done], 'cut-off'],
  ['an event is half a JSON', ['{"choices":[{"de'], 'malformed'],
  ['an event is a list', ['[1]'], 'malformed'],
  ['the vendor says that it failed', [{ error: { message: 'x', type: 'server_error' } }], 'server'],
  [
    'OpenRouter tells the code of the provider behind it',
    [chunk({ content: 'A' }), chunk({}, 'error', { error: { code: 429, message: 'slow down' } })],
    'rate-limit',
  ],
  [
    'the prompt is too long, in words',
    [{ object: 'error', message: "This model's maximum context length is 8192 tokens", code: 400 }],
    'context-length',
  ],
])('an answer is broken when %s', (_, chunks, kind) => {
  const parts = read(...chunks, chunk({ content: 'never read' }))
  const ended = chunks.length === 0 || kind === 'cut-off' ? read(...chunks) : parts
  expect(faultOf(ended)).toEqual([kind, null])
  expect(ended.filter((part) => part.kind === 'error')).toHaveLength(1)
})

test('usage known before the break is told with it', () => {
  const parts = read(chunk({ content: 'A' }, null, { usage }), { error: { message: 'x' } })
  expect(faultOf(parts)).toEqual(['server', counted])
})

const stamp = { id: 's1', model: 'stamped', createdAt: 1, usageInStream: true }

test('what a writer writes, a reader reads', () => {
  fc.assert(
    fc.property(streamedParts, (parts) => {
      const writer = chatDialect.openPartWriter(stamp)
      const stream = parts.map((part) => writer.write(part)).join('')
      expect(partsOf(chatDialect.openPartReader(), eventsOf(stream))).toEqual(parts)
    }),
    { numRuns: 300 },
  )
})

test('a stream on the wire, with and without usage', () => {
  const parts: readonly Part[] = [
    { kind: 'start', id: null, model: null },
    { kind: 'text', text: 'Hi\n' },
    { kind: 'finish', finish: 'pause', usage: counted },
  ]
  const wire = (usageInStream: boolean) => {
    const writer = chatDialect.openPartWriter({ ...stamp, usageInStream })
    return parts.map((part) => writer.write(part)).join('')
  }
  const last = (stream: string) => eventsOf(stream).at(-2)?.data ?? ''
  expect(wire(true).endsWith('data: [DONE]\n\n')).toBe(true)
  expect(JSON.parse(last(wire(true)))).toEqual({
    id: 's1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'stamped',
    choices: [],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 3,
      total_tokens: 13,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  })
  expect(JSON.parse(last(wire(false))).choices).toEqual([
    { index: 0, delta: {}, logprobs: null, finish_reason: 'stop' },
  ])
  expect(wire(false)).not.toContain('usage')
})
