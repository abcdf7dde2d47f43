import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messagesDialect } from '../../../src/dialects/messages/messages-dialect.ts'
import { defaultMaxTokens } from '../../../src/dialects/messages/write-call.ts'
import type { Block, Call, Loss } from '../../../src/domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../../src/domain/json.ts'
import { calls } from '../../support/common-calls.ts'

const { readCall, writeCall } = messagesDialect
const least: JsonObject = {
  model: 'claude-sonnet-4-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi' }],
}
const home = readCall(least)
const foreign = (fields: Partial<Call>, origin: Call['origin'] = 'openai-chat'): Call => ({
  ...home,
  origin,
  ...fields,
})

test('a call is read back as it was written', () => {
  fc.assert(
    fc.property(calls('anthropic-messages', { isMarked: true }), (call) => {
      const { body, losses } = writeCall(call)
      expect(losses).toEqual([])
      expect(readCall(JSON.parse(JSON.stringify(body)))).toEqual(call)
    }),
  )
})

const said = (...content: Json[]): JsonObject => ({ messages: [{ role: 'user', content }] })
const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }
const hour = { type: 'ephemeral', ttl: '1h' }
const webSearch = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
const tool = { name: 'add', description: 'Adds.', input_schema: { type: 'object' } }

test.each<[string, JsonObject]>([
  ['the least', {}],
  ['system text', { system: 'Be brief.' }],
  ['marked system blocks', { system: [{ type: 'text', text: 'a', cache_control: hour }] }],
  ['two texts', said({ type: 'text', text: 'a' }, { type: 'text', text: 'b' })],
  [
    'a marked image',
    said({
      type: 'image',
      source: { type: 'url', url: 'https://a.b/c.png' },
      cache_control: { type: 'ephemeral' },
    }),
  ],
  ['an image of bytes', said({ type: 'image', source: { ...pdf, media_type: 'image/png' } })],
  ['a document', said({ type: 'document', source: pdf, title: 'T' })],
  ['a linked document', said({ type: 'document', source: { type: 'url', url: 'https://a.b' } })],
  ['an uploaded one', said({ type: 'document', source: { type: 'file', file_id: 'file_1' } })],
  [
    'a plain text document with citations',
    said({
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'x' },
      citations: { enabled: true },
    }),
  ],
  [
    'tool calls and results',
    {
      messages: [
        { role: 'user', content: 'Add.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'enc' },
            { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1, b: [2] } },
            { type: 'tool_use', id: 'toolu_2', name: 'add', input: { INVALID_JSON: '{"a' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: '3' },
            { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_3',
              content: [
                { type: 'text', text: 'a' },
                { type: 'image', source: { type: 'url', url: 'https://a.b' } },
              ],
              cache_control: hour,
            },
          ],
        },
      ],
    },
  ],
  ['tools', { tools: [tool, { ...tool, strict: true, cache_control: hour }, webSearch] }],
  ['a tool deferred', { tools: [{ ...tool, defer_loading: true }] }],
  [
    'any tool, one at a time',
    { tools: [tool], tool_choice: { type: 'any', disable_parallel_tool_use: true } },
  ],
  ['one tool', { tools: [tool], tool_choice: { type: 'tool', name: 'add' } }],
  ['no tool', { tools: [tool], tool_choice: { type: 'none' } }],
  ['numbers', { temperature: 0.5, top_p: 0.9, top_k: 40, stop_sequences: ['\n'], stream: true }],
  ['who asks', { metadata: { user_id: 'u', other: 'x' }, service_tier: 'standard_only' }],
  ['a thinking budget', { thinking: { type: 'enabled', budget_tokens: 2048 } }],
  ['no thinking', { thinking: { type: 'disabled' } }],
  [
    'no thinking at an effort',
    { thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
  ],
  [
    'adaptive thinking',
    {
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high', task_budget: { type: 'tokens', total: 9 } },
    },
  ],
  ['a schema', { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } }],
  ['a format of tomorrow', { output_config: { format: { type: 'grammar', grammar: 'x' } } }],
  [
    'what no other wire has',
    {
      betas: ['x-2026-01-01'],
      container: 'c',
      mcp_servers: [{ type: 'url', url: 'https://a.b', name: 'n' }],
      context_management: { edits: [] },
      cache_control: { type: 'ephemeral' },
    },
  ],
  [
    'blocks of tools that run there',
    {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } },
            { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
            { type: 'text', text: 'T', citations: [{ type: 'char_location' }] },
          ],
        },
      ],
    },
  ],
  ['a mark of tomorrow', said({ type: 'text', text: 'a', cache_control: { type: 'eternal' } })],
  ['a message of another role', { messages: [{ role: 'system', content: 'Now in French.' }] }],
  [
    'turns of one side in a row',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    },
  ],
])('a body with %s is written as it was read', (_name, fields) => {
  const body = { ...least, ...fields }
  const { body: written, losses } = writeCall(readCall(body))
  expect(written).toEqual(body)
  expect(losses).toEqual([])
})

