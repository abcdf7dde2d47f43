import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { UserError } from '../domain/user-error.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import { isOwnHost } from './own-host.ts'

/** Why the admin port answers no further. */
export type AdminRefusal = {
  readonly status: number
  readonly message: string
  readonly hint: string
}

export type AdminGuardOptions = {
  /** The address that the port is bound to. */
  readonly host: string
  /** Null: whoever can connect is trusted. */
  readonly token: string | null
}

export type AskedOfAdmin = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

export const adminTokenName = 'LLMCOST_ADMIN_TOKEN'
const leastTokenLength = 16

/** The token that the admin port demands. Throws a UserError where others than this machine could connect without. */
export function adminToken(
  host: string,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const token = env[adminTokenName] || null
  if (token === null && !isLoopback(host))
    throw new UserError(`an admin port at ${host} needs a token`, {
      hint: `set ${adminTokenName} to a secret, e.g. of \`openssl rand -hex 32\`, or leave out --admin-host`,
    })
  if (token !== null && token.length < leastTokenLength)
    throw new UserError(`${adminTokenName} is shorter than ${leastTokenLength} characters`, {
      hint: 'make one with `openssl rand -hex 32`',
    })
  return token
}

/**
 * Whether a request to the admin port may be answered: null, or why not. Browsers are the danger on loopback: any page
 * may send them here, under a name of its own that leads to this address (DNS rebinding), or by a form.
 */
export const openAdminGuard =
  ({ host, token }: AdminGuardOptions) =>
  ({ method, path, headers }: AskedOfAdmin): AdminRefusal | null => {
    const hasToken = token !== null && isToken(headers.authorization, token)
    if (!hasToken && !isOwnHost(headers.host, host)) return foreignHost
    if (!isOwnOrigin(headers.origin, headers.host)) return foreignOrigin
    if (token !== null && !hasToken && path !== '/ready') return unauthorised
    return method === 'POST' && !isJson(headers['content-type']) ? notJson : null
  }

/** Programs send none; a page's must be the one that was served here. */
function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

/** As a bearer, or as the password that a browser asks its user for. */
function isToken(authorization: string | undefined, token: string): boolean {
  const [, scheme = '', shown = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization ?? '') ?? []
  const said =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(shown, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : shown
  return timingSafeEqual(digest(said), digest(token))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Forms can send other types without being asked whether they may. */
const isJson = (type: string | undefined): boolean =>
  /^application\/json(?:\s*;.*)?$/i.test(type ?? '')

const foreignHost: AdminRefusal = {
  status: 421,
  message: 'the Host header names nobody here',
  hint: 'use the address that llmcost serve printed, or localhost',
}

const foreignOrigin: AdminRefusal = {
  status: 403,
  message: 'pages of other origins may not ask this port',
  hint: 'open the dashboard at the address that llmcost serve printed',
}

const unauthorised: AdminRefusal = {
  status: 401,
  message: 'this admin port needs its token',
  hint: `send Authorization: Bearer with the value of ${adminTokenName}`,
}

const notJson: AdminRefusal = {
  status: 415,
  message: 'the body must be application/json',
  hint: "send the header content-type: application/json, e.g. curl -H 'content-type: application/json' -d '{}'",
}
