import type { Fault } from '../domain/fault.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import { type Headers, headerText } from './header-text.ts'
import { isOwnHost } from './own-host.ts'

/**
 * Why a request may not pass that a web page sent: without keys the gateway trusts all programs of its machine, and a
 * browser is one that runs everybody's pages. Null: no page sent it, or one of this machine. `boundTo` is the host that
 * the port is bound to.
 */
export function pageFault(headers: Headers, boundTo: string): Fault | null {
  const [origin, host] = [headerText(headers['origin']), headerText(headers['host'])]
  if (origin !== undefined && !isOwn(origin))
    return refused(
      'Web pages may ask this gateway only with a key of its own: add serve.keys to its policy.',
    )
  // Browsers always say whom they ask.
  if (host === undefined || isOwnHost(host, boundTo)) return null
  return refused(
    'The Host header names nobody here: ask this gateway as localhost or 127.0.0.1, or add serve.keys to its policy.',
  )
}

const refused = (message: string): Fault => ({
  kind: 'permission',
  message,
  status: 403,
  retryAfterMs: null,
})

/** The answer to a browser that asks what a page may do. */
export const noPages: Fault = {
  kind: 'bad-request',
  message: 'This gateway is no API for web pages: ask it from a server, which keeps the key too.',
  status: 405,
  retryAfterMs: null,
}

/** A page that this machine serves, or an application's own window; "null" is a page that hides where it is from. */
function isOwn(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  return (protocol !== 'http:' && protocol !== 'https:') || isLoopback(hostname)
}
