import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isObject, type JsonObject } from '../../../src/domain/json.ts'

/** A request as it arrived. */
export type Received = {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Names in small letters, in their order; one that is repeated is there again. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export type FixtureUpstream = {
  /** Without a slash at its end. */
  readonly url: string
  /** Whole requests, in their order. */
  readonly received: readonly Received[]
  /** Ever opened. */
  connections(): number
  /** Requests whose caller left before the answer was whole. */
  departures(): number
  close(): Promise<void>
}

/** Answers a request; `turn` counts them from 0. */
export type FixtureAnswer = (
  response: ServerResponse,
  received: Received,
  turn: number,
) => void | Promise<void>

/** An upstream that says whatever a test makes it say, byte for byte, and tells what it received. */
export async function startFixtureUpstream(answer: FixtureAnswer): Promise<FixtureUpstream> {
  const received: Received[] = []
  let [connections, departures] = [0, 0]
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    // Whatever is written to a caller who has left is lost.
    response.on('error', () => {})
    response.once('close', () => {
      if (!response.writableFinished) departures++
    })
    const one = await receive(request)
    const turn = received.push(one) - 1
    await answer(response, one, turn)
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.on('connection', () => {
    connections++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    connections: () => connections,
    departures: () => departures,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method = '', url = '', rawHeaders } = request
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? ''] as const] : [],
  )
  return { method, path: url, headers, body: Buffer.concat(chunks) }
}

/** The value of a header; undefined: it did not come. */
export const headerOf = ({ headers }: Pick<Received, 'headers'>, name: string) =>
  headers.find(([each]) => each === name)?.[1]

/** The body as an object, empty where it is none. */
export function bodyOf({ body }: Pick<Received, 'body'>): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString())
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

export const isStreamed = (received: Received): boolean => bodyOf(received)['stream'] === true

/** Answers with a JSON text, byte for byte. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string | Buffer,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): void {
  const length = Buffer.byteLength(text)
  const type = 'application/json'
  response.writeHead(status, {
    'content-type': type,
    'content-length': length,
    ...(headers as Record<string, string | string[]>),
  })
  response.end(text)
}

/** Begins a stream of events. */
export function startEvents(
  response: ServerResponse,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })
  response.flushHeaders()
}

/**
 * Writes pieces so that each leaves on its own, then ends the answer. With a pause of some milliseconds they are sure
 * to arrive one by one, whoever reads them.
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: readonly (string | Buffer)[],
  pauseMs?: number,
): Promise<void> {
  const pause = () =>
    new Promise<void>((resolve) => {
      if (pauseMs === undefined) setImmediate(resolve)
      else setTimeout(resolve, pauseMs)
    })
  for (const piece of pieces) {
    await pause()
    if (response.destroyed) return
    response.write(piece)
  }
  await pause()
  response.end()
}

/** Breaks the connection, once what was written is on its way. */
export async function breakConnection(response: ServerResponse): Promise<void> {
  const { socket } = response
  if (socket === null || socket.destroyed) return
  await new Promise<void>((resolve) => {
    if (response.headersSent) socket.write('', () => setImmediate(resolve))
    else resolve()
  })
  socket.resetAndDestroy()
}
