import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { ProviderSettings } from '../../src/policy/serving.ts'
import type { Headers } from '../../src/serve/header-text.ts'
import { nameableProviders, readDestination } from '../../src/serve/read-destination.ts'

const mine: ProviderSettings = {
  name: 'mine',
  dialect: 'openai-chat',
  baseUrl: 'https://llm.example.com/v1',
  apiKeyEnv: null,
  models: ['*'],
}
const providers = nameableProviders({ host: '127.0.0.1', providers: [mine] })
const destination = (url: string, headers: Headers = {}) => {
  const read = readDestination(url, headers, providers)
  if (read.kind === 'refused') return `${read.fault.status} ${read.fault.message}`
  return [read.provider?.name ?? null, read.path]
}

describe('a request', () => {
  test.each<[string, Headers, string | null, string]>([
    ['/v1/chat/completions', {}, null, '/chat/completions'],
    ['/v1', {}, null, ''],
    ['/v1/models?limit=2', {}, null, '/models?limit=2'],
    ['/v1?x=../..', {}, null, '?x=../..'],
    ['/openai/v1/responses', {}, 'openai', '/responses'],
    ['/mine/v1/files/a..b.txt', {}, 'mine', '/files/a..b.txt'],
    ['/v1/v1/models', {}, null, '/v1/models'],
    ['/v1/messages', { 'x-llmcost-provider': 'anthropic' }, 'anthropic', '/messages'],
    ['/openai/v1/models', { 'x-llmcost-provider': 'openai' }, 'openai', '/models'],
  ])('to %s %j goes to %s', (url, headers, name, path) => {
    expect(destination(url, headers)).toEqual([name, path])
  })

  it('finds the policy’s provider before one of the same name in the catalogue', () => {
    const own = { ...mine, name: 'openai' }
    const read = readDestination('/openai/v1/models', {}, [own, ...providers])
    expect(read).toMatchObject({ provider: own })
  })

  test.each([
    ['/opnai/v1/models', /^404 .*Did you mean openai\?$/],
    ['/nowhere/v1/models', /^404 .*Known are mine, openai, anthropic/],
    ['/constructor/v1/models', /^404/],
    ['/__proto__/v1/models', /^404/],
    ['/openai/chat/completions', /^404 .*begin with \/v1/],
    ['/v1x/models', /^404/],
    ['/', /^404/],
  ])('to %s is told what was meant', (url, message) => {
    expect(destination(url)).toMatch(message)
  })

  it('that names two providers goes to neither', () => {
    expect(destination('/openai/v1/models', { 'x-llmcost-provider': 'mine' })).toMatch(/^400/)
  })
})

describe('no client chooses an address', () => {
  test.each<Headers>([
    { 'x-portkey-custom-host': 'http://169.254.169.254/v1' },
    { 'helicone-target-url': 'http://169.254.169.254' },
    { 'helicone-openai-api-base': 'http://169.254.169.254' },
    { 'x-portkey-provider': 'mine' },
    { host: '169.254.169.254' },
    { 'x-forwarded-host': '169.254.169.254' },
  ])('by %j', (headers) => {
    expect(destination('/v1/models', headers)).toEqual([null, '/models'])
  })

  test.each([
    'http://169.254.169.254/v1/models',
    '//169.254.169.254/v1/models',
    '/http:/169.254.169.254/v1/models',
    '/169.254.169.254/v1/models',
    '/openai@169.254.169.254/v1/models',
    '/openai/v1@169.254.169.254/models',
    '/openai/v1.evil.example/models',
    '\\\\169.254.169.254\\v1\\models',
    '*',
    '',
  ])('by the target %s', (url) => {
    expect(destination(url)).toMatch(/^4/)
  })

  test.each([
    '/v1/../admin',
    '/v1/files/..',
    '/v1/./models',
    '/openai/v1/../../other',
    '/v1/%2e%2e/admin',
    '/v1/%2E./admin',
    '/v1/..;/admin',
    '/v1/a%2f..%2fadmin',
    '/v1/a%5c..%5cadmin',
    '/v1/a\\..\\admin',
    '/v1/models%00.json',
    '/v1/models#x',
    '/v1/models\r\nHost: evil',
    '/v1/mod\u00e8le',
    `/v1/${'a'.repeat(5000)}`,
  ])('nor climbs out of a provider’s own by %s', (url) => {
    expect(destination(url)).toMatch(/^400/)
  })

  it('whatever the path: what is let through stays below the base URL', () => {
    const piece = fc.constantFrom(
      ...['/', '.', '..', '%2e', '%2E', '%2f', '\\', '@', ':', '?', '#', ';', 'v1', 'openai', 'a'],
    )
    const url = fc.array(piece, { maxLength: 8 }).map((pieces) => `/v1/${pieces.join('')}`)
    fc.assert(
      fc.property(url, (target) => {
        const read = readDestination(target, {}, providers)
        if (read.kind === 'refused') return
        const { origin, pathname } = new URL(`https://llm.example.com/base/v1${read.path}`)
        expect(origin).toBe('https://llm.example.com')
        expect(pathname).toMatch(/^\/base\/v1(?:\/|$)/)
      }),
      { numRuns: 5000 },
    )
  })

  it('on the gateway’s own machine from another one, unless the policy names it', () => {
    const namesAt = (host: string, own: readonly ProviderSettings[]) =>
      nameableProviders({ host, providers: own }).map(({ name }) => name)
    expect(namesAt('127.0.0.1', [])).toContain('ollama')
    expect(namesAt('0.0.0.0', [])).toEqual(expect.arrayContaining(['openai', 'azure']))
    for (const local of ['ollama', 'vllm', 'lmstudio', 'litellm'])
      expect(namesAt('0.0.0.0', [])).not.toContain(local)
    expect(namesAt('0.0.0.0', [{ ...mine, name: 'ollama' }])).toContain('ollama')
  })
})
