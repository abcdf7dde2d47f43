import type { Inbound } from './inbound.ts'
import type { Upstream } from './upstreams.ts'

const dropped =
  /^(?:connection|keep-alive|transfer-encoding|te|trailer|upgrade|host|content-length|accept-encoding|expect|proxy-.*|x-llmcost-.*)$/i

/** Headers for a provider: the caller's own, without what belongs to the connection. */
export function upstreamHeaders({ rawHeaders }: Inbound, { key, provider }: Upstream): string[] {
  const headers: string[] = []
  let hasKey = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (dropped.test(name)) continue
    if (/^(?:authorization|x-api-key|api-key)$/i.test(name)) hasKey = true
    headers.push(name, rawHeaders[index + 1] as string)
  }
  if (!hasKey && key !== null) {
    if (provider.dialect === 'anthropic-messages') headers.push('x-api-key', key)
    else headers.push('authorization', `Bearer ${key}`)
  }
  return headers
}

/** Headers of a question of the gateway's own. */
export function ownHeaders({ key, provider }: Upstream): string[] {
  const headers = ['content-type', 'application/json']
  if (provider.dialect === 'anthropic-messages') headers.push('anthropic-version', '2023-06-01')
  if (key === null) return headers
  return provider.dialect === 'anthropic-messages'
    ? [...headers, 'x-api-key', key]
    : [...headers, 'authorization', `Bearer ${key}`]
}

const hopByHop =
  /^(?:connection|keep-alive|transfer-encoding|te|trailer|upgrade|content-length|proxy-.*)$/

/** Headers of an answer for the caller, without what belongs to the connection and its framing. */
export function answerHeaders(headers: readonly string[]): string[] {
  const passed: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    if (!hopByHop.test(name)) passed.push(name, headers[index + 1] as string)
  }
  return passed
}
