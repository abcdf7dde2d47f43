import { describe, expect, it } from 'vitest'
import { prefixTarget } from '../../src/engine/prefix-rules.ts'

describe('the rules of a prompt cache', () => {
  it.each([
    ['anthropic', 'claude-sonnet-4-5-20250929', 'marked', 1024],
    ['anthropic', 'claude-opus-4-1', 'marked', 1024],
    ['anthropic', 'claude-opus-4-20250514', 'marked', 1024],
    ['anthropic', 'claude-3-7-sonnet-latest', 'marked', 1024],
    ['anthropic', 'claude-sonnet-4-6', 'marked', 2048],
    ['anthropic', 'claude-3-5-haiku-20241022', 'marked', 2048],
    ['anthropic', 'claude-opus-4-5', 'marked', 4096],
    ['anthropic', 'claude-haiku-4-5-20251001', 'marked', 4096],
    ['bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', 'marked', 4096],
    [undefined, 'openrouter/anthropic/claude-opus-4.5', 'marked', 4096],
    ['openai', 'gpt-4o-2024-08-06', 'automatic', 1024],
    ['openai', 'o3', 'automatic', 1024],
    ['azure', 'gpt-4.1-mini', 'automatic', 1024],
    [undefined, 'gemini-2.5-flash', 'automatic', 1024],
    ['google', 'gemini-2.5-pro', 'automatic', 4096],
    ['deepseek', 'deepseek-chat', 'automatic', 64],
  ])('of %s %s: %s from %i tokens', (provider, model, kind, minTokens) => {
    expect(prefixTarget(provider, model).rules).toMatchObject({ kind, minTokens })
  })

  it.each([
    ['openai', 'gpt-4-0613'],
    ['openai', 'gpt-4-1106-preview'],
    ['openai', 'gpt-3.5-turbo'],
    ['groq', 'openai/gpt-oss-120b'],
    ['together', 'deepseek-v3'],
    ['vllm', 'gpt-4o'],
    ['mistral', 'mistral-large-latest'],
  ])('of %s %s are not known', (provider, model) => {
    expect(prefixTarget(provider, model).rules).toBeNull()
  })

  it.each([
    ['gpt-5.1', true, false],
    ['gpt-5', true, false],
    ['gpt-4.1-2025-04-14', true, false],
    ['gpt-5-mini', false, false],
    ['gpt-4o', false, false],
    ['gpt-5.6', true, true],
    ['gpt-5.6-mini', true, true],
    ['gpt-5.10', true, true],
  ])(
    'say of %s whether it can be kept for a day and whether writes are billed',
    (model, day, billed) => {
      const { rules } = prefixTarget('openai', model)
      expect([rules?.otherTtlsMs['24h'] !== undefined, rules?.billsWrites]).toEqual([day, billed])
    },
  )

  it('are one for all spellings of a model, and apart for models and sellers', () => {
    const keyOf = (provider: string | undefined, model: string) => prefixTarget(provider, model).key
    const plain = keyOf('anthropic', 'claude-haiku-4-5')
    expect(keyOf(undefined, 'claude-haiku-4-5-20251001')).toBe(plain)
    expect(keyOf('Anthropic', 'anthropic/claude-haiku-4.5')).toBe(plain)
    expect(keyOf('bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0')).not.toBe(plain)
    expect(keyOf('anthropic', 'claude-haiku-4')).not.toBe(plain)
  })
})
