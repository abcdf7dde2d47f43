import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dialectOf } from '../dialects/dialects.ts'
import type { Fault } from '../domain/fault.ts'
import { type Endpoint, endpointOf } from './endpoints.ts'
import { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import { readInbound } from './inbound.ts'
import { Outlet } from './outlet.ts'
import { serveRequest } from './serve-request.ts'

/** Whether all is well, and what is not. */
export type Health = () => { readonly status: 'ok' | 'degraded'; readonly why: readonly string[] }

export type DataServerOptions = {
  /** The state in force when a request arrives. */
  readonly state: () => GatewayState
  readonly health: Health
  readonly onBug: (error: unknown) => void
}

/** The port that applications ask. */
export const openDataServer = (options: DataServerOptions): Server =>
  createServer(limits, (request, response) => {
    void take(options, request, response)
  })

/** A head must be there within so long, and a whole request; slower callers only hold connections. */
const limits = { headersTimeout: 10_000, requestTimeout: 300_000, keepAliveTimeout: 65_000 }

async function take(
  options: DataServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url === '/health') {
    sendHealth(response, options.health())
    return
  }
  const endpoint = endpointOf(request.url ?? '')
  if (endpoint === null) {
    request.resume()
    refuse(response, null, notFound(request.url ?? ''))
    return
  }
  const state = options.state()
  const { maxBodyBytes } = state.compiled.policy.serve
  const at = state.isReplay ? replayedAt(request) : state.now()
  try {
    const bytes = await readBody(request, maxBodyBytes)
    if (bytes === null) {
      request.resume()
      refuse(response, endpoint, tooLarge(maxBodyBytes))
      return
    }
    await answer(state, { at, endpoint, bytes }, request, response)
  } catch (error) {
    options.onBug(error)
    if (response.headersSent) response.destroy()
    else refuse(response, endpoint, internal)
  }
}

/** When the request was made that is made again. */
const replayedAt = ({ headers }: IncomingMessage): number => Number(headers['x-llmcost-at'])

type Came = { readonly at: number; readonly endpoint: Endpoint; readonly bytes: Buffer }

async function answer(
  state: GatewayState,
  came: Came,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { rawHeaders, method = 'GET' } = request
  const arrival = { ...came, id: state.newId(), method, rawHeaders }
  const inbound = readInbound(arrival, () => ({ context: {}, hint: null, timeoutClass: null }))
  if ('kind' in inbound) {
    refuse(response, came.endpoint, inbound)
    return
  }
  const outlet = new Outlet(response)
  const exchange = new Exchange(inbound, outlet)
  outlet.onGone(() => exchange.leave(state.compiled.policy.serve.onDisconnect))
  await serveRequest(state, exchange)
}

/** Null: larger than is taken. */
function readBody(request: IncomingMessage, most: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > most) resolve(null)
      else chunks.push(chunk)
    })
    request.once('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    )
    request.once('error', reject)
  })
}

/** For load balancers: what is wrong is told on the admin port alone. */
function sendHealth(response: ServerResponse, { status }: ReturnType<Health>): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ status }))
}

/** An error before anybody was asked: nothing is owed for it. */
function refuse(response: ServerResponse, endpoint: Endpoint | null, fault: Fault): void {
  const { status, body } = dialectOf(endpoint?.dialect ?? 'openai-chat').writeFault(fault)
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

const notFound = (url: string): Fault => ({
  kind: 'not-found',
  message: `There is nothing at ${url.split('?')[0]}; try /v1/chat/completions, /v1/responses or /v1/messages.`,
  status: 404,
  retryAfterMs: null,
})

const tooLarge = (most: number): Fault => ({
  kind: 'too-large',
  message: `The request is larger than ${most} bytes (serve.maxBodyBytes).`,
  status: 413,
  retryAfterMs: null,
})

const internal: Fault = {
  kind: 'server',
  message: 'The gateway failed. Its log says how.',
  status: 500,
  retryAfterMs: null,
}
