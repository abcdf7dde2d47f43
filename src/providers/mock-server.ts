import { setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../domain/user-error.ts'
import { openRateWindow } from './mock-limit.ts'
import { type ExpectedOf, openMockModel } from './mock-model.ts'
import { answerRequest } from './mock-routes.ts'
import type { MockSettings } from './mock-settings.ts'
import { type MockTally, openTally, type PriceOf } from './mock-tally.ts'
import type { MockState } from './mock-visit.ts'

export type MockServerOptions = {
  readonly settings: MockSettings
  readonly expectedOf?: ExpectedOf
  /** For the tally's cost. */
  readonly priceOf?: PriceOf
  /** Default 127.0.0.1: what listens elsewhere answers anybody. */
  readonly host?: string
  /** Default 0: a free one. */
  readonly port?: number
  /** False: times are told in headers, and nothing waits. */
  readonly isWaiting?: boolean
  /** Larger requests are refused with a 413; default 32 MB. */
  readonly maxBodyBytes?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Told of each request when it is done. */
  readonly onRequest?: (line: MockLogLine) => void
}

/** One request, for a log. */
export type MockLogLine = {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly model: string | null
  readonly outcome: string | null
  readonly durationMs: number
}

export type MockServer = {
  /** "http://127.0.0.1:4010", without a slash at its end. */
  readonly url: string
  readonly port: number
  tally(): MockTally
  /** Ends answers under way and frees the port. */
  close(): Promise<void>
}

/** The mock over HTTP, in all dialects. Throws a UserError where it cannot listen. */
export async function startMockServer(options: MockServerOptions): Promise<MockServer> {
  const { settings, now = Date.now, host = '127.0.0.1', port = 0 } = options
  const { rateLimit } = settings
  const closing = new AbortController()
  // Every request under way listens.
  setMaxListeners(0, closing.signal)
  const state: MockState = {
    settings,
    model: openMockModel(settings, options.expectedOf),
    tally: openTally(options.priceOf),
    rateWindow: rateLimit === null ? null : openRateWindow(rateLimit, now),
    isWaiting: options.isWaiting ?? true,
    maxBodyBytes: options.maxBodyBytes ?? 32e6,
    now,
    turns: new Map(),
    models: new Set(),
    counter: { value: 0 },
  }
  const server = createServer((request, response) => {
    void serve(request, response, state, closing.signal, options.onRequest)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${shownHost}:${address.port}`,
    port: address.port,
    tally: () => state.tally.tally(),
    async close() {
      closing.abort()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  state: MockState,
  closing: AbortSignal,
  onRequest: MockServerOptions['onRequest'],
): Promise<void> {
  const start = performance.now()
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  closing.addEventListener('abort', leave, { once: true })
  // Whatever is written to a caller who has left is lost, and no mistake of ours.
  response.on('error', leave)
  response.once('close', () => {
    if (!response.writableFinished) leave()
  })
  const requestId = `req_mock_${String(++state.counter.value).padStart(8, '0')}`
  response.setHeader('x-request-id', requestId)
  response.setHeader('request-id', requestId)
  const visit = { request, response, state, requestId, left: leaving.signal }
  const { model, outcome } = await answerRequest(visit)
  closing.removeEventListener('abort', leave)
  onRequest?.({
    requestId,
    method: request.method ?? '',
    path: request.url ?? '',
    status: response.statusCode,
    model,
    outcome,
    durationMs: performance.now() - start,
  })
}

function listenError(error: Error, host: string, port: number): Error {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const inUse = code === 'EADDRINUSE'
  return new UserError(`cannot listen on ${host}:${port} (${inUse ? 'in use' : code})`, {
    hint: 'choose another with --port, or 0 for a free one',
  })
}
