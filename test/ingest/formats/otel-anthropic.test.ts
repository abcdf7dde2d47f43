import { expect, it } from 'vitest'
import { exported, readOne, span } from '../../support/spans.ts'

const claude = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'anthropic',
  'gen_ai.request.model': 'claude-sonnet-4-5',
  'gen_ai.usage.output_tokens': 50,
}
const counts = (input: number, read: number, write: number) => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.cache_read.input_tokens': read,
  'gen_ai.usage.cache_creation.input_tokens': write,
})

it('takes the counts as separate where the cached tokens exceed the input', () => {
  const request = readOne(exported([span({ ...claude, ...counts(40, 9000, 500) })]))
  expect(request.usage).toEqual({
    inputTokens: 40,
    cacheReadTokens: 9000,
    cacheWrite5mTokens: 500,
    cacheWrite1hTokens: 0,
    outputTokens: 50,
    reasoningTokens: 0,
  })
  expect(request.warnings).toBeUndefined()
})

it('takes them as included, with a warning, where the numbers cannot tell', () => {
  const request = readOne(exported([span({ ...claude, ...counts(10_000, 9000, 500) })]))
  expect(request.usage).toMatchObject({ inputTokens: 500, cacheReadTokens: 9000 })
  expect(request.warnings).toEqual(['inclusive-usage-ambiguous'])
})

it('knows the Vercel AI SDK from version 7 as inclusive', () => {
  const request = readOne(exported([span({ ...claude, ...counts(10_000, 9000, 500) })], 'gen_ai'))
  expect(request.usage).toMatchObject({ inputTokens: 500, cacheReadTokens: 9000 })
  expect(request.warnings).toBeUndefined()
})
