import { describe, expect, it, test } from 'vitest'
import { keyHash } from '../../src/engine/cache-key.ts'
import { catalogue, type KnownProvider } from '../../src/providers/catalogue.ts'
import {
  credentialLine,
  credentialOf,
  passThroughCaller,
} from '../../src/serve/client-credential.ts'
import type { Headers } from '../../src/serve/header-text.ts'

const named = (name: string): KnownProvider => {
  const found = catalogue.find((each) => each.name === name)
  if (found === undefined) throw new Error(name)
  return found
}
const openai = named('openai')
const anthropic = named('anthropic')
const azure = { ...named('azure'), baseUrl: 'https://mine.openai.azure.com/openai' }
const hash = keyHash('a secret of this machine')

describe('a client’s own key', () => {
  const bearer = { authorization: 'Bearer sk-one' }

  test.each<[string, KnownProvider, Headers, string | null]>([
    ['OpenAI', openai, bearer, 'authorization'],
    ['OpenAI', openai, { 'x-api-key': 'sk-one' }, null],
    ['Anthropic', anthropic, { 'x-api-key': 'sk-one', ...bearer }, 'x-api-key'],
    ['Anthropic', anthropic, bearer, 'authorization'],
    ['Azure', azure, { 'api-key': 'sk-one' }, 'api-key'],
    ['Azure', azure, bearer, 'authorization'],
    ['OpenAI', openai, {}, null],
    ['OpenAI', openai, { authorization: 'Bearer' }, null],
  ])('of %s is taken from where it looks: %#', (_, provider, headers, header) => {
    expect(credentialOf(headers, provider, hash)?.header ?? null).toBe(header)
  })

  it('is known by a hash under a local secret, the same in whatever header it comes', () => {
    const one = credentialOf(bearer, openai, hash)
    expect(one?.id).toMatch(/^key-[\w-]{12}$/)
    expect(credentialOf({ 'x-api-key': 'sk-one' }, anthropic, hash)?.id).toBe(one?.id)
    expect(credentialOf({ authorization: 'Bearer sk-two' }, openai, hash)?.id).not.toBe(one?.id)
    expect(credentialOf(bearer, openai, keyHash('another'))?.id).not.toBe(one?.id)
    expect(JSON.stringify(one)).not.toContain('sk-one')
  })

  it('cannot be dressed up as another by a second header that the provider does not read', () => {
    const shown = (junk: string) =>
      credentialOf({ 'x-api-key': 'sk-one', authorization: `Bearer ${junk}` }, anthropic, hash)
    expect(shown('a')?.id).toBe(shown('b')?.id)
  })

  it('keeps its answers from clients with another key', () => {
    const [one, two] = ['sk-one', 'sk-two'].map((key) =>
      passThroughCaller(credentialOf({ authorization: `Bearer ${key}` }, openai, hash)),
    )
    expect(one?.defaultTenant).toBe(one?.key)
    expect(one?.defaultTenant).not.toBe(two?.defaultTenant)
    expect(passThroughCaller(null)).toMatchObject({ key: null, defaultTenant: null })
  })
})

test('the gateway’s own key is shown as each provider wants it', () => {
  expect(credentialLine(openai, 'sk-own')).toEqual(['authorization', 'Bearer sk-own'])
  expect(credentialLine(anthropic, 'sk-own')).toEqual(['x-api-key', 'sk-own'])
  expect(credentialLine(azure, 'sk-own')).toEqual(['api-key', 'sk-own'])
})
