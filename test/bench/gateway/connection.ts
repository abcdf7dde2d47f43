import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'
import { placeholder } from './wire.ts'

export type Route = {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** With a placeholder where requests differ. */
  readonly body: string
}

/** How one request ended. Times as `performance.now()` has them. */
export type Asked = {
  readonly sentAt: number
  readonly begunAt: number
  readonly endedAt: number
  readonly isGood: boolean
}

/** One keep-alive connection: a request at a time. */
export type Connection = {
  /** Sends the request with this number in it. Must not be called before the last one has ended. */
  ask(number: number): void
  /** What is under way has failed. */
  close(): void
}

/**
 * Opens one on bare sockets: an HTTP client costs as much as a gateway, and would be what is measured. A connection
 * that the other side closes is opened anew; the request on it counts as failed.
 */
export function openConnection(route: Route, onAsked: (asked: Asked) => void): Connection {
  const bytes = requestBytes(route)
  const numberAt = bytes.indexOf(placeholder)
  let socket: Socket | null = null
  let [sentAt, begunAt] = [0, 0]
  let isAsking = false
  const end = (isGood: boolean) => {
    if (!isAsking) return
    isAsking = false
    onAsked({ sentAt, begunAt, endedAt: performance.now(), isGood })
  }
  const open = (): Socket => {
    const reader = new AnswerReader({
      begun: () => {
        begunAt = performance.now()
      },
      ended: (status) => end(status === 200),
    })
    const opened = connect({ host: route.host, port: route.port, noDelay: true })
    const lose = () => {
      if (socket !== opened) return
      socket = null
      opened.destroy()
      end(false)
    }
    opened.on('data', (chunk) => {
      try {
        reader.read(chunk)
      } catch {
        lose()
      }
    })
    opened.on('error', lose)
    opened.on('close', lose)
    return opened
  }
  return {
    ask(number) {
      if (numberAt >= 0) bytes.write(digitsOf(number), numberAt, 'latin1')
      socket ??= open()
      isAsking = true
      sentAt = performance.now()
      begunAt = sentAt
      socket.write(bytes)
    },
    close() {
      const open = socket
      socket = null
      open?.destroy()
      end(false)
    },
  }
}

const digitsOf = (number: number): string => String(number).padStart(placeholder.length, '0')

function requestBytes({ host, port, path, headers, body }: Route): Buffer {
  const lines = Object.entries({
    host: `${host}:${port}`,
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'llmcost-bench',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
