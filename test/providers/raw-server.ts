import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What a request said, byte for byte. */
export type RawRequest = {
  readonly head: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type RawServer = {
  readonly url: string
  readonly requests: readonly RawRequest[]
  /** Resolves when every connection there has been is closed. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** A server on loopback that writes whatever it is told to: also what is no HTTP. */
export async function startRawServer(
  answer: (socket: Socket, request: RawRequest) => void,
): Promise<RawServer> {
  const requests: RawRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // A client that goes away in the middle of a write is no failure of the server.
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      server.emit('gone')
    })
    let bytes = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      const request = requestIn(bytes)
      if (request === null) return
      bytes = Buffer.alloc(0)
      requests.push(request)
      answer(socket, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async idle() {
      while (sockets.size > 0) await once(server, 'gone')
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A whole request; null while some of it is still to come. */
function requestIn(bytes: Buffer): RawRequest | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [head = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = bytes.subarray(end + 4)
  if (body.length < Number(headers['content-length'] ?? 0)) return null
  return { head, headers, body: body.toString() }
}

/** A response with its length, after which the connection closes. */
export function respond(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    head(status, { 'content-length': String(bytes.length), connection: 'close', ...headers }),
    bytes,
  ])
}

export const head = (status: number, headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(
    `HTTP/1.1 ${status} Said\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  )

/** The head of a stream of events that goes on until the connection closes. */
export const streamHead: Buffer = head(200, {
  'content-type': 'text/event-stream; charset=utf-8',
  'transfer-encoding': 'chunked',
  connection: 'close',
})

export const chunk = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

export const lastChunk: Buffer = Buffer.from('0\r\n\r\n')
