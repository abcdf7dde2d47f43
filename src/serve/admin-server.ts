import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isObject, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { AdminError } from './admin-error.ts'
import { type AdminGuardOptions, openAdminGuard } from './admin-guard.ts'
import type { AdminPorts } from './admin-ports.ts'
import { type AdminAnswer, adminRoutes, routeOf } from './admin-routes.ts'

export type AdminServerOptions = AdminGuardOptions & {
  readonly ports: AdminPorts
  /** A mistake of the gateway's own. */
  readonly onBug: (error: unknown) => void
}

/** What POSTs may hold. */
const mostBodyBytes = 64 * 1024

/** Answers on the admin port: dashboard, metrics, health, and what an operator may change. */
export function adminListener(options: AdminServerOptions): RequestListener {
  const guard = openAdminGuard(options)
  const routes = adminRoutes(options.ports)
  return (request, response) => {
    response.on('error', () => undefined)
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    answer(request, response, { ...options, guard, routes }).catch((error: unknown) => {
      const hasLeft = request.errored !== null
      if (!hasLeft) refuse(response, errorOf(error, options.onBug))
    })
  }
}

/** Nothing of this port is for another page, another site or a cache. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

type Listening = AdminServerOptions & {
  readonly guard: ReturnType<typeof openAdminGuard>
  readonly routes: ReturnType<typeof adminRoutes>
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { guard, routes, ports }: Listening,
): Promise<void> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
  const refusal = guard({ method, path, headers: request.headers })
  if (refusal !== null) throw new AdminError(refusal.status, refusal.message, refusal.hint)
  if (method === 'GET' && path === '/events') {
    ports.events(request, response)
    return
  }
  const { route, name } = routeOf(routes, method, path)
  const body = method === 'POST' ? await readBody(request) : {}
  send(response, await route.answer({ name, query: new URLSearchParams(query), body }))
}

/** The body as a JSON object; nothing at all is an empty one. */
async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Whoever sends too much is still to be told.
  const read: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  for await (const chunk of read) {
    bytes += chunk.length
    if (bytes > mostBodyBytes)
      throw new AdminError(413, `the body is larger than ${mostBodyBytes} bytes`, 'send less')
    chunks.push(chunk)
  }
  const body = bytes === 0 ? {} : parsed(Buffer.concat(chunks).toString('utf8'))
  if (isObject(body)) return body
  throw new AdminError(400, 'the body is no JSON object', 'send one, e.g. {"all": true}')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, { status, type, text, headers }: AdminAnswer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

function errorOf(error: unknown, onBug: (error: unknown) => void): AdminError {
  if (error instanceof AdminError) return error
  if (error instanceof UserError) return new AdminError(400, error.message, error.hint ?? null)
  onBug(error)
  return new AdminError(500, 'the gateway failed', 'its log says how')
}

function refuse(response: ServerResponse, error: AdminError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, message, hint, at, allow } = error
  const headers = {
    // What may be left of a body is not waited for.
    connection: 'close',
    ...(allow !== null && { allow }),
    ...(status === 401 && { 'www-authenticate': 'Basic realm="llmcost", charset="UTF-8"' }),
  }
  const text = JSON.stringify({ error: { message, hint, ...(at !== null && { at }) } })
  send(response, { status, type: 'application/json', text, headers })
}
