import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { gatewayReader } from '../../src/ingest/gateway-reader.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { endpointOf } from '../../src/serve/endpoints.ts'
import { requireOthers } from '../../src/serve/own-address.ts'
import { nameableProviders } from '../../src/serve/read-destination.ts'
import { openUpstreams } from '../../src/serve/upstreams.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

test('a provider named in the path is the one at the address of the environment', async () => {
  const { upstream, post } = await startFixtureGateway((response) =>
    sendText(response, 200, completion('Hello')),
  )
  expect((await post('/openai/v1/chat/completions', asking('Hi'))).status).toBe(200)
  expect((await post('/v1/chat/completions', asking('And?'))).status).toBe(200)
  expect(upstream.received).toHaveLength(2)
})

test('a provider without an address is not found', async () => {
  const { gateway, post } = await startFixtureGateway(() => undefined)
  expect((await post('/azure/v1/chat/completions', asking('Hi'))).status).toBe(404)
  expect(gateway.bugs).toEqual([])
})

test('the same model of another provider has answers of its own', async () => {
  const { upstream, post } = await startFixtureGateway((response) =>
    sendText(response, 200, completion('Hello')),
  )
  await (await post('/v1/chat/completions', asking('Hi'))).text()
  await (await post('/openai/v1/chat/completions', asking('Hi'))).text()
  await (await post('/openai/v1/chat/completions', asking('Hi'))).text()
  expect(upstream.received).toHaveLength(2)
})

test.each([
  ['127.0.0.1', 'ollama'],
  ['0.0.0.0', 'openai'],
])('a model’s name opens no server of this machine to others: at %s %s', (host, name) => {
  const serve = { host, providers: [] }
  const upstreams = openUpstreams([], {}, 'openai:gpt-4o-mini', nameableProviders(serve))
  const home = upstreams.homeOf(endpointOf('POST', '/chat/completions', null), 'ollama:llama3', {})
  expect(home.upstream.provider.name).toBe(name)
})

test.each([
  ['http://127.0.0.1:4141/v1', true],
  ['http://localhost:4141/v1/', true],
  ['http://localhost:8080/v1', false],
  ['https://api.openai.com/v1', false],
])('an address of the gateway’s own is no provider’s: %s', (url, isOwn) => {
  const serve = { ...defaultPolicy.serve, host: '127.0.0.1', port: 4141 }
  const check = () => requireOthers(serve, { OPENAI_BASE_URL: url })
  if (isOwn) expect(check).toThrow(/OPENAI_BASE_URL is the gateway's own address/)
  else expect(check).not.toThrow()
})

test('what names no model is asked of the provider alone, and is no request to a model in reports', async () => {
  const { gateway } = await startFixtureGateway((response) =>
    sendText(response, 200, '{"object":"list","data":[]}'),
  )
  for (const path of ['/v1/models', '/openai/v1/models']) {
    const response = await fetch(`${gateway.url}${path}`)
    expect(response.headers.get('x-llmcost-target')).toBe('openai')
    await response.text()
  }
  for (const entry of gateway.settled()) {
    expect(entry.record).toMatchObject({ model: '', target: 'openai', operation: 'other' })
    const stored: unknown = JSON.parse(JSON.stringify(entry))
    expect(gatewayReader.start({} as never).read(stored as JsonObject)).toEqual({
      ignored: 'no-model',
    })
  }
})
