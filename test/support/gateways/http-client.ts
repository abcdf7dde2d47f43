import { type Agent, type IncomingMessage, request as openRequest } from 'node:http'
import { connect, type Socket } from 'node:net'

export type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A value that is neither text nor bytes is sent as JSON. */
  readonly body?: unknown
  /** Default: a connection of its own. */
  readonly agent?: Agent
}

/** An answer as it arrived, neither decompressed nor parsed. */
export type Answered = {
  readonly status: number
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly text: string
  /** False: the connection broke before its end. */
  readonly isWhole: boolean
}

/** Asks once, as curl does: no redirects, no retries. Rejects where no answer begins. */
export async function ask(url: string, asked: Asked = {}): Promise<Answered> {
  const { response } = await openAnswer(url, asked)
  return wholeAnswer(response)
}

export type OpenAnswer = {
  readonly response: IncomingMessage
  /** Leaves without a word. */
  leave(): void
}

/** The same, as soon as its headers are there. */
export function openAnswer(url: string, asked: Asked = {}): Promise<OpenAnswer> {
  const { body, headers = {}, agent = false } = asked
  const bytes = bytesOf(body)
  const { method = bytes === null ? 'GET' : 'POST' } = asked
  const sent = bytes === null ? {} : { 'content-type': 'application/json', ...lengthOf(bytes) }
  return new Promise((resolve, reject) => {
    const request = openRequest(url, { method, agent, headers: { ...sent, ...headers } })
    request.once('error', reject)
    request.once('response', (response) => {
      // A connection that breaks is told by the answer's end.
      request.on('error', () => {})
      resolve({ response, leave: () => request.destroy() })
    })
    request.end(bytes ?? undefined)
  })
}

const lengthOf = (bytes: Buffer) => ({ 'content-length': String(bytes.length) })

function bytesOf(body: unknown): Buffer | null {
  if (body === undefined) return null
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

export async function wholeAnswer(response: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = []
  let isWhole = true
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    isWhole = false
  }
  const body = Buffer.concat(chunks)
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  )
  const { statusCode: status = 0 } = response
  return { status, headers, body, text: body.toString(), isWhole }
}

/** Reads until a text has come; rejects where the answer ends before. */
export async function readUntil(response: IncomingMessage, text: string): Promise<string> {
  let heard = ''
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    heard += String(chunk)
    if (heard.includes(text)) return heard
  }
  throw new Error(`the answer ended without ${text}`)
}

export type RawConnection = {
  write(text: string | Buffer): void
  /** All that came so far. */
  heard(): string
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>
  close(): void
}

/** A bare connection, for what no client would send. */
export async function openConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return {
    write: (text) => void socket.write(text),
    heard: () => heard,
    closed,
    close: () => void socket.destroy(),
  }
}

/** What comes back for the bytes of a request, until the other side closes or has been silent for so long. */
export async function exchange(url: string, bytes: string, silenceMs = 150): Promise<string> {
  const connection = await openConnection(url)
  connection.write(bytes)
  let isClosed = false
  void connection.closed.then(() => {
    isClosed = true
  })
  for (let length = -1, since = performance.now(); !isClosed; ) {
    if (connection.heard().length !== length) {
      length = connection.heard().length
      since = performance.now()
    }
    if (performance.now() - since > silenceMs) break
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  connection.close()
  return connection.heard()
}
