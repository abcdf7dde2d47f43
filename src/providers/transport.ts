import type { Agent } from 'undici'
import { UserError } from '../domain/user-error.ts'
import { proxyNames } from './keys.ts'
import type { Environment } from './resolve-target.ts'

/** Sends one request and gives the response as soon as its headers are there. Follows no redirect, tries nothing twice. */
export type Transport = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Lets go of all connections, busy ones too. */
  close(): Promise<void>
}

/** A connection that nobody uses is kept for so long: undici's own. */
const usualIdleMs = 4_000

/**
 * Connections that go through HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment. Certificates are checked by
 * Node's own list, which NODE_EXTRA_CA_CERTS adds to. Has no limits of time but the one to connect: those are the
 * caller's.
 */
export async function openTransport(
  env: Environment,
  { idleMs = usualIdleMs }: { readonly idleMs?: number } = {},
): Promise<Transport> {
  // A bundle knows the exports of CommonJS as the default alone.
  const { default: undici } = await import('undici')
  const options: Agent.Options = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: idleMs }
  const agent = new undici.EnvHttpProxyAgent({
    ...options,
    // An empty text keeps undici from looking into the environment of the process.
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
    noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
  })
  // The same functions in two packages of types: undici's own, and Node's of another version of undici.
  const fetch = undici.fetch as unknown as (url: string, init: object) => Promise<Response>
  return {
    // A redirect would turn the POST into a GET, or carry prompts to where nobody meant them to go.
    fetch: (url, init) => fetch(url, { ...init, redirect: 'manual', dispatcher: agent }),
    close: () => agent.destroy(),
  }
}

/** Throws a UserError where the address of a proxy is none. It names the variable alone: there may be a password in it. */
export function checkProxies(env: Environment): void {
  const wrong = proxyNames.find((name) => !isProxy(env[name] ?? ''))
  if (wrong === undefined) return
  throw new UserError(`${wrong} is no address of a proxy`, {
    hint: 'it looks like http://proxy.example:3128',
  })
}

const isProxy = (address: string): boolean =>
  address === '' ||
  (URL.canParse(address) && /^(?:https?|socks5?):$/.test(new URL(address).protocol))
