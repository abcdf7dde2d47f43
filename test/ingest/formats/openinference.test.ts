import { expect, it } from 'vitest'
import { exported, read, readOne, span } from '../../support/spans.ts'

const llm = {
  'openinference.span.kind': 'LLM',
  'llm.model_name': 'gpt-4o-mini',
  'llm.provider': 'openai',
  'llm.token_count.prompt': 900,
  'llm.token_count.completion': 60,
  'llm.token_count.total': 960,
  'llm.token_count.prompt_details.cache_read': 512,
  'llm.token_count.completion_details.reasoning': 20,
  'llm.invocation_parameters': '{"model":"gpt-4o-mini","temperature":0}',
  'llm.input_messages.0.message.role': 'system',
  'llm.input_messages.0.message.content': 'Be short.',
  'llm.input_messages.1.message.role': 'user',
  'llm.input_messages.1.message.contents.0.message_content.type': 'text',
  'llm.input_messages.1.message.contents.0.message_content.text': 'Hi',
  'llm.output_messages.0.message.role': 'assistant',
  'llm.output_messages.0.message.content': 'Hello',
  'llm.cost.total': 0.000135,
  'session.id': 's1',
  'user.id': 'u1',
  metadata: '{"feature":"search","release":"9"}',
}

it('reads token counts, messages, cost and metadata', () => {
  expect(readOne(exported([span(llm)]))).toMatchObject({
    provider: 'openai',
    model: 'gpt-4o-mini',
    session: 's1',
    user: 'u1',
    feature: 'search',
    params: { temperature: 0 },
    prompt: { system: 'Be short.', messages: [{ role: 'user', content: 'Hi' }] },
    answer: { text: 'Hello' },
    loggedCostNanoUsd: 135_000,
    usage: {
      inputTokens: 388,
      cacheReadTokens: 512,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 60,
      reasoningTokens: 20,
    },
  })
  expect(readOne(exported([span(llm)])).tags?.get('release')).toBe('9')
})

it('lets the total tell what an Anthropic prompt count holds', () => {
  const claude = {
    ...llm,
    'llm.provider': 'anthropic',
    'llm.model_name': 'claude-sonnet-4-5',
    'llm.token_count.total': 900 + 512 + 60,
  }
  expect(readOne(exported([span(claude)])).usage).toMatchObject({
    inputTokens: 900,
    cacheReadTokens: 512,
  })
})

it('ignores chains, agents and tools', () => {
  const chain = { ...llm, 'openinference.span.kind': 'CHAIN' }
  expect(read(exported([span(chain)]))).toEqual({ ignored: 'other-operation' })
})
