import { describe, expect, test } from 'vitest'
import { findPrice } from '../../src/prices/find-price.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, million, usd } from './support.ts'

const book = openPriceBook()
const { catalog } = book.context

function targetOf(model: string, provider?: string): string {
  const found = findPrice(catalog, { model, provider })
  return found.kind === 'found' ? `${found.provider.id}:${found.model.id}` : found.kind
}

const regional = 'aws:regional.anthropic.claude-sonnet-4-5-20250929-v1:0'
const global = 'aws:global.anthropic.claude-sonnet-4-5-20250929-v1:0'
const profile = 'arn:aws:bedrock:us-east-1:123456789012'

describe('a model without a provider', () => {
  test.each([
    ['gpt-4o', 'openai:gpt-4o'],
    ['GPT-4o', 'openai:gpt-4o'],
    ['o4-mini', 'openai:o4-mini'],
    ['text-embedding-3-small', 'openai:text-embedding-3-small'],
    ['chatgpt-4o-latest', 'openai:chatgpt-4o-latest'],
    ['gpt-35-turbo', 'azure:gpt-3.5-turbo'],
    ['claude-haiku-4-5-20251001', 'anthropic:claude-haiku-4-5'],
    ['claude-3-5-sonnet-latest', 'anthropic:claude-3-5-sonnet'],
    ['claude-sonnet-4.5', 'anthropic:claude-sonnet-4-5'],
    ['claude-sonnet-4-5@20250929', 'google:claude-sonnet-4-5'],
    ['gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['models/gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['gpt-4-1', 'openai:gpt-4.1'],
    ['gpt-4.1-2025-04-14', 'openai:gpt-4.1'],
    ['gpt-5.4-20260305', 'openai:gpt-5.4'],
    ['openai/gpt-4o', 'openai:gpt-4o'],
    ['azure/gpt-4o', 'azure:gpt-4o'],
    ['azure/eu/gpt-4o', 'azure:gpt-4o'],
    ['vertex_ai/claude-sonnet-4-5@20250929', 'google:claude-sonnet-4-5'],
    ['publishers/google/models/gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['anthropic/claude-sonnet-4-5', 'anthropic:claude-sonnet-4-5'],
    ['bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0', regional],
    ['bedrock/us-east-1/anthropic.claude-sonnet-4-5-20250929-v1:0', regional],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', regional],
    ['ca.anthropic.claude-sonnet-4-5-20250929-v1:0', regional],
    ['global.anthropic.claude-sonnet-4-5-20250929-v1:0', global],
    [`${profile}:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0`, global],
    [`${profile}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0`, regional],
    [
      'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0',
      regional,
    ],
    ['openrouter/anthropic/claude-sonnet-4.5', 'openrouter:anthropic/claude-sonnet-4.5'],
    ['anthropic/claude-sonnet-4-5:nitro', 'openrouter:anthropic/claude-sonnet-4.5'],
    ['openai/gpt-4o:floor', 'openrouter:openai/gpt-4o'],
    ['anthropic/claude-3.5-sonnet:beta', 'openrouter:anthropic/claude-3.5-sonnet'],
    ['accounts/fireworks/models/deepseek-v3p2', 'fireworks:deepseek-v3p2'],
  ])('%s is %s', (model, target) => {
    expect(targetOf(model)).toBe(target)
  })
})

describe('a model with a provider', () => {
  test.each([
    ['azure', 'gpt-4o', 'azure:gpt-4o'],
    ['azure_openai', 'gpt-4o', 'azure:gpt-4o'],
    ['azure.ai.openai', 'gpt-35-turbo', 'azure:gpt-3.5-turbo'],
    ['gcp.vertex_ai', 'gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['google_genai', 'models/gemini-2.5-pro', 'google:gemini-2.5-pro'],
    ['aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', regional],
    ['openrouter', 'anthropic/claude-sonnet-4-5', 'openrouter:anthropic/claude-sonnet-4.5'],
    ['openrouter', 'openai/gpt-4o-2099-01-01', 'openrouter:openai/gpt-4o'],
    ['openai', 'gpt-4o:nitro', 'openrouter:openai/gpt-4o'],
    ['litellm', 'openai/gpt-4o', 'openai:gpt-4o'],
    ['xai.chat', 'grok-4.5', 'x-ai:grok-4.5'],
    ['openai.chat', 'gpt-4o', 'openai:gpt-4o'],
    ['groq', 'openai/gpt-oss-120b', 'groq:openai/gpt-oss-120b'],
  ])('%s %s is %s', (provider, model, target) => {
    expect(targetOf(model, provider)).toBe(target)
  })
})

describe('what is not known stays unknown', () => {
  test.each([
    ['gpt-5.7', undefined],
    ['gpt-4o-mimi', undefined],
    ['my-gpt-4o-deployment', undefined],
    ['chat-prod', 'azure'],
    ['codex-auto-review', undefined],
    ['ft:gpt-4.1-mini-2025-04-14:org::id', undefined],
    [`${profile}:application-inference-profile/a1b2c3d4`, undefined],
    ['gpt-4o', 'anthropic'],
  ])('%s', (model, provider) => {
    expect(targetOf(model, provider)).toBe('unknown-model')
  })

  test.each(['acme', 'openai-compatible', 'custom_openai', 'ollama'])('provider %s', (provider) => {
    expect(targetOf('gpt-4o', provider)).toBe('unknown-provider')
  })
})

describe('the endings of OpenRouter', () => {
  const one = { inputTokens: million, outputTokens: million }

  test('a free variant costs nothing, which is not unknown', () => {
    const free = 'meta-llama/llama-3.3-70b-instruct:free'
    expect(amountOf(book, { provider: 'openrouter', model: free }, one)).toBe(0)
  })

  test('the web plugin adds its fee to every request', () => {
    // 2.50 + 10 + five results at $4 per thousand
    expect(amountOf(book, { model: 'openai/gpt-4o' }, one)).toBe(usd(12.5))
    expect(amountOf(book, { model: 'openai/gpt-4o:online' }, one)).toBe(usd(12.52))
  })
})
