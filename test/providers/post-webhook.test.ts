import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/providers/clock.ts'
import { postWebhook } from '../../src/providers/post-webhook.ts'
import { openTransport, type Transport } from '../../src/providers/transport.ts'
import { type RawServer, startRawServer } from './raw-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function started(
  answer: (socket: Socket, count: number) => void,
): Promise<{ server: RawServer; transport: Transport }> {
  let count = 0
  const server = await startRawServer((socket) => answer(socket, ++count))
  const transport = await openTransport({}, { idleMs: 1 })
  open.push(transport, server)
  return { server, transport }
}

const status = (socket: Socket, code: number) =>
  socket.end(`HTTP/1.1 ${code} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno`)

/** A clock whose waits are over at once; limits are reached only by `expire`. */
function openHastyClock() {
  const waits: number[] = []
  const limits: (() => void)[] = []
  const clock: Clock = {
    now: () => 0,
    after(ms, run) {
      if (ms === 5000) limits.push(run)
      else {
        waits.push(ms)
        setImmediate(run)
      }
      return () => undefined
    },
  }
  return { clock, waits, expire: () => limits.at(-1)?.() }
}

const alert = { metric: 'monthUsd', value: 12, text: 'the budget was crossed' }

describe('an alert that is posted', () => {
  it('arrives as JSON', async () => {
    const { server, transport } = await started((socket) => status(socket, 200))
    expect(await postWebhook(transport, `${server.url}/hook`, alert)).toEqual({ kind: 'posted' })
    const [request] = server.requests
    expect(request?.head).toMatch(/^POST \/hook HTTP/)
    expect(request?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(request?.body ?? '')).toEqual(alert)
  })

  it('is posted twice again where that may help, with a pause', async () => {
    const { clock, waits } = openHastyClock()
    const { server, transport } = await started((socket, count) =>
      status(socket, count === 3 ? 204 : 503),
    )
    expect(await postWebhook(transport, server.url, alert, clock)).toEqual({ kind: 'posted' })
    expect([server.requests.length, waits]).toEqual([3, [500, 2000]])
  })

  it('is given up after that', async () => {
    const { clock } = openHastyClock()
    const { server, transport } = await started((socket) => status(socket, 500))
    expect(await postWebhook(transport, server.url, alert, clock)).toEqual({
      kind: 'failed',
      reason: 'it answered with status 500',
    })
    expect(server.requests).toHaveLength(3)
  })

  it.each([400, 401, 404, 302])('is not posted again after status %d', async (code) => {
    const { clock } = openHastyClock()
    const { server, transport } = await started((socket) => status(socket, code))
    const reason = `it answered with status ${code}`
    expect(await postWebhook(transport, server.url, alert, clock)).toEqual({
      kind: 'failed',
      reason,
    })
    expect(server.requests).toHaveLength(1)
  })

  it('is given up where nobody answers in time', async () => {
    const { clock, expire } = openHastyClock()
    const { server, transport } = await started(() => expire())
    expect(await postWebhook(transport, server.url, alert, clock)).toEqual({
      kind: 'failed',
      reason: 'no answer in 5000 ms',
    })
    expect(server.requests).toHaveLength(3)
  })

  it('throws nothing where nobody listens, or the address is none', async () => {
    const { clock } = openHastyClock()
    const { server, transport } = await started((socket) => socket.destroy())
    await server.close()
    const unreachable = { kind: 'failed', reason: 'it cannot be reached' }
    expect(await postWebhook(transport, server.url, alert, clock)).toEqual(unreachable)
    expect(await postWebhook(transport, 'no address', alert, clock)).toEqual(unreachable)
  })
})
