import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type EventFeed, type EventStream, openEventStream } from '../../src/serve/event-stream.ts'

let server: Server
let events: EventStream
afterEach(async () => {
  events.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** A feed that is told what to say; it counts how often it is asked. */
function scripted(changes: unknown[] = []) {
  const feed: EventFeed & { asked: number; changes: unknown[] } = {
    asked: 0,
    changes,
    all: () => ({ all: 'of\nit' }),
    change() {
      feed.asked++
      return feed.changes.shift() ?? null
    },
  }
  return feed
}

async function open(options: Parameters<typeof openEventStream>[0]): Promise<number> {
  events = openEventStream({ everyMs: 5, ...options })
  server = createServer((incoming, response) => events.connect(incoming, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const listen = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/events' }, resolve).on('error', reject).end()
  })

/** What came until it matches. */
async function until(stream: IncomingMessage, expected: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk
    if (expected.test(text)) return text
  }
  throw new Error(`it ended after ${text}`)
}

/** Goes on as soon as it is so. */
async function once(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

test('a client gets everything at once, then what changes, each on one line', async () => {
  const port = await open({ feed: scripted([{ one: 1 }, null, { two: '\n' }]) })
  const stream = await listen(port)
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(await until(stream, /two/)).toBe(
    'retry: 2000\nevent: all\ndata: {"all":"of\\nit"}\n\nevent: change\ndata: {"one":1}\n\nevent: change\ndata: {"two":"\\n"}\n\n',
  )
  stream.destroy()
})

test('nothing is sent while nothing changes, but for a sign of life', async () => {
  const feed = scripted()
  const port = await open({ feed, heartbeatMs: 15 })
  const stream = await listen(port)
  const text = await until(stream, /(?:: still here\n\n){3}/)
  expect(text).not.toContain('change')
  expect(feed.asked).toBeGreaterThanOrEqual(9)
  stream.destroy()
})

test('the feed is left alone while nobody listens', async () => {
  const feed = scripted()
  const port = await open({ feed })
  const stream = await listen(port)
  await once(() => feed.asked > 0)
  stream.destroy()
  await once(() => events.clients() === 0)
  const { asked } = feed
  // Another stream at the same pace says that time has passed.
  const idle = events
  server.close()
  const clock = scripted()
  const other = await listen(await open({ feed: clock }))
  await once(() => clock.asked >= 3)
  expect(feed.asked).toBe(asked)
  idle.close()
  other.destroy()
})

test('more clients than there is room for are told to come later', async () => {
  const port = await open({ feed: scripted(), maxClients: 2 })
  const streams = [await listen(port), await listen(port)]
  const refused = await listen(port)
  expect(refused.statusCode).toBe(503)
  expect(refused.headers['retry-after']).toBe('10')
  refused.resume()
  streams[0]?.destroy()
  await once(() => events.clients() === 1)
  expect((await listen(port)).statusCode).toBe(200)
})

test('a client that reads too slowly is dropped, the others are not', async () => {
  const feed = scripted()
  const port = await open({ feed })
  const [slow, quick] = [await listen(port), await listen(port)]
  slow.pause()
  quick.resume()
  const large = 'x'.repeat(400_000)
  for (let index = 0; index < 200 && events.clients() === 2; index++) {
    feed.changes.push({ index, large })
    await once(() => feed.changes.length === 0)
  }
  expect(events.clients()).toBe(1)
  feed.changes.push('last')
  await until(quick, /last/)
  quick.destroy()
})

test('closing ends every stream', async () => {
  const port = await open({ feed: scripted() })
  const stream = await listen(port)
  const ended = new Promise((resolve) => stream.once('end', resolve))
  stream.resume()
  events.close()
  await ended
  expect(events.clients()).toBe(0)
})
