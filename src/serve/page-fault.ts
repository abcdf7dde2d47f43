import type { Fault } from '../domain/fault.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import { type Headers, headerText } from './header-text.ts'

/**
 * Why a request may not pass that a web page sent: without keys the gateway trusts all programs of its machine, and a
 * browser is one that runs everybody's pages. Null: no page sent it, or one of this machine.
 */
export function pageFault(headers: Headers): Fault | null {
  const origin = headerText(headers['origin'])
  if (origin === undefined || isOwn(origin)) return null
  return {
    kind: 'permission',
    message:
      'Web pages may ask this gateway only with a key of its own: add serve.keys to its policy.',
    status: 403,
    retryAfterMs: null,
  }
}

/** A page that this machine serves, or an application's own window; "null" is a page that hides where it is from. */
function isOwn(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  return (protocol !== 'http:' && protocol !== 'https:') || isLoopback(hostname)
}
