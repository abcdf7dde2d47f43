import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'vitest'
import { headerOf, sendText } from '../gateways/fixture-upstream.ts'
import { ask, exchange } from '../gateways/http-client.ts'
import { chatWire } from '../gateways/wires.ts'
import type { Arena, Complaint } from './complaint.ts'

const body = JSON.stringify(chatWire.ask('Why?'))
const whole = chatWire.whole({ text: 'Because.', model: chatWire.model })

const head = (lines: readonly string[], target = chatWire.path) =>
  [
    `POST ${target} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n')
const length = `Content-Length: ${Buffer.byteLength(body)}`

export const hopHeadersCross: Complaint = {
  name: 'headers that are meant for the next hop go no further, in either direction',
  async run(arena) {
    const upstream = await arena.upstream((response) =>
      sendText(response, 200, whole, {
        connection: 'close, x-of-upstream',
        'x-of-upstream': 'secret',
        'proxy-authenticate': 'Basic',
        'x-for-all': 'yes',
      }),
    )
    const { url } = await arena.gateway({ upstream: upstream.url })
    const lines = [
      'Connection: close, X-Of-Client',
      'X-Of-Client: secret',
      'Keep-Alive: timeout=77',
      'Proxy-Authorization: Basic c2VjcmV0',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'Trailer: X-Later',
      'Upgrade: h2c',
      'X-For-All: yes',
    ]
    const got = await exchange(url, `${head([...lines, length])}${body}`)
    expect(got).toMatch(/^HTTP\/1.1 200 /)
    expect(got).not.toMatch(/x-of-upstream|proxy-authenticate/i)
    expect(got).toMatch(/x-for-all: yes/i)
    const [received] = upstream.received
    const names = received?.headers.map(([name]) => name) ?? []
    expect(names).toContain('x-for-all')
    const forbidden = /^(?:x-of-client|proxy-.*|te|trailer|upgrade)$/
    expect(names.filter((name) => forbidden.test(name))).toEqual([])
    expect(received?.headers.map(([, value]) => value)).not.toContain('timeout=77')
  },
}

const smuggled = `GET /v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`
const ended = `0\r\n\r\n${smuggled}`
const tooShort = (name: string) => `${name}: ${Buffer.byteLength(body)}`

/** Requests whose end is a matter of opinion. */
const ambiguous: Readonly<Record<string, string>> = {
  'a length and chunks': `${head([length, 'Transfer-Encoding: chunked'])}${ended}`,
  'two lengths': `${head([length, `Content-Length: ${body.length + smuggled.length}`])}${body}${smuggled}`,
  'a length that is a list': `${head([`${tooShort('Content-Length')}, 5`])}${body}${smuggled}`,
  'a length with a sign': `${head([`Content-Length: +${body.length}`])}${body}${smuggled}`,
  'an unknown coding': `${head(['Transfer-Encoding: xchunked'])}${ended}`,
  'a coding that is hidden by a space': `${head(['Transfer-Encoding : chunked', length])}${ended}`,
  'a coding on a folded line': `${head(['Transfer-Encoding:\r\n chunked', length])}${ended}`,
  'a line that ends in a line feed': `${head([`X-A: b\nTransfer-Encoding: chunked`, length])}${ended}`,
  'a header with a NUL': `${head([`X-A: b\0c`, length])}${body}${smuggled}`,
}

export const requestsSmuggled: Complaint = {
  name: 'a request whose end can be read in two ways carries no second one past the gateway',
  async run(arena) {
    for (const bytes of Object.values(ambiguous)) {
      const upstream = await arena.upstream((response) => sendText(response, 200, whole))
      const { url } = await arena.gateway({ upstream: upstream.url })
      await exchange(url, bytes, 60)
      expect(upstream.received.map(({ path }) => path)).not.toContain('/v1/smuggled')
      expect(upstream.received.length).toBeLessThan(2)
    }
  },
}

export const upstreamChosenByClient: Complaint = {
  name: 'no client chooses where its request goes',
  async run(arena) {
    const trap = await startTrap(arena)
    const upstream = await arena.upstream((response) => sendText(response, 200, whole))
    const { url } = await arena.gateway({ upstream: upstream.url })
    const { host } = new URL(trap.url)
    const names = [
      'x-portkey-custom-host',
      'x-llmcost-upstream',
      'x-llmcost-base-url',
      'x-forwarded-host',
      'x-original-url',
      'x-rewrite-url',
      'helicone-openai-api-base',
      'helicone-target-url',
      'cf-aig-custom-provider',
      'forwarded',
    ]
    for (const name of names)
      for (const value of [`${trap.url}/v1`, trap.url, host])
        await ask(`${url}${chatWire.path}`, { body, headers: { [name]: value } })
    const targets = [
      `${trap.url}${chatWire.path}`,
      `//${host}${chatWire.path}`,
      `/${trap.url}${chatWire.path}`,
      `/v1/../..${chatWire.path}`,
      '/v1/%2e%2e/admin',
      '/v1/..%2f..%2fadmin',
      `/v1@${host}/chat/completions`,
      `/v1/files?x=@${host}`,
    ]
    for (const target of targets)
      await exchange(url, `${head(['Connection: close', length], target)}${body}`, 60)
    await exchange(
      url,
      `${head(['Connection: close', length]).replace('Host: localhost', `Host: ${host}`)}${body}`,
      60,
    )
    expect(trap.connections()).toBe(0)
    expect(upstream.received.length).toBeGreaterThan(0)
    for (const received of upstream.received) {
      expect(headerOf(received, 'host')).toBe(new URL(upstream.url).host)
      expect(new URL(received.path, 'http://upstream').pathname).toMatch(/^\/v1\//)
      expect(received.path).not.toMatch(/\.\.|%2e%2e/i)
    }
  },
}

/** Counts whoever comes. */
async function startTrap(arena: Arena) {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  arena.defer(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, connections: () => connections }
}