test.each<[string, JsonObject, JsonObject]>([
  ['a list of one text', said({ type: 'text', text: 'Hi' }), said()],
  [
    'a mark of five minutes',
    said({ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '5m' } }),
    said({ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }),
  ],
  ['empty lists', { system: '', stop_sequences: [], tools: [] }, {}],
  ['a custom tool', { tools: [{ ...tool, type: 'custom' }] }, { tools: [tool] }],
  ['nulls', { system: null, temperature: null, thinking: null, stream: false }, {}],
  [
    'a direct caller',
    said({ type: 'tool_use', id: 't', name: 'n', input: {}, caller: { type: 'direct' } }),
    said({ type: 'tool_use', id: 't', name: 'n', input: {} }),
  ],
])('defaults are not written: %s', (name, fields, expected) => {
  const plain = name === 'a list of one text' ? {} : expected
  expect(writeCall(readCall({ ...least, ...fields })).body).toEqual({ ...least, ...plain })
})

test('a tool whose input is to be streamed as it is written is a function like any other', () => {
  const tools = [{ ...tool, eager_input_streaming: true }]
  expect(readCall({ ...least, tools }).tools).toEqual(readCall({ ...least, tools: [tool] }).tools)
})

test('arguments that are no JSON object travel as text', () => {
  for (const input of ['{"a": ', '[1]', '"x"', 'null', '{"INVALID_JSON": 1}']) {
    const blocks: Block[] = [{ kind: 'tool-call', id: 'a', name: 'f', input }]
    const { body, losses } = writeCall(foreign({ turns: [{ role: 'assistant', blocks }] }))
    const back = readCall(body).turns[0]?.blocks[0]
    expect(back).toMatchObject({ input: input.replace(': 1', ':1') })
    expect(losses.map((loss) => loss.field)).toEqual(['messages[0].content[0].arguments'])
  }
})

const turn = (...blocks: Block[]): Partial<Call> => ({ turns: [{ role: 'user', blocks }] })
const at = 'messages[0].content[0]'

