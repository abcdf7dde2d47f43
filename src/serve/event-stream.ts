import type { IncomingMessage, ServerResponse } from 'node:http'

/** What clients are sent: everything when they come, then what changed; null: nothing did. */
export type EventFeed<All = unknown, Change = unknown> = {
  all(): All
  change(): Change | null
}

export type EventStreamOptions = {
  readonly feed: EventFeed
  /** More are refused. */
  readonly maxClients?: number
  readonly everyMs?: number
  /** Something is sent at least this often, so that broken connections show. */
  readonly heartbeatMs?: number
}

export type EventStream = {
  /** Answers a request with the stream, or 503 where too many listen. */
  connect(request: IncomingMessage, response: ServerResponse): void
  clients(): number
  /** Ends every stream. */
  close(): void
}

const defaultMaxClients = 16
const defaultEveryMs = 1000
const defaultHeartbeatMs = 15_000
/** Bytes that may wait for a slow client before it is dropped; it comes again by itself and starts anew. */
const mostBehind = 1024 * 1024
/** When a client that lost its connection tries again, milliseconds. */
const retryMs = 2000

/**
 * Server-sent events (html.spec.whatwg.org, "Server-sent events"): `all` once, then `change` every second in which
 * anything changed. Looks at the feed only while somebody listens.
 */
export const openEventStream = (options: EventStreamOptions): EventStream => new Stream(options)

class Stream implements EventStream {
  readonly #feed: EventFeed
  readonly #maxClients: number
  readonly #everyMs: number
  readonly #ticksOfHeartbeat: number
  readonly #clients = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | null = null
  #quietTicks = 0

  constructor({ feed, maxClients, everyMs, heartbeatMs }: EventStreamOptions) {
    this.#feed = feed
    this.#maxClients = maxClients ?? defaultMaxClients
    this.#everyMs = everyMs ?? defaultEveryMs
    this.#ticksOfHeartbeat = Math.ceil((heartbeatMs ?? defaultHeartbeatMs) / this.#everyMs)
  }

  connect(request: IncomingMessage, response: ServerResponse): void {
    if (this.#clients.size >= this.#maxClients) {
      response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '10' })
      response.end('too many dashboards are open\n')
      return
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    request.socket.setNoDelay(true)
    response.write(`retry: ${retryMs}\n${eventText('all', this.#feed.all())}`)
    this.#clients.add(response)
    response.on('error', () => {})
    response.once('close', () => this.#leave(response))
    this.#timer ??= setInterval(() => this.#tick(), this.#everyMs).unref()
  }

  clients(): number {
    return this.#clients.size
  }

  close(): void {
    for (const client of this.#clients) client.end()
    this.#clients.clear()
    this.#stop()
  }

  #leave(client: ServerResponse): void {
    this.#clients.delete(client)
    if (this.#clients.size === 0) this.#stop()
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    const change = this.#feed.change()
    this.#quietTicks = change === null ? this.#quietTicks + 1 : 0
    if (change !== null) this.#send(eventText('change', change))
    else if (this.#quietTicks % this.#ticksOfHeartbeat === 0) this.#send(': still here\n\n')
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > mostBehind) client.destroy()
      else client.write(text)
    }
  }
}

/** JSON has no line breaks of its own, so one line of data holds it. */
const eventText = (event: string, value: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`
