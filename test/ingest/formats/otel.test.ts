import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Request } from '../../../src/domain/request.ts'
import { otel } from '../../../src/ingest/formats/otel.ts'
import { exported, otlpAttributes, read, readOne, span, start } from '../../support/spans.ts'

const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.response.model': 'gpt-4o-2024-08-06',
  'gen_ai.response.id': 'chatcmpl-9',
  'gen_ai.usage.input_tokens': 1200,
  'gen_ai.usage.output_tokens': 300,
  'gen_ai.usage.cache_read.input_tokens': 1000,
  'gen_ai.usage.reasoning.output_tokens': 100,
}
const usage = {
  inputTokens: 200,
  cacheReadTokens: 1000,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 300,
  reasoningTokens: 100,
}

it('reads integers and nanoseconds that are text, cached and reasoning tokens as parts', () => {
  const more = {
    'gen_ai.conversation.id': 'conv-1',
    'user.id': 'u1',
    'gen_ai.request.temperature': 0.25,
    'gen_ai.request.max_tokens': 512,
    'openai.response.service_tier': 'flex',
    'gen_ai.response.time_to_first_chunk': 0.31,
    'gen_ai.response.finish_reasons': ['stop'],
    'metadata.plan': 'pro',
  }
  expect(read(exported([span({ ...chat, ...more })]))).toEqual({
    id: 'chatcmpl-9',
    responseId: 'chatcmpl-9',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 123),
    latencyMs: 1500,
    firstTokenMs: 310,
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    requestedModel: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    user: 'u1',
    session: 'conv-1',
    trace: '5b8efff798038103d269b633813fc60c',
    plan: 'pro',
    serviceTier: 'flex',
    params: { temperature: 0.25, max_tokens: 512 },
    answer: { finishReason: 'stop' },
    tags: new Map([['service', 'shop']]),
    usage,
  })
})

it('reads one element of resourceSpans and one span by itself as well', () => {
  const element = exported([span(chat)]).resourceSpans[0] as JsonObject
  expect(readOne(element).usage).toEqual(usage)
  expect(readOne(span(chat)).usage).toEqual(usage)
})

it('reads a span as the Python console exporter writes it', () => {
  const flattened = {
    name: 'chat gpt-4o',
    context: { trace_id: '0xabc', span_id: '0xdef', trace_state: '[]' },
    parent_id: null,
    start_time: '2026-08-01T10:00:00.500000Z',
    end_time: '2026-08-01T10:00:01.750000Z',
    status: { status_code: 'UNSET' },
    attributes: chat,
    events: [],
    resource: { attributes: { 'service.name': 'shop' } },
  }
  expect(readOne(flattened)).toMatchObject({
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 500),
    latencyMs: 1250,
    trace: '0xabc',
    usage,
  })
})

it('takes trace and span as the key where there is no response id', () => {
  const { 'gen_ai.response.id': _, ...rest } = chat
  const request = readOne(exported([span(rest)]))
  expect(request.id).toBe('5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174')
  expect(request.responseId).toBeUndefined()
})

it('reads the old names, with messages flattened into indexed attributes', () => {
  const old = {
    'gen_ai.system': 'OpenAI',
    'llm.request.type': 'chat',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.usage.prompt_tokens': 80,
    'gen_ai.usage.completion_tokens': 20,
    'llm.usage.total_tokens': 100,
    'gen_ai.prompt.0.role': 'system',
    'gen_ai.prompt.0.content': 'Be short.',
    'gen_ai.prompt.1.role': 'user',
    'gen_ai.prompt.1.content': 'Hi',
    'gen_ai.completion.0.role': 'assistant',
    'gen_ai.completion.0.content': 'Hello',
    'gen_ai.completion.0.finish_reason': 'stop',
    'traceloop.association.properties.user_id': 'u7',
  }
  expect(readOne(exported([span(old)]))).toMatchObject({
    provider: 'openai',
    model: 'gpt-4o-mini',
    user: 'u7',
    prompt: { system: 'Be short.', messages: [{ role: 'user', content: 'Hi' }] },
    answer: { text: 'Hello', finishReason: 'stop' },
    usage: {
      ...usage,
      inputTokens: 80,
      cacheReadTokens: 0,
      outputTokens: 20,
      reasoningTokens: 0,
    },
  })
})

it('reads prompt and answer that are JSON text in attributes', () => {
  const input = [
    { role: 'user', parts: [{ type: 'text', content: 'Weather in Paris?' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: {} }],
    },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'rainy' }] },
  ]
  const output = [
    {
      role: 'assistant',
      parts: [{ type: 'text', content: 'It rains.' }],
      finish_reason: 'stop',
    },
  ]
  const content = {
    'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be kind.' }]),
    'gen_ai.input.messages': JSON.stringify(input),
    'gen_ai.output.messages': JSON.stringify(output),
  }
  const request = readOne(exported([span({ ...chat, ...content })]))
  expect(request.prompt).toEqual({
    system: 'Be kind.',
    messages: [
      { role: 'user', content: 'Weather in Paris?' },
      {
        role: 'assistant',
        content: '',
        rest: { tool_calls: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: {} }] },
      },
      { role: 'tool', content: 'rainy', rest: { tool_call_id: 'c1' } },
    ],
  })
  expect(request.answer).toEqual({ text: 'It rains.', finishReason: 'stop' })
})

