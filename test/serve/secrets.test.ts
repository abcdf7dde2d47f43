import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removeTerminals } from '../support/cli.ts'
import {
  bodyOf,
  type FixtureUpstream,
  headerOf,
  isStreamed,
  sendText,
  startEvents,
  startFixtureUpstream,
} from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'
import { type Answered, ask, exchange } from '../support/gateways/http-client.ts'
import { chatWire, messagesWire } from '../support/gateways/wires.ts'
import { journalOf, type StartedServe, settledIn, startedServe } from '../support/running-serve.ts'

/** Each stands in one place, and must be found in no other. */
const canary = {
  gatewayKey: 'canary-of-the-gateway-0001',
  providerKey: 'canary-of-the-provider-0002',
  wrongKey: 'canary-of-a-stranger-0003',
  prompt: 'canary-in-a-prompt-0004',
  answer: 'canary-in-an-answer-0005',
  header: 'canary-in-a-header-0006',
  error: 'canary-in-an-error-0007',
  tool: 'canary-in-a-tool-0008',
  query: 'canary-in-a-query-0009',
} as const

const policyFor = (url: string, privacy: object) =>
  JSON.stringify({
    privacy,
    serve: {
      maxBodyBytes: 20_000,
      keys: [{ name: 'team-a', env: 'TEAM_A_KEY', team: 'a' }],
      providers: [
        { name: 'openai', dialect: 'openai-chat', baseUrl: `${url}/v1`, apiKeyEnv: 'OWN_KEY' },
      ],
    },
  })

let upstream: FixtureUpstream
let gateway: StartedServe
let url = ''
const start = async (privacy: object) => {
  const env = { TEAM_A_KEY: canary.gatewayKey, OWN_KEY: canary.providerKey }
  const policy = policyFor(upstream.url, privacy)
  gateway = await startedServe({ env, policy, flags: { debug: true } })
  url = gateway.serve.gateway.url
}

beforeEach(async () => {
  upstream = await startFixtureUpstream((response, received) => {
    const said = { text: canary.answer, model: chatWire.model }
    if (JSON.stringify(bodyOf(received)).includes('break')) {
      // As some do: the request's own words, and its key.
      const key = headerOf(received, 'authorization') ?? ''
      const message = `${canary.error}: ${received.body} was refused with ${key}`
      sendText(response, 400, JSON.stringify({ error: { message, type: 'x', code: canary.error } }))
    } else if (isStreamed(received)) {
      const { start, content, end } = chatWire.events(said)
      startEvents(response)
      response.end([...start, ...content, ...end].join(''))
    } else sendText(response, 200, chatWire.whole(said))
  })
  await start({ content: 'none' })
})
afterEach(async () => {
  await gateway.serve.close(0)
  await upstream.close()
  removeTerminals()
})

const headersWith = (key: string) => ({
  authorization: `Bearer ${key}`,
  'x-custom': canary.header,
  'x-llmcost-user': 'someone',
})

const post = (body: object, key: string = canary.gatewayKey): Promise<Answered> =>
  ask(`${url}${chatWire.path}?q=${canary.query}`, { body, headers: headersWith(key) })

const tool = { type: 'function', function: { name: 'look', description: canary.tool } }
const question = (more: object = {}) =>
  chatWire.ask(canary.prompt, { tools: [tool], max_tokens: 10, ...more } as never)

/** Everything that can come out of a gateway but by the answer of whoever asked. */
async function everythingSaid(): Promise<Readonly<Record<string, string>>> {
  const { serve, terminal, path } = gateway
  const said: Record<string, string> = { stderr: terminal.err(), stdout: terminal.out() }
  for (const page of [
    '/',
    '/metrics',
    '/snapshot',
    '/budgets',
    '/breakers',
    '/cache',
    '/intents',
    '/health',
    '/debug/resources',
  ])
    said[page] = (await ask(`${serve.gateway.adminUrl}${page}`)).text
  const files = readdirSync(terminal.folder, { recursive: true, encoding: 'utf8' })
  for (const file of files) {
    const place = join(terminal.folder, file)
    if (place !== path) said[file] = readFileSync(place, 'latin1')
  }
  return said
}

test('no key, no prompt, no answer and no header is in a log, a page, a figure or a file', async () => {
  expect((await post(question())).status).toBe(200)
  expect((await post(question({ stream: true }))).text).toContain(canary.answer)
  // From the cache, and the same of another wire.
  expect((await post(question())).headers['x-llmcost-cache']).toBe('hit-exact')
  expect((await post(chatWire.ask(`break ${canary.prompt}`))).status).toBe(400)
  expect((await post(question(), canary.wrongKey)).status).toBe(401)
  await post({ model: 5, messages: canary.prompt })
  const cut = `{"messages":[{"content":"${canary.prompt}`
  expect(
    (await ask(`${url}${chatWire.path}`, { body: cut, headers: headersWith(canary.gatewayKey) }))
      .status,
  ).toBe(400)
  await until('all are settled', () => settledIn(journalOf(gateway.serve.store)).length >= 4)

  const said = await everythingSaid()
  expect(Object.keys(said)).toContain('store.db.gateway')
  expect(said['stderr']).toContain('"msg":"request"')
  expect(said['/snapshot']).toContain('gpt-4o-mini')
  const found = Object.entries(said).flatMap(([place, text]) =>
    Object.entries(canary)
      .filter(([, word]) => text.includes(word))
      .map(([name]) => `${name} in ${place}`),
  )
  expect(found).toEqual([])
})

