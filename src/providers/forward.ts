import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import type { Fault } from '../domain/fault.ts'
import { proxyNames } from './keys.ts'
import type { Environment } from './resolve-target.ts'
import { transportFault } from './transport-fault.ts'

/** A request as it goes out: bytes that nobody has read. */
export type ForwardRequest = {
  /** "https://api.openai.com" */
  readonly origin: string
  /** "/v1/chat/completions?x=1" */
  readonly path: string
  readonly method: string
  /** Names and values in turn, framing and host aside: those are made here. */
  readonly headers: readonly string[]
  readonly body: Buffer | null
}

/** Who takes the answer as it comes. Exactly one of `end` and `fault` is called, and nothing after it. */
export type ForwardSink = {
  /** There is a connection, and the request goes out on it. */
  sent(): void
  /** Names (in small letters) and values in turn. */
  head(status: number, headers: readonly string[]): void
  /** False: no more before `resume`. */
  chunk(bytes: Buffer): boolean
  end(): void
  fault(fault: Fault): void
}

export type Forwarding = {
  /** Ends it; the provider sees its connection closed. */
  abort(): void
  resume(): void
}

/** Sends bytes to providers and gives theirs back as they come: one pool of connections an origin. */
export type Forwarder = {
  send(request: ForwardRequest, sink: ForwardSink): Forwarding
  /** Lets go of all connections, busy ones too. */
  close(): Promise<void>
}

export type ForwarderOptions = {
  readonly env: Environment
  /** To connect, milliseconds. All other limits of time are the caller's. */
  readonly connectMs?: number
}

const usualConnectMs = 10_000
/** Kept a little shorter than the idle limits of common load balancers. */
const idleMs = 30_000

/** Opens the pools. Connections go through HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment. */
export async function openForwarder({
  env,
  connectMs = usualConnectMs,
}: ForwarderOptions): Promise<Forwarder> {
  // A bundle knows the exports of CommonJS as the default alone.
  const { default: undici } = await import('undici')
  const options = {
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMs,
    connect: { timeout: connectMs, noDelay: true },
  }
  const proxied = proxyNames.some((name) => (env[name] ?? '') !== '')
    ? new undici.EnvHttpProxyAgent({
        ...options,
        httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
        httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
        noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
      })
    : null
  const pools = new Map<string, Dispatcher>()
  const poolOf = (origin: string): Dispatcher => {
    let pool = pools.get(origin)
    if (pool === undefined) {
      pool = proxied ?? new undici.Pool(origin, { ...options, pipelining: 1 })
      pools.set(origin, pool)
    }
    return pool
  }
  return {
    send({ origin, path, method, headers, body }, sink) {
      const handler = new Handler(sink)
      const asked = { origin, path, method: method as Dispatcher.HttpMethod, body }
      poolOf(origin).dispatch({ ...asked, headers: headers as string[] }, handler)
      return handler
    },
    async close() {
      await Promise.all([...new Set(pools.values())].map((pool) => pool.destroy()))
    },
  }
}

/** One request under way, in undici's words. */
class Handler implements Dispatcher.DispatchHandlers, Forwarding {
  readonly #sink: ForwardSink
  #abort: ((error?: Error) => void) | null = null
  #resume: (() => void) | null = null
  #decoder: Gunzip | null = null
  #isAborted = false
  #isOver = false

  constructor(sink: ForwardSink) {
    this.#sink = sink
  }

  abort(): void {
    if (this.#isOver || this.#isAborted) return
    this.#isAborted = true
    this.#abort?.()
  }

  resume(): void {
    if (this.#decoder !== null) this.#decoder.resume()
    else this.#resume?.()
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#isAborted) {
      abort()
      return
    }
    this.#abort = abort
    this.#sink.sent()
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    this.#resume = resume
    const headers: string[] = []
    for (let index = 0; index < raw.length; index += 2) {
      const name = (raw[index] as Buffer).toString('latin1').toLowerCase()
      const value = (raw[index + 1] as Buffer).toString('latin1')
      if (name === 'content-encoding') this.#decoder = decoderOf(value)
      if (name !== 'content-encoding' || !isDecoded(this.#decoder, value)) headers.push(name, value)
    }
    this.#decoder?.on('data', (bytes: Buffer) => {
      if (!this.#isOver && !this.#sink.chunk(bytes)) this.#decoder?.pause()
    })
    this.#decoder?.once('end', () => this.#end())
    this.#decoder?.once('error', (error) => {
      this.#fault(error)
      // Nobody reads on, so that the connection would wait for ever.
      this.#abort?.()
    })
    this.#sink.head(status, headers)
    return true
  }

  onData(bytes: Buffer): boolean {
    if (this.#decoder === null) return this.#sink.chunk(bytes)
    if (this.#decoder.write(bytes)) return true
    this.#decoder.once('drain', () => this.#resume?.())
    return false
  }

  onComplete(): void {
    if (this.#decoder === null) this.#end()
    else this.#decoder.end()
  }

  onError(error: Error): void {
    this.#fault(error)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.end()
  }

  #fault(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.fault(this.#isAborted ? aborted : transportFault(error))
  }
}

const aborted: Fault = {
  kind: 'cancelled',
  message: 'the caller went away',
  status: null,
  retryAfterMs: null,
}

const isDecoded = (decoder: Gunzip | null, encoding: string): boolean =>
  decoder !== null || encoding.trim().toLowerCase() === 'identity'

/** Nothing is asked to compress; some do all the same. */
function decoderOf(encoding: string): Gunzip | null {
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      return null
  }
}
