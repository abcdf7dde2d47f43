import { describe, expect, it, test } from 'vitest'
import { fallbackTargets } from '../../src/policy/fallback-targets.ts'
import type { ProviderSettings } from '../../src/policy/serving.ts'
import { catalogue } from '../../src/providers/catalogue.ts'
import { resolveTarget } from '../../src/providers/resolve-target.ts'

const own = (settings: Partial<ProviderSettings>): ProviderSettings => ({
  name: 'mine',
  dialect: 'openai-chat',
  baseUrl: 'https://models.example/v1',
  apiKeyEnv: null,
  models: [],
  ...settings,
})

const found = (target: string, ...mine: readonly ProviderSettings[]) => {
  const { provider, model } = resolveTarget(target, mine, {})
  return [provider.name, model]
}

describe('a target', () => {
  test.each([
    ['openai:gpt-4o-mini', 'openai', 'gpt-4o-mini'],
    ['openrouter:anthropic/claude-sonnet-5', 'openrouter', 'anthropic/claude-sonnet-5'],
    ['ollama:llama3:8b', 'ollama', 'llama3:8b'],
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['o3-mini', 'openai', 'o3-mini'],
    ['ft:gpt-4o:acme::x1', 'openai', 'ft:gpt-4o:acme::x1'],
    ['claude-haiku-4-5', 'anthropic', 'claude-haiku-4-5'],
    ['grok-4', 'xai', 'grok-4'],
    ['codestral-latest', 'mistral', 'codestral-latest'],
  ])('%s is asked of %s as %s', (target, provider, model) => {
    expect(found(target)).toEqual([provider, model])
  })

  it('is resolved for whatever a policy falls back to by itself', () => {
    const targets = Object.entries(fallbackTargets).flatMap(([from, to]) => [from, ...to])
    expect(targets.filter((target) => !target.startsWith(`${found(target)[0]}:`))).toEqual([])
  })

  it('goes to the providers of the policy first, by name and by model', () => {
    const mine = own({ models: ['gpt-*'] })
    expect(found('gpt-4o', mine)).toEqual(['mine', 'gpt-4o'])
    expect(found('openai:gpt-4o', mine)).toEqual(['openai', 'gpt-4o'])
    const openai = own({ name: 'openai' })
    expect(resolveTarget('openai:gpt-4o', [openai], {}).provider.baseUrl).toBe(openai.baseUrl)
  })

  test.each([
    ['opnai:gpt-4o', /unknown provider "opnai"/, 'did you mean "openai:gpt-4o"?'],
    ['openai/gpt-4o', /unknown provider "openai"/, 'did you mean "openai:gpt-4o"?'],
    ['nowhere-at-all:x', /unknown provider/, expect.stringContaining('serve.providers')],
    ['llama-3', /no provider is known to serve "llama-3"/, expect.stringContaining('PROVIDER:')],
    ['openai:', /names no model/, expect.stringContaining('PROVIDER:MODEL')],
    ['', /no provider/, expect.stringContaining('PROVIDER:MODEL')],
  ])('"%s" is the user’s mistake', (target, message, hint) => {
    const attempt = () => resolveTarget(target, [], {})
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ name: 'UserError', hint }))
  })
})

describe('the address of a provider', () => {
  const address = (target: string, env: Record<string, string>, ...mine: ProviderSettings[]) =>
    resolveTarget(target, mine, env).provider.baseUrl

  test.each([
    ['openai:x', {}, 'https://api.openai.com/v1'],
    ['openai:x', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1/' }, 'http://127.0.0.1:9/v1'],
    ['openai:x', { OPENAI_BASE_URL: '  ' }, 'https://api.openai.com/v1'],
    ['anthropic:x', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }, 'http://127.0.0.1:9/v1'],
    ['anthropic:x', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9/v1' }, 'http://127.0.0.1:9/v1'],
    ['groq:x', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }, 'https://api.groq.com/openai/v1'],
    [
      'azure:x',
      { AZURE_OPENAI_ENDPOINT: 'https://res.openai.azure.com/' },
      'https://res.openai.azure.com/openai',
    ],
    [
      'azure:x',
      { AZURE_OPENAI_ENDPOINT: 'https://res.openai.azure.com/openai/v1/' },
      'https://res.openai.azure.com/openai/v1',
    ],
  ])('of %s with %j is %s', (target, env, url) => {
    expect(address(target, env as Record<string, string>)).toBe(url)
  })

  it('that a policy states is not replaced by the environment', () => {
    const openai = own({ name: 'openai' })
    const env = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    expect(address('openai:x', env, openai)).toBe(openai.baseUrl)
  })

  it('has to be there, and to be one', () => {
    expect(() => address('azure:x', {})).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('AZURE_OPENAI_ENDPOINT') }),
    )
    expect(() => address('openai:x', { OPENAI_BASE_URL: 'localhost' })).toThrow(/OPENAI_BASE_URL/)
  })
})

test('no two providers of the catalogue share a name, and each key has a variable', () => {
  const names = catalogue.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(catalogue.filter(({ apiKeyEnv }) => !/^[A-Z_]+_KEY$/.test(apiKeyEnv ?? ''))).toEqual([])
})

describe('a provider of the policy that does not say which models are its own', () => {
  const vllm = own({ name: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1', models: null })
  const openai = own({ name: 'openai', baseUrl: 'http://127.0.0.1:9000/v1', models: null })
  const nameOf = (target: string, mine: readonly ProviderSettings[]) => {
    const { provider, model } = resolveTarget(target, mine, {})
    return [provider.name, provider.baseUrl, model]
  }

  test.each([
    ['llama-3-8b', [vllm], 'vllm'],
    ['claude-haiku-4-5', [vllm], 'anthropic'],
    ['gpt-4o', [vllm], 'openai'],
    ['vllm:gpt-4o', [vllm], 'vllm'],
    ['claude-haiku-4-5', [openai, vllm], 'anthropic'],
    ['claude-haiku-4-5', [{ ...openai, models: ['*'] }], 'openai'],
  ] as const)('leaves %s to who is known to serve it', (target, mine, name) => {
    expect(nameOf(target, mine)[0]).toBe(name)
  })

  test('takes the place of the built-in one of its name', () => {
    expect(nameOf('gpt-4o', [vllm, openai])).toEqual(['openai', openai.baseUrl, 'gpt-4o'])
  })
})
