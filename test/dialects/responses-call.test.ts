import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatDialect } from '../../src/dialects/chat/chat-dialect.ts'
import { responsesDialect } from '../../src/dialects/responses/responses-dialect.ts'
import type { Call } from '../../src/domain/call.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { callsOf, plainCall } from '../support/calls.ts'

const hi = { role: 'user', content: 'Hi' }
const ask = (fields: JsonObject): JsonObject => ({ model: 'gpt-4.1', input: 'Hi', ...fields })
const give = (...input: readonly JsonObject[]): JsonObject => ({ model: 'gpt-4.1', input })
const weather = {
  type: 'function',
  name: 'weather',
  description: 'Of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
}

const bodies: Readonly<Record<string, JsonObject>> = {
  'a plain question': ask({}),
  'a question as a list': give(hi),
  'every sampling field': ask({
    temperature: 0,
    top_p: 0.9,
    max_output_tokens: 100,
    user: 'u1',
    service_tier: 'flex',
    stream: true,
    stream_options: { include_obfuscation: false },
    reasoning: { effort: 'low', summary: 'auto' },
    parallel_tool_calls: false,
  }),
  'fields no other dialect has': ask({
    previous_response_id: 'resp_1',
    store: false,
    include: ['reasoning.encrypted_content'],
    metadata: { team: 'a' },
    truncation: 'auto',
    background: true,
    max_tool_calls: 3,
    prompt: { id: 'pmpt_1', variables: { a: 'b' } },
    conversation: 'conv_1',
    unheard_of: [null],
  }),
  'a stored prompt without input': { model: 'gpt-5', prompt: { id: 'pmpt_1' } },
  'tools of each kind': ask({
    tools: [
      weather,
      { type: 'web_search', search_context_size: 'low' },
      { type: 'mcp', server_label: 'a', server_url: 'https://example.org' },
      { type: 'custom', name: 'code' },
    ],
    tool_choice: { type: 'function', name: 'weather' },
  }),
  'a choice of a hosted tool': ask({ tool_choice: { type: 'file_search' } }),
  'instructions and messages of the developer': {
    model: 'gpt-5',
    instructions: 'Be brief.',
    input: [
      { role: 'developer', content: 'A' },
      {
        role: 'system',
        content: [
          { type: 'input_text', text: 'B1' },
          { type: 'input_text', text: 'B2' },
        ],
      },
      hi,
      { role: 'developer', content: 'From now on in French.' },
      { type: 'message', role: 'system', content: 'And politely.' },
      hi,
    ],
  },
  'images and files': give({
    role: 'user',
    content: [
      { type: 'input_text', text: 'What is this?' },
      { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'low' },
      { type: 'input_image', image_url: 'data:image/png;base64,aGk=' },
      { type: 'input_image', file_id: 'file-1' },
      { type: 'input_file', file_id: 'file-2' },
      { type: 'input_file', file_url: 'https://example.org/a.pdf' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,aGk=', filename: 'a.pdf' },
      { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } },
    ],
  }),
  'an agent that goes on': give(
    hi,
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA', status: 'completed' },
    {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'c1',
      name: 'f',
      arguments: '{}',
      status: 'completed',
    },
    { type: 'function_call', call_id: 'c2', name: 'g', arguments: '' },
    { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
    {
      type: 'function_call_output',
      id: 'fco_1',
      call_id: 'c2',
      output: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'https://example.org/a.png' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_2',
      summary: [
        { type: 'summary_text', text: 'First' },
        { type: 'summary_text', text: 'Second' },
      ],
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      phase: 'final_answer',
      content: [{ type: 'output_text', text: 'Sunny', annotations: [], logprobs: [] }],
    },
    hi,
  ),
  'thoughts of an open model': give(hi, {
    type: 'reasoning',
    id: 'rs_1',
    summary: [],
    content: [{ type: 'reasoning_text', text: 'hm' }],
  }),
  'items of other kinds': give(
    hi,
    { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 'No.' }],
    },
    { type: 'custom_tool_call', call_id: 'c', name: 'code', input: 'x' },
    { type: 'custom_tool_call_output', call_id: 'c', output: 'y' },
    { type: 'item_reference', id: 'msg_2' },
    { role: 'narrator', content: 'x' },
    hi,
  ),
  'answers in a row': give(
    hi,
    { role: 'assistant', content: 'A' },
    { role: 'assistant', content: 'B' },
    { role: 'assistant', content: '' },
  ),
  'any JSON': ask({ text: { format: { type: 'json_object' } } }),
  'a schema, and verbosity': ask({
    text: {
      verbosity: 'low',
      format: {
        type: 'json_schema',
        name: 's',
        description: 'd',
        schema: { type: 'object' },
        strict: true,
      },
    },
  }),
  'a grammar': ask({ text: { format: { type: 'grammar', value: 'root' } } }),
  'values of unknown types': ask({ temperature: '0.5', tools: 'none', text: 'x', stop: ['a'] }),
}

test.each(Object.entries(bodies))('a body comes back as it was: %s', (_, body) => {
  const { body: written, losses } = responsesDialect.writeCall(responsesDialect.readCall(body))
  expect(written).toEqual(body)
  expect(losses).toEqual([])
})

