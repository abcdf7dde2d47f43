import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatDialect } from '../../src/dialects/chat/chat-dialect.ts'
import type { Call } from '../../src/domain/call.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { callsOf, plainCall } from '../support/calls.ts'

const roundTrip = (body: JsonObject) => chatDialect.writeCall(chatDialect.readCall(body))
const hi = { role: 'user', content: 'Hi' }
const ask = (fields: JsonObject): JsonObject => ({ model: 'gpt-4o', messages: [hi], ...fields })
const say = (...messages: readonly JsonObject[]): JsonObject => ({ model: 'gpt-4o', messages })
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    strict: true,
  },
}
const called = {
  id: 'call_1',
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Rome"}' },
}

const bodies: Readonly<Record<string, JsonObject>> = {
  'a question': ask({}),
  'every sampling field': ask({
    temperature: 0,
    top_p: 0.9,
    top_k: 40,
    seed: 7,
    stop: ['\n', 'END'],
    user: 'u1',
    service_tier: 'flex',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 100,
  }),
  'fields no other dialect has': ask({
    n: 2,
    logit_bias: { '50256': -100 },
    logprobs: true,
    top_logprobs: 3,
    frequency_penalty: 0.5,
    store: true,
    metadata: { team: 'a' },
    modalities: ['text', 'audio'],
    audio: { voice: 'alloy', format: 'wav' },
    prediction: { type: 'content', content: 'x' },
    verbosity: 'low',
    prompt_cache_key: 'k',
    unheard_of: { deep: [1, null] },
  }),
  'tools and a named choice': ask({
    tools: [weather, { type: 'custom', custom: { name: 'code' } }],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    parallel_tool_calls: false,
  }),
  'a choice among allowed tools': ask({
    tools: [weather],
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
  }),
  'a tool without arguments': ask({ tools: [{ type: 'function', function: { name: 'now' } }] }),
  'old functions': {
    model: 'gpt-4',
    messages: [
      hi,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: '42' },
    ],
    functions: [{ name: 'f', parameters: { type: 'object' } }],
    function_call: 'auto',
  },
  'calls and their results': say(
    hi,
    { role: 'assistant', content: null, tool_calls: [called, { ...called, id: 'call_2' }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    { role: 'tool', tool_call_id: 'call_2', name: 'weather', content: 'rain' },
    { role: 'assistant', content: 'Sunny, then rain.' },
    { role: 'user', content: 'Thanks' },
  ),
  'a signature that a vendor adds to a call': say(hi, {
    role: 'assistant',
    content: null,
    tool_calls: [{ ...called, extra_content: { google: { thought_signature: 's' } } }],
  }),
  'thoughts of an earlier turn': say(hi, {
    role: 'assistant',
    content: 'Yo',
    reasoning_content: 'A greeting.',
  }),
  'a refusal of an earlier turn': say(hi, { role: 'assistant', content: null, refusal: 'No.' }),
  'refusal parts': say(hi, { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }),
  'an answer that was audio': say(hi, { role: 'assistant', content: null, audio: { id: 'a1' } }),
  'images, files and audio': say({
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,aGk=', filename: 'a.pdf' } },
      { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } },
    ],
  }),
  'cache marks': {
    model: 'anthropic/claude-sonnet-4.5',
    messages: [
      {
        role: 'system',
        content: [{ type: 'text', text: 'Long', cache_control: { type: 'ephemeral' } }],
      },
      {
        role: 'user',
        content: [{ type: 'text', text: 'Q', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      },
    ],
    tools: [{ ...weather, cache_control: { type: 'ephemeral' } }],
  },
  'one system message': say({ role: 'system', content: 'Be brief.' }, hi),
  'a developer message': say({ role: 'developer', content: 'Be brief.' }, hi),
  'several leading messages': say(
    { role: 'system', content: 'A' },
    {
      role: 'system',
      name: 'rules',
      content: [
        { type: 'text', text: 'B1' },
        { type: 'text', text: 'B2' },
      ],
    },
    { role: 'developer', content: 'C' },
    hi,
  ),
  'system text in the middle': say(
    hi,
    { role: 'assistant', content: 'Yo' },
    { role: 'system', content: 'From now on in French.' },
    { role: 'developer', content: 'And politely.' },
    hi,
  ),
  'turns of the same side, with names': say(
    { role: 'user', content: 'A', name: 'ann' },
    { role: 'user', content: 'B', name: 'bob' },
    { role: 'assistant', content: 'C' },
    { role: 'assistant', content: '' },
  ),
  'any JSON': ask({ response_format: { type: 'json_object' } }),
  'a schema': ask({
    response_format: {
      type: 'json_schema',
      json_schema: { name: 's', description: 'd', schema: { type: 'object' }, strict: true },
    },
  }),
  'a grammar of another server': ask({ response_format: { type: 'grammar', value: 'root' } }),
  'a reasoning model': {
    model: 'gpt-5-mini',
    messages: [hi],
    reasoning_effort: 'minimal',
    max_completion_tokens: 9,
  },
  'the new limit for an old model': ask({ max_completion_tokens: 9 }),
  'values of unknown types': ask({ temperature: '0.5', tools: 'none', stop: [1], stream: 'yes' }),
  'messages of unknown shape': {
    model: 'm',
    messages: ['hello', { role: 'narrator', content: 'x' }, { role: 'user', content: { a: 1 } }],
  },
}

test.each(Object.entries(bodies))('a body comes back as it was: %s', (_, body) => {
  const { body: written, losses } = roundTrip(body)
  expect(written).toEqual(body)
  expect(losses).toEqual([])
})

test('what says nothing may be left out', () => {
  const { body } = roundTrip({
    model: 'm',
    messages: [{ ...hi, content: [{ type: 'text', text: 'Hi' }], name: null }],
    temperature: null,
    stop: 'END',
    tools: [],
    stream: false,
    response_format: { type: 'text' },
  })
  expect(body).toEqual({ model: 'm', messages: [hi], stop: ['END'] })
})

test('a call comes back from its own wire', () => {
  const more = fc.constantFrom<JsonObject>({}, { n: 2 }, { unheard_of: null, store: true })
  const calls = fc
    .tuple(
      callsOf('openai-chat', more),
      fc.record({
        seed: fc.option(fc.nat()),
        topK: fc.option(fc.nat()),
        stop: fc.array(fc.string(), { maxLength: 3 }),
      }),
    )
    .map(([call, chatOnly]): Call => ({ ...call, ...chatOnly }))
  fc.assert(
    fc.property(calls, (call) => {
      const { body, losses } = chatDialect.writeCall(call)
      expect(losses).toEqual([])
      expect(chatDialect.readCall(JSON.parse(JSON.stringify(body)))).toEqual(call)
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['gpt-4o', 'max_tokens'],
  ['llama3.1', 'max_tokens'],
  ['gpt-oss-120b', 'max_tokens'],
  ['o3-mini', 'max_completion_tokens'],
  ['gpt-5.1', 'max_completion_tokens'],
  ['gpt-10', 'max_completion_tokens'],
  ['openai/o4-mini', 'max_completion_tokens'],
  ['ft:o4-mini:acme', 'max_completion_tokens'],
])('%s is limited by %s', (model, field) => {
  const call = plainCall({ model, maxOutputTokens: 5, origin: 'anthropic-messages' })
  const limits = Object.keys(chatDialect.writeCall(call).body).filter((name) =>
    name.startsWith('max'),
  )
  expect(limits).toEqual([field])
})

test('a call routed to a model that rejects max_tokens is limited all the same', () => {
  const call = chatDialect.readCall(ask({ max_tokens: 5 }))
  expect(chatDialect.writeCall({ ...call, model: 'gpt-5' }).body).toEqual({
    model: 'gpt-5',
    messages: [hi],
    max_completion_tokens: 5,
  })
})

describe('of a call from elsewhere, each thing that cannot be said is a loss', () => {
  const refused = (call: Partial<Call>) =>
    chatDialect
      .writeCall(plainCall({ origin: 'anthropic-messages', ...call }))
      .losses.map((loss) => `${loss.level} ${loss.field}`)

  test.each<readonly [string, Partial<Call>, readonly string[]]>([
    ['nothing', {}, []],
    ['a field', { more: { container: 'c', store: true } }, ['refused container', 'warned store']],
    ['a field that says nothing', { more: { n: 1, logit_bias: {}, logprobs: null } }, []],
    ['top_k', { topK: 3 }, ['warned top_k']],
    [
      'a budget',
      { reasoning: { effort: null, budgetTokens: 9000 } },
      ['warned thinking.budget_tokens'],
    ],
    [
      'a tool',
      { tools: [{ kind: 'foreign', wire: { type: 'bash_20250124' } }] },
      ['refused tools (bash_20250124)'],
    ],
    [
      'a cache mark',
      { system: [{ kind: 'text', text: 'a', cache: '1h' }] },
      ['warned cache_control'],
    ],
    [
      'a block',
      { turns: [{ role: 'user', blocks: [{ kind: 'foreign', wire: { type: 'search_result' } }] }] },
      ['refused turns[0][0] (search_result)'],
    ],
    [
      'a file at its provider',
      {
        turns: [
          { role: 'user', blocks: [{ kind: 'document', source: { kind: 'file', id: 'f' } }] },
        ],
      },
      ['refused turns[0][0] (document)'],
    ],
    [
      'signed thoughts',
      {
        turns: [{ role: 'assistant', blocks: [{ kind: 'reasoning', text: 'a', signature: 's' }] }],
      },
      ['warned turns[0] (reasoning)'],
    ],
    [
      'an image given back by a tool',
      {
        turns: [
          {
            role: 'user',
            blocks: [
              {
                kind: 'tool-result',
                id: 'a',
                isError: true,
                blocks: [{ kind: 'image', source: { kind: 'url', url: 'u' } }],
              },
            ],
          },
        ],
      },
      ['warned turns[0] (is_error)', 'refused turns[0] (tool_result)'],
    ],
    [
      'text after a call',
      {
        turns: [
          {
            role: 'assistant',
            blocks: [
              { kind: 'tool-call', id: 'a', name: 'b', input: '{}' },
              { kind: 'text', text: 'c' },
            ],
          },
        ],
      },
      ['warned turns[0] (order)'],
    ],
  ])('%s', (_, call, losses) => {
    expect(refused(call)).toEqual(losses)
  })

  test('a streamed one asks for its usage', () => {
    const { body } = chatDialect.writeCall(
      plainCall({ origin: 'anthropic-messages', streamed: true }),
    )
    expect(body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
  })
})
