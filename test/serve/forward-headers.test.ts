import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, test } from 'vitest'
import {
  type Forwarding,
  forwardedHeaders,
  returnedHeaders,
} from '../../src/serve/forward-headers.ts'
import { headFault } from '../../src/serve/head-fault.ts'
import { lines, shown } from './header-lines.ts'

const ownKey: Forwarding = { credential: null, added: ['authorization', 'Bearer sk-own'] }
const clientKey: Forwarding = { credential: 'authorization', added: [] }
const forwarded = (headers: readonly string[], forwarding = clientKey) =>
  shown(forwardedHeaders(lines(...headers), forwarding))

const usual = [
  'Accept: application/json',
  'Content-Type: application/json',
  'User-Agent: OpenAI/JS 6.49.0',
  'anthropic-version: 2023-06-01',
  'anthropic-beta: prompt-caching-2024-07-31',
  'X-Stainless-Lang: js',
  'x-unknown-of-tomorrow: 1.50',
  'Idempotency-Key: k-1',
]

describe('a request that goes upstream', () => {
  it('keeps its headers as they came, in order and spelling, those of tomorrow too', () => {
    expect(forwarded(usual)).toEqual(usual)
  })

  it.each([
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Transfer-Encoding: chunked',
    'TE: trailers',
    'Trailer: x-checksum',
    'Upgrade: websocket',
    'Proxy-Authorization: Basic eA==',
    'Proxy-Connection: keep-alive',
    'Proxy-Anything: x',
    'Host: 127.0.0.1:4141',
    'Content-Length: 12',
    'Accept-Encoding: br',
    'Expect: 100-continue',
    'Cookie: session=secret',
    'X-Forwarded-For: 10.0.0.1',
    'Forwarded: for=10.0.0.1',
    'CF-Connecting-IP: 10.0.0.1',
  ])('takes nothing of this connection and its way along: %s', (header) => {
    expect(forwarded([header, ...usual])).toEqual(usual)
  })

  it.each([
    'X-LLMCost-User: u-1',
    'x-llmcost-key: lc-secret',
    'Helicone-Auth: Bearer sk-helicone',
    'cf-aig-metadata: {}',
    'cf-aig-authorization: Bearer secret',
    'x-portkey-api-key: secret',
    'x-portkey-custom-host: http://169.254.169.254/',
    'x-litellm-tags: a',
    'x-bf-vk: sk-bf-secret',
    'X-OpenRouter-Cache: true',
    'X-Cache-Semantic-Threshold: 0.9',
  ])('leaves here what was said to a gateway: %s', (header) => {
    expect(forwarded([header, ...usual], ownKey)).toEqual([
      ...usual,
      'authorization: Bearer sk-own',
    ])
  })

  it('drops what Connection names, however it is written', () => {
    const named = ['connection: close, X-Unknown-Of-Tomorrow', 'Connection:  accept ,x']
    expect(forwarded([...named, ...usual])).toEqual(
      usual.filter((header) => !/^(?:x-unknown|accept)/i.test(header)),
    )
  })

  it('cannot have the gateway’s own key taken off by Connection', () => {
    const sent = forwarded(['Connection: authorization, x-api-key'], {
      credential: null,
      added: ['x-api-key', 'sk-own'],
    })
    expect(sent).toEqual(['x-api-key: sk-own'])
  })
})

describe('a key', () => {
  const all = [
    'Authorization: Bearer lc-or-client',
    'x-api-key: lc-or-client',
    'API-Key: lc-or-client',
    'x-goog-api-key: lc-or-client',
    'x-llmcost-key: lc-or-client',
    'OpenAI-Organization: org-1',
  ]

  it('of the gateway never goes upstream, nor a client’s where the gateway has its own', () => {
    expect(forwarded(all, ownKey)).toEqual(['authorization: Bearer sk-own'])
  })

  it('of the client goes upstream alone in the header that the provider reads', () => {
    expect(forwarded(all)).toEqual([
      'Authorization: Bearer lc-or-client',
      'OpenAI-Organization: org-1',
    ])
    expect(forwarded(all, { credential: 'x-api-key', added: [] })).toContain(
      'x-api-key: lc-or-client',
    )
  })
})

describe('an answer that comes back', () => {
  const usualAnswer = [
    'Content-Type: application/json',
    'x-request-id: req_1',
    'openai-processing-ms: 20',
    'x-ratelimit-remaining-requests: 9',
    'CF-RAY: 1-FRA',
    'retry-after: 2',
    'x-litellm-response-cost: 0.1',
  ]
  const returned = (headers: readonly string[], added: readonly string[] = []) =>
    shown(returnedHeaders(lines(...headers), added))

  it('keeps its headers as they came', () => {
    expect(returned(usualAnswer)).toEqual(usualAnswer)
  })

  it.each([
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Transfer-Encoding: chunked',
    'Content-Length: 12',
    'Proxy-Authenticate: Basic',
    'Set-Cookie: __cf_bm=of-somebody',
    'Alt-Svc: h3=":443"',
    'Strict-Transport-Security: max-age=1',
    'Access-Control-Allow-Origin: *',
    'Clear-Site-Data: "*"',
    'x-llmcost-cache: hit-exact',
    'X-LLMCost-Cost-USD: 0',
  ])('takes along nothing that is of another address, or ours to say: %s', (header) => {
    expect(returned([header, ...usualAnswer])).toEqual(usualAnswer)
  })

  it('drops what Connection names, and what could end a line', () => {
    const headers = ['Connection: x-request-id', 'x-bad: a\r\nset-cookie: b', ...usualAnswer]
    expect(returned(headers)).toEqual(usualAnswer.filter((each) => !each.startsWith('x-request')))
  })

  it('says the gateway’s own limits in place of the provider’s', () => {
    const added = ['X-RateLimit-Remaining-Requests', '3']
    const last = returned(usualAnswer, added).filter((each) => /remaining/i.test(each))
    expect(last).toEqual(['X-RateLimit-Remaining-Requests: 3'])
  })
})

test('lines are taken from and given to Node as they are', async () => {
  const seen: string[][] = []
  const server = createServer((request, response) => {
    seen.push(request.rawHeaders)
    response.writeHead(200, forwardedHeaders(request.rawHeaders, clientKey)).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const headers = { 'X-Name': 'Zo\xeb', 'x-llmcost-user': 'u-1', Authorization: 'Bearer a' }
  const returned = await new Promise<readonly string[]>((resolve, reject) => {
    const sent = ask({ port, host: '127.0.0.1', headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.rawHeaders))
    })
    sent.on('error', reject).end()
  })
  server.close()
  expect(headFault(seen[0] ?? ['not', 'seen'])).toBeNull()
  expect(shown(returned)).toEqual(
    expect.arrayContaining(['X-Name: Zo\xeb', 'Authorization: Bearer a']),
  )
  expect(returned).not.toContain('x-llmcost-user')
})