it('reads content from the event that may hold it instead', () => {
  const output = [{ role: 'assistant', parts: [{ type: 'text', content: 'Yes' }] }]
  const event = {
    name: 'gen_ai.client.inference.operation.details',
    timeUnixNano: '1785578401000000000',
    attributes: otlpAttributes({ 'gen_ai.output.messages': JSON.stringify(output) }),
  }
  expect(readOne(exported([span(chat, { events: [event] })])).answer).toEqual({ text: 'Yes' })
})

it('keeps a failed call with its reason', () => {
  const rest = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o' }
  const failed = { status: { code: 2, message: 'Rate limit reached' } }
  expect(readOne(exported([span({ ...rest, 'error.type': '429' }, failed)]))).toMatchObject({
    status: 'error',
    statusCode: 429,
    error: 'Rate limit reached',
  })
  expect(readOne(exported([span({ ...rest, 'error.type': 'timeout' }, failed)])).status).toBe(
    'timeout',
  )
})
it('ignores the invoke_agent parent that sums its calls, and names the feature after it', () => {
  const agent = span(
    {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'support',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 2400,
      'gen_ai.usage.output_tokens': 600,
    },
    { spanId: 'aaaaaaaaaaaaaaaa', name: 'invoke_agent gpt-4o' },
  )
  const step = span(
    { 'gen_ai.operation.name': 'agent_step' },
    { spanId: 'bbbbbbbbbbbbbbbb', parentSpanId: 'aaaaaaaaaaaaaaaa' },
  )
  const calls = ['1', '2'].map((id) =>
    span(
      { ...chat, 'gen_ai.response.id': `chatcmpl-${id}` },
      { spanId: id, parentSpanId: 'bbbbbbbbbbbbbbbb' },
    ),
  )
  const tool = span({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather' })
  const requests = read(exported([...calls, step, tool, agent])) as Request[]
  expect(requests.map(({ id, feature }) => [id, feature])).toEqual([
    ['chatcmpl-1', 'support'],
    ['chatcmpl-2', 'support'],
  ])
  expect(read(exported([agent]))).toEqual({ ignored: 'parent-span' })
  expect(read(exported([tool]))).toEqual({ ignored: 'other-operation' })
  expect(read(exported([span({ 'http.request.method': 'GET' })]))).toEqual({
    ignored: 'other-span',
  })
  expect(read(exported([]))).toEqual({ ignored: 'no-spans' })
})

it('counts a call once when a wrapper above it repeats its tokens, also across records', () => {
  const { 'gen_ai.response.id': _, ...wrapper } = chat
  const inner = span(chat, { spanId: 'inner', parentSpanId: 'outer' })
  const outer = span(wrapper, { spanId: 'outer' })
  expect(read(exported([outer, inner]))).toMatchObject({ id: 'chatcmpl-9' })
  const reader = start()
  expect(reader.read(exported([inner]))).toMatchObject({ id: 'chatcmpl-9' })
  expect(reader.read(exported([outer]))).toEqual({ ignored: 'parent-span' })
})

it('counts both where a call above another one has a response of its own', () => {
  const inner = span(chat, { spanId: 'inner', parentSpanId: 'outer' })
  const outer = span({ ...chat, 'gen_ai.response.id': 'chatcmpl-8' }, { spanId: 'outer' })
  expect(read(exported([outer, inner]))).toHaveLength(2)
})
it('rejects cached tokens beyond the input where the provider includes them', () => {
  const broken = span({ ...chat, 'gen_ai.usage.cache_read.input_tokens': 5000 })
  expect(read(exported([broken]))).toEqual({ rejected: 'cached-exceeds-input' })
  const good = span(chat, { spanId: 'good' })
  const [first] = read(exported([broken, good])) as Request[]
  expect(first?.warnings).toEqual(['span-rejected-cached-exceeds-input'])
})
it('reads an export that mixes all three conventions', () => {
  const spans = [
    span(chat, { spanId: '1' }),
    span(
      { 'openinference.span.kind': 'LLM', 'llm.model_name': 'gpt-4o', 'llm.token_count.prompt': 7 },
      { spanId: '2' },
    ),
    span(
      {
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.model.id': 'gpt-4o',
        'ai.usage.inputTokens': 8,
      },
      { spanId: '3' },
    ),
  ]
  const requests = read(exported(spans)) as Request[]
  expect(requests.map((request) => request.usage?.inputTokens)).toEqual([200, 7, 8])
})

it('recognises traces and nothing else', () => {
  expect(otel.recognise([exported([span(chat)])], 'x')).toBe(1)
  expect(otel.recognise([span(chat)], 'x')).toBe(1)
  expect(otel.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(otel.recognise([{ request: { model: 'gpt-4o' }, response: { choices: [] } }], 'x')).toBe(0)
  expect(read({ model: 'gpt-4o' })).toEqual({ rejected: 'not-a-span' })
  expect(read({ resourceLogs: [] })).toEqual({ ignored: 'other-signal' })
})
