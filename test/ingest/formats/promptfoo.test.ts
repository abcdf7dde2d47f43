import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { promptfoo } from '../../../src/ingest/formats/promptfoo.ts'

const read = (record: JsonObject) => promptfoo.start({ path: 'results.json' }).read(record)

const result = {
  id: 'result-1',
  promptIdx: 0,
  testIdx: 3,
  promptId: 'p-abc',
  provider: { id: 'openai:chat:gpt-4o-mini', label: 'mini' },
  prompt: {
    raw: '[{"role":"system","content":"Be brief."},{"role":"user","content":"What is a ledger?"}]',
    label: 'brief',
  },
  vars: { topic: 'ledger' },
  testCase: { description: 'knows ledgers', vars: { topic: 'ledger' }, assert: [] },
  response: {
    output: 'A book.',
    tokenUsage: {
      total: 120,
      prompt: 100,
      completion: 20,
      numRequests: 1,
      completionDetails: { reasoning: 5 },
    },
    cached: false,
    cost: 0.000027,
    finishReason: 'stop',
  },
  success: true,
  score: 0.75,
  failureReason: 0,
  namedScores: {},
  gradingResult: { pass: true, score: 0.75, reason: 'ok', tokensUsed: { total: 500 } },
  latencyMs: 640,
  cost: 0.000027,
  metadata: {},
}

const tags: readonly (readonly [string, string])[] = [
  ['provider', 'openai:chat:gpt-4o-mini'],
  ['success', 'true'],
  ['score', '0.75'],
  ['test', 'knows ledgers'],
]

it('reads a result whole, its verdict as tags', () => {
  expect(read(result)).toEqual({
    id: 'result-1',
    latencyMs: 640,
    provider: 'openai',
    model: 'gpt-4o-mini',
    operation: 'chat',
    status: 'ok',
    promptVersion: 'p-abc',
    tags: new Map(tags),
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    answer: { text: 'A book.', finishReason: 'stop' },
    usage: {
      inputTokens: 100,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 20,
      reasoningTokens: 5,
    },
    loggedCostNanoUsd: 27_000,
  })
})

it('reads a prompt of plain text', () => {
  expect(read({ ...result, prompt: { raw: 'What is a ledger?', label: 'x' } })).toMatchObject({
    prompt: { messages: [{ role: 'user', content: 'What is a ledger?' }] },
  })
})

it.each([
  ['openai:gpt-4o', 'openai', 'gpt-4o'],
  ['anthropic:messages:claude-haiku-4-5', 'anthropic', 'claude-haiku-4-5'],
  ['google:gemini-2.5-flash', 'google', 'gemini-2.5-flash'],
  ['vertex:gemini-2.5-flash', 'google', 'gemini-2.5-flash'],
  ['bedrock:us.anthropic.claude-haiku-4-5-v1:0', 'aws', 'us.anthropic.claude-haiku-4-5-v1:0'],
  ['openrouter:openai/gpt-4o', 'openrouter', 'openai/gpt-4o'],
  ['azure:chat:eu-prod', 'azure', 'eu-prod'],
])('reads the provider %s', (id, provider, model) => {
  expect(read({ ...result, provider: { id } })).toMatchObject({ provider, model })
  expect(read({ ...result, provider: id })).toMatchObject({ provider, model })
})

it('takes a local provider as it is named', () => {
  const reading = read({ ...result, provider: { id: 'python:ask.py' } })
  expect(reading).toMatchObject({ model: 'python:ask.py' })
  expect(reading).not.toHaveProperty('provider')
})

it("takes promptfoo's cached tokens for its own cache, not for a prompt cache", () => {
  const response = { ...result.response, cached: true, tokenUsage: { total: 120, cached: 120 } }
  const reading = read({ ...result, response })
  expect(reading).toMatchObject({ servedFromCache: true, loggedCostNanoUsd: 0 })
  expect(reading).not.toHaveProperty('usage')
})

it('keeps a failed assertion as an answered request', () => {
  const failed = { success: false, score: 0, failureReason: 1, error: 'Expected a number' }
  const reading = read({ ...result, ...failed })
  expect(reading).toMatchObject({ status: 'ok', answer: { text: 'A book.' } })
  expect(reading).toHaveProperty('tags', new Map([...tags, ['success', 'false'], ['score', '0']]))
  expect(reading).not.toHaveProperty('error')
})

it('keeps a failed call as an error', () => {
  const failed = { success: false, score: 0, failureReason: 2, error: 'API error: 429' }
  expect(read({ ...result, ...failed, response: { error: 'API error: 429' } })).toMatchObject({
    status: 'error',
    error: 'API error: 429',
  })
})

it('takes the usage of the result where the response has none', () => {
  const { tokenUsage, ...response } = result.response
  expect(read({ ...result, response, tokenUsage })).toMatchObject({
    usage: { inputTokens: 100, outputTokens: 20 },
  })
})

it('is recognised, and only it', () => {
  expect(promptfoo.recognise([result], 'x')).toBe(1)
  expect(promptfoo.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(promptfoo.recognise([{ prompt: 'x', response: 'y', provider: 'openai' }], 'x')).toBe(0)
})