test('what says nothing may be left out', () => {
  const { body } = responsesDialect.writeCall(
    responsesDialect.readCall({
      model: 'm',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      instructions: null,
      temperature: null,
      tools: [{ type: 'function', name: 'now', parameters: null, strict: null }],
      text: { format: { type: 'text' } },
      reasoning: null,
      stream: false,
    }),
  )
  expect(body).toEqual({
    model: 'm',
    input: [hi],
    tools: [{ type: 'function', name: 'now', parameters: null }],
  })
})

/** Instructions are one text; more of them are messages, which the wire names. */
const responsesCalls = callsOf(
  'openai-responses',
  fc.constantFrom<JsonObject>(
    {},
    { store: false },
    { previous_response_id: 'r', unheard_of: null },
  ),
).map((call): Call => ({ ...call, system: call.system.slice(0, 1) }))

test('a call comes back from its own wire', () => {
  fc.assert(
    fc.property(responsesCalls, (call) => {
      const { body, losses } = responsesDialect.writeCall(call)
      expect(losses).toEqual([])
      expect(responsesDialect.readCall(JSON.parse(JSON.stringify(body)))).toEqual(call)
    }),
    { numRuns: 500 },
  )
})

test('a call comes through the other OpenAI format with what it asks', () => {
  const calls = callsOf('openai-chat', fc.constant({ metadata: { a: 'b' } })).map(
    (call): Call => ({
      ...call,
      system: call.system.slice(0, 1),
      tools: call.tools.filter((tool) => tool.kind === 'function'),
    }),
  )
  fc.assert(
    fc.property(calls, (call) => {
      const there = responsesDialect.writeCall(call)
      expect(there.losses).toEqual([])
      const back = chatDialect.writeCall(responsesDialect.readCall(there.body))
      expect(back.losses).toEqual([])
      const { stream_options: _, ...body } = back.body
      const direct = chatDialect.writeCall(call).body
      const plain = JSON.parse(JSON.stringify(body))
      for (const tool of plain.tools ?? [])
        if (tool.function.strict === false) delete tool.function.strict
      const expected = JSON.parse(JSON.stringify(direct))
      for (const tool of expected.tools ?? [])
        if (tool.function.strict === false) delete tool.function.strict
      expect(plain).toEqual({ ...expected, store: false })
    }),
    { numRuns: 200 },
  )
})

describe('of a call from elsewhere, each thing that cannot be said is a loss', () => {
  test.each<readonly [string, Partial<Call>, readonly string[]]>([
    ['nothing', {}, []],
    [
      'a cache mark',
      { system: [{ kind: 'text', text: 'a', cache: '5m' }] },
      ['warned cache_control'],
    ],
    [
      'sampling',
      { stop: ['a'], seed: 1, topK: 2 },
      ['refused stop', 'warned seed', 'warned top_k'],
    ],
    ['a choice of many', { more: { n: 2, logprobs: true } }, ['refused n', 'warned logprobs']],
    ['fields both have', { more: { metadata: {}, store: true, verbosity: 'low' } }, []],
    [
      'a name',
      { turns: [{ role: 'user', name: 'ann', blocks: [{ kind: 'text', text: 'a' }] }] },
      ['warned turns[0] (name)'],
    ],
    [
      'audio',
      { turns: [{ role: 'user', blocks: [{ kind: 'foreign', wire: { type: 'input_audio' } }] }] },
      ['refused turns[0][0] (input_audio)'],
    ],
    [
      'a message of unknown role',
      {
        turns: [
          {
            role: 'user',
            blocks: [{ kind: 'foreign', wire: { role: 'x' }, wording: { as: 'message' } }],
          },
        ],
      },
      ['refused turns[0] (role)'],
    ],
    [
      'a tool',
      { tools: [{ kind: 'foreign', wire: { type: 'custom' } }] },
      ['refused tools (custom)'],
    ],
  ])('%s', (_, call, losses) => {
    const written = responsesDialect.writeCall(plainCall(call))
    expect(written.losses.map((loss) => `${loss.level} ${loss.field}`)).toEqual(losses)
  })

  test('and what the two OpenAI formats share is carried', () => {
    const call = chatDialect.readCall({
      model: 'gpt-5',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        hi,
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'system', content: 'In French.' },
        hi,
      ],
      tools: [{ type: 'function', function: { name: 'now' } }],
      verbosity: 'low',
      prompt_cache_key: 'k',
    })
    expect(responsesDialect.writeCall(call)).toEqual({
      body: {
        model: 'gpt-5',
        instructions: 'Be brief.',
        input: [
          hi,
          { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
          { role: 'system', content: 'In French.' },
          hi,
        ],
        tools: [{ type: 'function', name: 'now', parameters: null, strict: false }],
        text: { verbosity: 'low' },
        prompt_cache_key: 'k',
        store: false,
      },
      losses: [],
    })
  })

  test('also on the way to chat', () => {
    const call = responsesDialect.readCall(
      ask({
        previous_response_id: 'r',
        include: ['a'],
        truncation: 'disabled',
        text: { verbosity: 'low' },
      }),
    )
    const { body, losses } = chatDialect.writeCall(call)
    expect(body).toEqual({ model: 'gpt-4.1', messages: [hi], verbosity: 'low' })
    expect(losses.map((loss) => `${loss.level} ${loss.field}`)).toEqual([
      'refused previous_response_id',
      'warned include',
    ])
  })
})