test('what a provider says of an error is kept as its question is: by patterns, or not at all', async () => {
  const address = 'someone@example.com'
  const ask = async () => {
    expect((await post(chatWire.ask(`break ${address}`))).status).toBe(400)
    await until('it is settled', () => settledIn(journalOf(gateway.serve.store)).length === 1)
    return settledIn(journalOf(gateway.serve.store))[0]?.record['error']
  }
  expect(await ask()).toBe('bad-request')
  for (const [privacy, words] of [
    [{ content: 'hash' }, /^bad-request$/],
    [{ content: 'full' }, new RegExp(`^bad-request: ${canary.error}.*${address}`)],
    [{ content: 'full', redact: true }, new RegExp(`^bad-request: ${canary.error}`)],
  ] as const) {
    await gateway.serve.close(0)
    await start(privacy)
    const kept = await ask()
    expect(kept).toMatch(words)
    if ('redact' in privacy) expect(kept).not.toContain(address)
    expect(kept).not.toContain(canary.providerKey)
  }
})

describe('the keys of a gateway', () => {
  test('a wrong one, a near one, the provider’s and none at all get one and the same answer', async () => {
    const shown = [
      {},
      { authorization: '' },
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${canary.wrongKey}` },
      { authorization: `Bearer ${canary.gatewayKey}x` },
      { authorization: `Bearer ${canary.gatewayKey.slice(0, -1)}` },
      { authorization: `Bearer ${canary.providerKey}` },
      { 'x-api-key': canary.wrongKey },
      { 'x-llmcost-key': canary.wrongKey },
    ]
    for (const wire of [chatWire, messagesWire]) {
      const answers = await Promise.all(
        shown.map((headers) =>
          ask(`${url}${wire.path}`, { body: wire.ask('Why?'), headers: headers as never }),
        ),
      )
      const plain = answers.map(({ status, text, headers: { date: _, ...headers } }) => ({
        status,
        text,
        headers,
      }))
      expect(plain[0]?.status).toBe(401)
      expect(new Set(plain.map((each) => JSON.stringify(each))).size).toBe(1)
    }
    expect(upstream.received).toEqual([])
    expect(journalOf(gateway.serve.store)).toEqual([])
  })

  test('that a provider repeats are taken out of what it says', async () => {
    const { status, text } = await post(chatWire.ask(`break ${canary.gatewayKey}`))
    expect(status).toBe(400)
    expect(text).toContain(canary.error)
    expect(text).not.toContain(canary.gatewayKey)
  })

  test('are never sent on, wherever a client puts them', async () => {
    const places = [
      { authorization: `Bearer ${canary.gatewayKey}` },
      { 'x-api-key': canary.gatewayKey },
      { 'api-key': canary.gatewayKey },
      { 'x-llmcost-key': canary.gatewayKey, authorization: `Bearer ${canary.wrongKey}` },
    ]
    for (const [number, headers] of places.entries()) {
      const body = chatWire.ask(`Question ${number}?`)
      const got = await ask(`${url}${chatWire.path}`, { body, headers: headers as never })
      expect(got.status).toBe(200)
    }
    expect(upstream.received).toHaveLength(places.length)
    for (const received of upstream.received) {
      expect(headerOf(received, 'authorization')).toBe(`Bearer ${canary.providerKey}`)
      const all = JSON.stringify(received.headers)
      expect(all).not.toContain(canary.gatewayKey)
      expect(all).not.toContain(canary.wrongKey)
    }
  })
})

test('nothing of the administration is on the port of the applications', async () => {
  const { adminUrl } = gateway.serve.gateway
  const pages = ['/', '/metrics', '/snapshot', '/budgets', '/breakers', '/cache', '/events']
  const headers = headersWith(canary.gatewayKey)
  for (const page of [...pages, '/intents', '/ready', '/debug/resources']) {
    expect((await ask(`${url}${page}`, { headers })).status).toBe(404)
    expect((await ask(`${url}${page}`)).status).toBe(404)
  }
  for (const page of ['/reload', '/cache/invalidate', '/breakers/reset'])
    expect((await ask(`${url}${page}`, { body: {}, headers })).status).toBe(404)
  expect(JSON.parse((await ask(`${url}/health`)).text)).toEqual({ status: 'ok' })
  expect((await ask(`${adminUrl}/metrics`)).status).toBe(200)
  // And no application's path on the other.
  const asked = { body: chatWire.ask('Why?'), headers }
  expect((await ask(`${adminUrl}${chatWire.path}`, asked)).status).toBe(404)
  expect(upstream.received).toEqual([])
})

describe('a request that is too much', () => {
  const line = `POST ${chatWire.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${canary.gatewayKey}\r\n`

  test.each([
    ['many headers', Array.from({ length: 5000 }, (_, at) => `a${at}: b\r\n`).join('')],
    ['a header without end', `x-long: ${'x'.repeat(200_000)}\r\n`],
    ['a name without end', `${'x'.repeat(200_000)}: y\r\n`],
    ['folded lines', `x-long: a\r\n${' b\r\n'.repeat(50_000)}`],
  ])('by %s is refused, and the next one is answered', async (_, headers) => {
    expect(await exchange(url, `${line}${headers}\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(upstream.received).toEqual([])
    expect((await post(chatWire.ask('Why?'))).status).toBe(200)
  })

  test('by its body is refused before it is read, and without a word of it', async () => {
    const body = chatWire.ask(canary.prompt.repeat(2000))
    const got = await post(body)
    expect(got.status).toBe(413)
    expect(got.text).not.toContain(canary.prompt)
    expect(upstream.received).toEqual([])
  })
})
