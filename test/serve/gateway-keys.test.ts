import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import type { GatewayKey } from '../../src/policy/serving.ts'
import { keyRefusal, openGatewayKeys, requireKeys } from '../../src/serve/gateway-keys.ts'
import type { Headers } from '../../src/serve/header-text.ts'

const keyOf = (name: string, rest: Partial<GatewayKey> = {}): GatewayKey => ({
  name,
  env: null,
  sha256: null,
  user: null,
  team: null,
  plan: null,
  tenant: null,
  ...rest,
})
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

const env = { A_KEY: ' lc-aaaa-1\n', EMPTY: ' ' }
const keys = [
  keyOf('team-a', { env: 'A_KEY', team: 'core', tenant: 'acme' }),
  keyOf('team-b', { sha256: hashOf('lc-bbbb-2'), plan: 'gold', user: 'u-b' }),
]
const opened = openGatewayKeys(keys, env)

describe('a key of the gateway', () => {
  test.each<Headers>([
    { authorization: 'Bearer lc-aaaa-1' },
    { authorization: 'bearer   lc-aaaa-1' },
    { authorization: 'lc-aaaa-1' },
    { 'x-api-key': 'lc-aaaa-1' },
    { 'api-key': 'lc-aaaa-1' },
    { 'x-llmcost-key': 'lc-aaaa-1' },
    { 'x-llmcost-key': 'lc-aaaa-1', authorization: 'Bearer sk-of-a-provider' },
    { 'x-api-key': 'lc-aaaa-1', authorization: 'Bearer sk-of-a-provider' },
  ])('is found in %j', (headers) => {
    expect(opened.callerOf(headers)?.key).toBe('team-a')
  })

  it('says who asks, be it kept in the environment or as a hash', () => {
    expect(opened.callerOf({ 'x-api-key': 'lc-aaaa-1' })).toEqual({
      key: 'team-a',
      user: null,
      team: 'core',
      plan: null,
      tenant: 'acme',
      defaultTenant: null,
    })
    expect(opened.callerOf({ 'x-api-key': 'lc-bbbb-2' })).toMatchObject({
      key: 'team-b',
      user: 'u-b',
      plan: 'gold',
      tenant: null,
    })
  })

  test.each<[string, Headers]>([
    ['none', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['one that is nearly right', { authorization: 'Bearer lc-aaaa-2' }],
    ['the beginning of one', { authorization: 'Bearer lc-aaaa' }],
    ['one in another case', { authorization: 'Bearer LC-AAAA-1' }],
    ['the hash that the policy holds', { authorization: `Bearer ${hashOf('lc-bbbb-2')}` }],
    ['one that is endless', { authorization: `Bearer ${'x'.repeat(1e6)}` }],
    ['another scheme', { authorization: 'Basic lc-aaaa-1' }],
    ['two in one header', { 'x-llmcost-key': 'lc-aaaa-1, lc-bbbb-2' }],
    ['a list', { 'x-api-key': ['lc-aaaa-1'] }],
  ])('is not found in %s', (_, headers) => {
    expect(opened.callerOf(headers)).toBeNull()
  })

  it('is asked for where one is set up', () => {
    expect(opened.areRequired).toBe(true)
    expect(openGatewayKeys([], {}).areRequired).toBe(false)
    expect(opened.secrets).toEqual(['lc-aaaa-1'])
  })
})

describe('keys that would not work', () => {
  test.each<[string, readonly GatewayKey[], RegExp, RegExp]>([
    ['an unset variable', [keyOf('a', { env: 'NONE' })], /"a": NONE is not set/, /export NONE=/],
    ['an empty variable', [keyOf('a', { env: 'EMPTY' })], /EMPTY is not set/, /export EMPTY=/],
    ['what no header holds', [keyOf('a', { env: 'BAD' })], /BAD holds what/, /ASCII/],
    [
      'two names for one secret',
      [keyOf('a', { env: 'A_KEY' }), keyOf('b', { env: 'SAME' })],
      /"a" and "b" are the same key/,
      /give each its own/,
    ],
    [
      'one secret, once as a hash',
      [keyOf('a', { env: 'A_KEY' }), keyOf('b', { sha256: hashOf('lc-aaaa-1') })],
      /"a" and "b" are the same key/,
      /give each its own/,
    ],
  ])('are refused at the start, and never shown: %s', (_, given, message, hint) => {
    const open = () => openGatewayKeys(given, { ...env, SAME: 'lc-aaaa-1', BAD: 'lc-planted two' })
    expect(open).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    )
    expect(open).not.toThrow(/lc-aaaa|planted/)
  })
})

test('the gateway is never open to other machines without keys', () => {
  const at = (host: string, given: readonly GatewayKey[]) => () =>
    requireKeys({ host, keys: given })
  for (const host of ['127.0.0.1', 'localhost', '::1', '[::1]', '127.8.0.1'])
    expect(at(host, [])).not.toThrow()
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.0.7',
    'gateway.internal',
    '127.0.0.1.example.com',
  ]) {
    expect(at(host, [])).toThrow(
      expect.objectContaining({ name: 'UserError', hint: expect.stringContaining('serve.keys') }),
    )
    expect(at(host, keys)).not.toThrow()
  }
})

test('a refusal speaks the caller’s dialect and does not tell a wrong key from a missing one', () => {
  const openAi = keyRefusal('openai-chat')
  expect(openAi).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } } })
  expect(openAi.headers).toEqual(['www-authenticate', 'Bearer realm="llmcost"'])
  expect(keyRefusal('openai-responses').status).toBe(401)
  expect(keyRefusal('anthropic-messages')).toMatchObject({
    status: 401,
    body: { type: 'error', error: { type: 'authentication_error' } },
  })
  expect(keyRefusal(null)).toEqual(openAi)
})
