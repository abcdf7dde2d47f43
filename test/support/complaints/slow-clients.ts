import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { sendText, startEvents } from '../gateways/fixture-upstream.ts'
import { ask, exchange, openAnswer, openConnection } from '../gateways/http-client.ts'
import { chatWire, messagesWire } from '../gateways/wires.ts'
import type { Arena, Complaint } from './complaint.ts'

const whole = chatWire.whole({ text: 'Because.', model: chatWire.model })
const startWhole = (arena: Arena) => arena.upstream((response) => sendText(response, 200, whole))

const slowClientMs = 200
const head = `POST ${chatWire.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`

export const slowRequestsHoldConnections: Complaint = {
  name: 'a client that sends its request drop by drop is let go, and nobody else waits for it',
  async run(arena) {
    const upstream = await startWhole(arena)
    const { url } = await arena.gateway({ upstream: upstream.url, slowClientMs })
    const drips: readonly (readonly [start: string, drop: string])[] = [
      [head, 'X-A: b\r\n'],
      [`${head}Content-Length: 100000\r\n\r\n{"model":"`, 'a'],
      [`${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'],
    ]
    for (const [start, drop] of drips) {
      const connection = await openConnection(url)
      arena.defer(connection.close)
      let isClosed = false
      void connection.closed.then(() => {
        isClosed = true
      })
      connection.write(start)
      const dripping = setInterval(() => connection.write(drop), 20)
      arena.defer(() => clearInterval(dripping))
      expect((await ask(`${url}${chatWire.path}`, { body: chatWire.ask('Why?') })).status).toBe(200)
      await arena.until('it is let go', () => isClosed)
    }
    expect(upstream.received).toHaveLength(drips.length)
  },
}

export const largeRequestsFillMemory: Complaint = {
  name: 'a request beyond the limits is refused, not kept',
  async run(arena) {
    const upstream = await startWhole(arena)
    const policy = { serve: { maxBodyBytes: 10_000 } }
    const { url } = await arena.gateway({ upstream: upstream.url, policy })
    const refused = await ask(`${url}${chatWire.path}`, { body: chatWire.ask('x'.repeat(20_000)) })
    expect(refused.status).toBe(413)
    expect(JSON.parse(refused.text).error.message).toMatch(/\w/)
    const inMessages = await ask(`${url}${messagesWire.path}`, {
      body: messagesWire.ask('x'.repeat(20_000)),
    })
    expect(inMessages.status).toBe(413)
    expect(JSON.parse(inMessages.text).type).toBe('error')
    const chunk = `${(4_000).toString(16)}\r\n${'x'.repeat(4_000)}\r\n`
    const chunked = await exchange(
      url,
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`,
    )
    expect(chunked).toMatch(/^HTTP\/1.1 413 /)
    const long = await exchange(url, `${head}X-Long: ${'x'.repeat(100_000)}\r\n\r\n`)
    expect(long).toMatch(/^HTTP\/1.1 4\d\d /)
    expect(upstream.received).toHaveLength(0)
    expect((await ask(`${url}${chatWire.path}`, { body: chatWire.ask('Why?') })).status).toBe(200)
  },
}

const pieceBytes = 64 * 1024
const pieces = 1_024
/** What the system keeps for connections by itself, on both sides of the gateway, and some. */
const bufferedBytes = 24e6

export const unreadAnswersFillMemory: Complaint = {
  name: 'an answer that its client does not read is not read from upstream either',
  async run(arena) {
    const [event = ''] = chatWire.events({
      text: 'x'.repeat(pieceBytes),
      model: chatWire.model,
    }).content
    let taken = 0
    const upstream = await arena.upstream(async (response) => {
      response.on('error', () => {})
      startEvents(response)
      for (let piece = 0; piece < pieces && !response.destroyed; piece++) {
        await new Promise((resolve) => response.write(event, resolve))
        taken += event.length
      }
      response.end()
    })
    const { url } = await arena.gateway({ upstream: upstream.url })
    const { response, leave } = await openAnswer(`${url}${chatWire.path}`, {
      body: chatWire.ask('Why?', { stream: true, stream_options: { include_usage: true } }),
    })
    arena.defer(leave)
    response.pause()
    for (let before = -1; before !== taken; ) {
      before = taken
      await sleep(500)
    }
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(bufferedBytes)
  },
}