test.each<[string, Partial<Call>, ReadonlyArray<readonly [Loss['level'], string]>]>([
  ['no largest output', { maxOutputTokens: null }, [['warned', 'max_completion_tokens']]],
  ['a seed', { seed: 7 }, [['warned', 'seed']]],
  ['any JSON', { format: { kind: 'json' } }, [['refused', 'response_format']]],
  [
    'a named, loose schema',
    { format: { kind: 'schema', name: 'x', schema: {}, strict: false } },
    [
      ['warned', 'response_format.name'],
      ['warned', 'response_format.strict'],
    ],
  ],
  ['heat', { temperature: 1.5 }, [['warned', 'temperature']]],
  ['a stop of white space', { stop: ['\n', 'END'] }, [['refused', 'stop']]],
  ['a tier', { serviceTier: 'flex' }, [['warned', 'service_tier']]],
  ['a known tier', { serviceTier: 'default' }, []],
  ['a choice without tools', { toolChoice: { kind: 'auto' } }, [['warned', 'tool_choice']]],
  [
    'a foreign tool',
    { tools: [{ kind: 'foreign', wire: { type: 'custom' } }] },
    [['refused', 'tools[0] (custom)']],
  ],
  [
    'audio',
    turn({ kind: 'foreign', wire: { type: 'input_audio' } }),
    [['refused', `${at} (input_audio)`]],
  ],
  [
    'a file elsewhere',
    turn({ kind: 'document', source: { kind: 'file', id: 'f' } }),
    [['refused', at]],
  ],
  [
    'a resolution',
    turn({ kind: 'image', source: { kind: 'url', url: 'https://a.b' }, detail: 'low' }),
    [['warned', `${at}.detail`]],
  ],
  ['thoughts of others', turn({ kind: 'reasoning', text: 'Hm' }), [['warned', at]]],
  ['ids of others', turn({ kind: 'tool-result', id: 'f:0', blocks: [] }), [['warned', `${at}.id`]]],
  [
    'an image as instruction',
    { system: [{ kind: 'image', source: { kind: 'url', url: 'u' } }] },
    [['refused', 'system[0] (image)']],
  ],
  [
    'later instructions',
    { turns: [{ role: 'system', blocks: [{ kind: 'text', text: 'Now in French.' }] }] },
    [['refused', 'messages[0] (system)']],
  ],
  [
    'a name',
    { turns: [{ role: 'user', blocks: [], name: 'Ann' }] },
    [['warned', 'messages[0].name']],
  ],
  [
    'fields of others',
    { more: { n: 2, logit_bias: { '1': 5 }, presence_penalty: 0.5, logprobs: true, store: true } },
    [
      ['refused', 'n'],
      ['refused', 'logit_bias'],
      ['refused', 'presence_penalty'],
      ['warned', 'logprobs'],
      ['warned', 'store'],
    ],
  ],
  [
    'fields that ask for nothing',
    { more: { n: 1, logit_bias: {}, presence_penalty: 0, logprobs: false, store: null } },
    [],
  ],
])('%s from another wire is named', (_name, fields, expected) => {
  const { body, losses } = writeCall(foreign(fields))
  expect(losses.map(({ level, field }) => [level, field])).toEqual(expected)
  expect(losses.every((loss) => loss.why !== '')).toBe(true)
  expect(JSON.stringify(body)).not.toMatch(/logit_bias|presence_penalty|input_audio/)
})

test('the largest output leaves room beside the budget of thinking', () => {
  const reasoning = { effort: null, budgetTokens: 5000 }
  const { body } = writeCall(foreign({ maxOutputTokens: null, reasoning }))
  expect(body['max_tokens']).toBe(5000 + defaultMaxTokens)
})

test.each<[string, Partial<Call>, JsonObject]>([
  ['high', { maxOutputTokens: 10_000 }, { thinking: { type: 'enabled', budget_tokens: 8000 } }],
  ['minimal', { maxOutputTokens: 4000 }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
  [
    'xhigh',
    { maxOutputTokens: 1025, temperature: 0 },
    { thinking: { type: 'enabled', budget_tokens: 1024 } },
  ],
  ['high', { maxOutputTokens: 1024 }, {}],
  ['extreme', { maxOutputTokens: 10_000 }, {}],
  ['none', {}, { thinking: { type: 'disabled' } }],
])('an effort of %s from another wire becomes a budget', (effort, fields, expected) => {
  const { body, losses } = writeCall(
    foreign({ ...fields, reasoning: { effort, budgetTokens: null } }),
  )
  const { max_tokens, model, messages, ...rest } = body
  expect(rest).toEqual(expected)
  const isNamed = losses.some(
    ({ level, field }) => level === 'warned' && field === 'reasoning_effort',
  )
  expect(isNamed).toBe(effort !== 'none')
  if (fields.temperature !== undefined) expect(losses).toHaveLength(2)
})

test('no thinking is asked for where Anthropic would refuse it', () => {
  const reasoning = { effort: 'high', budgetTokens: null }
  const midway = turn({ kind: 'tool-result', id: 'a', blocks: [] })
  for (const fields of [{ toolChoice: { kind: 'required' } as const, tools: home.tools }, midway]) {
    const { body, losses } = writeCall(foreign({ maxOutputTokens: 9000, reasoning, ...fields }))
    expect(body['thinking']).toBeUndefined()
    expect(losses.map((loss) => loss.field)).toContain('reasoning_effort')
  }
})

test('any body is read without a throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const body = isObject(value) ? value : { messages: value as Json, tools: value as Json }
      expect(() => writeCall(readCall(body))).not.toThrow()
    }),
  )
})
