import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import { spenderOf } from '../worlds/spender-of.ts'
import { admitHead, arrive, type Refused, refusedWith } from './arrive.ts'
import { badRequest } from './bad-request.ts'
import { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import { Outlet } from './outlet.ts'
import { serveRequest } from './serve-request.ts'
import type { TurnedAway } from './turned-away.ts'

/** Whether all is well, and what is not. */
export type Health = () => { readonly status: 'ok' | 'degraded'; readonly why: readonly string[] }

export type DataServerOptions = {
  /** The state in force when a request arrives. */
  readonly state: () => GatewayState
  readonly health: Health
  readonly onBug: (error: unknown) => void
  readonly onTurnedAway: (turned: TurnedAway) => void
  readonly limits?: ClientLimits
}

/** How long a client may take, milliseconds. */
export type ClientLimits = {
  /** For the head of a request. */
  readonly headMs: number
  /** For all of it. */
  readonly requestMs: number
}

/** The port that applications ask. */
export const openDataServer = (options: DataServerOptions): Server =>
  createServer(limitsOf(options.limits ?? usualLimits), (request, response) => {
    take(options, request, response).catch((error: unknown) => {
      options.onBug(error)
      response.destroy()
    })
  })

/** Slower callers only hold connections. */
const usualLimits: ClientLimits = { headMs: 10_000, requestMs: 300_000 }

const limitsOf = ({ headMs, requestMs }: ClientLimits) => ({
  headersTimeout: headMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: Math.min(5_000, headMs),
  keepAliveTimeout: 65_000,
})

async function take(
  { state: stateOf, health, onBug, onTurnedAway }: DataServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '' } = request
  if (url === '/health') {
    sendHealth(response, health())
    return
  }
  const refuse: Refuse = (refused) => {
    const { fault, status } = refused
    const message = fault.logged ?? fault.message
    onTurnedAway({ reason: fault.kind, statusCode: status, endpoint: url, message })
    send(response, refused)
  }
  const asked: { dialect: DialectName | null } = { dialect: null }
  try {
    await letIn(stateOf(), request, response, asked, refuse)
  } catch (error) {
    // Whoever leaves while they are still sending gets no answer.
    if (request.destroyed && !request.complete) return
    onBug(error)
    // What is on its way already is whole.
    if (response.writableEnded) return
    if (response.headersSent) response.destroy()
    else refuse(refusedWith(internal, asked.dialect))
  }
}

/** Turns a request away that nobody decides. */
type Refuse = (refused: Refused) => void

/** `asked` is told the wire format once that is known. */
async function letIn(
  state: GatewayState,
  request: IncomingMessage,
  response: ServerResponse,
  asked: { dialect: DialectName | null },
  refuse: Refuse,
): Promise<void> {
  const { url = '', method = 'GET', headers, rawHeaders } = request
  const head = { url, method, headers, rawHeaders }
  const admitted = admitHead(state, head)
  if ('status' in admitted) {
    request.resume()
    refuse(admitted)
    return
  }
  const { dialect } = admitted.endpoint
  asked.dialect = dialect
  const { maxBodyBytes } = state.compiled.policy.serve
  const at = state.replay === null ? state.now() : replayedAt(request)
  if (Number.isNaN(at)) {
    request.resume()
    refuse(refusedWith(undated, dialect))
    return
  }
  state.replay?.goTo(at)
  const bytes = await readBody(request, maxBodyBytes)
  if (bytes === null) {
    refuse(refusedWith(tooLarge(maxBodyBytes), dialect, closing))
    return
  }
  const inbound = arrive(state, head, admitted, { id: state.newId(), at, bytes })
  if ('status' in inbound) refuse(inbound)
  else await answer(state, inbound, response, refuse)
}

/** When the request was made that is made again; NaN where it does not say. */
function replayedAt({ headers }: IncomingMessage): number {
  const text = headers['x-llmcost-at']
  const at = text === undefined ? Number.NaN : Number(text)
  return at >= 0 && at < Number.POSITIVE_INFINITY ? at : Number.NaN
}

const undated = badRequest(
  'x-llmcost-at: when it was made, milliseconds since 1970, is required under --replay-clock.',
)

/** The rest of the body is not read. */
const closing = ['connection', 'close']

async function answer(
  state: GatewayState,
  inbound: Inbound,
  response: ServerResponse,
  refuse: Refuse,
): Promise<void> {
  const spender = spenderOf(inbound.request)
  const word = state.limiter.admit(spender, Math.ceil(inbound.bytes.length / bytesPerToken))
  if (word.kind === 'refused') {
    refuse(refusedWith(word.fault, inbound.endpoint.dialect, word.headers))
    return
  }
  const outlet = new Outlet(response)
  const exchange = new Exchange(inbound, outlet, state, word.headers)
  const { onDisconnect } = state.compiled.policy.serve
  outlet.onGone(() => exchange.leave(exchange.onDisconnect(onDisconnect)))
  const tokens = await serveRequest(state, exchange)
  word.settle(tokens)
}

/** About so many bytes of a body are a token, markup included. */
const bytesPerToken = 4

/** Null: larger than is taken. */
function readBody(request: IncomingMessage, most: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= most) chunks.push(chunk)
      else {
        request.pause()
        resolve(null)
      }
    })
    request.once('end', () => resolve(joined(chunks)))
    request.once('error', reject)
  })
}

const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)

function send(response: ServerResponse, { status, body, headers }: Refused): void {
  const text = JSON.stringify(body)
  const length = String(Buffer.byteLength(text))
  response.writeHead(status, [
    ...['content-type', 'application/json', 'content-length', length],
    ...headers,
  ])
  response.end(text)
}

/** For load balancers: what is wrong is told on the admin port alone. */
function sendHealth(response: ServerResponse, { status }: ReturnType<Health>): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ status }))
}

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
