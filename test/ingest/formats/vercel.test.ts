import { expect, it } from 'vitest'
import { listOf } from '../../../src/domain/json.ts'
import { exported, read, readOne, span } from '../../support/spans.ts'

const step = {
  'ai.operationId': 'ai.streamText.doStream',
  'ai.model.id': 'gpt-4o',
  'ai.model.provider': 'openai.chat',
  'ai.response.id': 'chatcmpl-5',
  'ai.response.model': 'gpt-4o-2024-08-06',
  'ai.response.text': 'Hello',
  'ai.response.finishReason': 'tool-calls',
  'ai.response.msToFirstChunk': 210.5,
  'ai.usage.promptTokens': 700,
  'ai.usage.completionTokens': 40,
  'ai.usage.cachedInputTokens': 512,
  'ai.usage.reasoningTokens': 10,
  'ai.prompt.messages': '[{"role":"user","content":[{"type":"text","text":"Hi"}]}]',
  'ai.settings.maxOutputTokens': 256,
  'ai.telemetry.functionId': 'search',
  'ai.telemetry.metadata.userId': 'u1',
  'gen_ai.system': 'openai.chat',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.usage.input_tokens': 700,
}

it('counts only the doGenerate and doStream spans', () => {
  const root = span(
    { 'ai.operationId': 'ai.streamText', 'ai.model.id': 'gpt-4o', 'ai.usage.promptTokens': 1400 },
    { spanId: 'root' },
  )
  const tool = span({ 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'weather' })
  const request = readOne(exported([span(step, { parentSpanId: 'root' }), tool, root], 'ai'))
  expect(request).toMatchObject({
    id: 'chatcmpl-5',
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    requestedModel: 'gpt-4o',
    feature: 'search',
    user: 'u1',
    streamed: true,
    firstTokenMs: 210.5,
    params: { max_tokens: 256 },
    answer: { text: 'Hello', finishReason: 'tool' },
    usage: {
      inputTokens: 188,
      cacheReadTokens: 512,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 40,
      reasoningTokens: 10,
    },
  })
  expect(read(exported([root]))).toEqual({ ignored: 'parent-span' })
  expect(read(exported([tool]))).toEqual({ ignored: 'tool-span' })
})

it("settles Anthropic's counts by the raw usage in providerMetadata, which is JSON text", () => {
  const raw = {
    input_tokens: 30,
    cache_read_input_tokens: 2000,
    cache_creation_input_tokens: 100,
    output_tokens: 40,
  }
  const claude = {
    ...step,
    'ai.model.provider': 'anthropic.messages',
    'ai.response.model': 'claude-sonnet-4-5',
    'ai.usage.promptTokens': 30,
    'ai.usage.cachedInputTokens': 2000,
    'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage: raw } }),
  }
  expect(readOne(exported([span(claude)], 'ai')).usage).toEqual({
    inputTokens: 30,
    cacheReadTokens: 2000,
    cacheWrite5mTokens: 100,
    cacheWrite1hTokens: 0,
    outputTokens: 40,
    reasoningTokens: 0,
  })
})

it("adds Google's thoughts to the output where the total says they came beside it", () => {
  const gemini = {
    ...step,
    'ai.model.provider': 'google.generative-ai',
    'ai.response.model': 'gemini-2.5-flash',
    'ai.usage.totalTokens': 700 + 40 + 10,
  }
  const request = readOne(exported([span(gemini)], 'ai'))
  expect(request.provider).toBe('google')
  expect(request.usage).toMatchObject({ outputTokens: 50, reasoningTokens: 10 })
})

it('counts the calls of embedMany and not embedMany itself', () => {
  const embed = {
    'ai.operationId': 'ai.embedMany.doEmbed',
    'ai.model.id': 'text-embedding-3-small',
    'ai.model.provider': 'openai.embedding',
    'ai.usage.tokens': 10,
    'ai.values': ['"sunny day"'],
  }
  expect(readOne(exported([span(embed)], 'ai'))).toMatchObject({
    operation: 'embedding',
    provider: 'openai',
    prompt: { messages: [{ role: 'user', content: 'sunny day' }] },
    usage: { inputTokens: 10, outputTokens: 0 },
  })
  const whole = { ...embed, 'ai.operationId': 'ai.embedMany' }
  expect(read(exported([span(whole)], 'ai'))).toEqual({ ignored: 'parent-span' })
})

it('has no usage where the SDK counted none, which it writes as NaN', () => {
  const none = { doubleValue: 'NaN' }
  const names = ['ai.usage.promptTokens', 'ai.usage.completionTokens', 'gen_ai.usage.input_tokens']
  const { attributes, ...rest } = span({ 'ai.operationId': step['ai.operationId'] })
  const wire = [
    ...listOf(attributes),
    { key: 'ai.model.id', value: { stringValue: 'gpt-4o' } },
    ...names.map((key) => ({ key, value: none })),
  ]
  const request = readOne(exported([{ ...rest, attributes: wire }], 'ai'))
  expect(request.model).toBe('gpt-4o')
  expect(request.usage).toBeUndefined()
})
