import { credentialLine } from './client-credential.ts'
import { forwardedHeaders } from './forward-headers.ts'
import type { Inbound } from './inbound.ts'
import type { Upstream } from './upstreams.ts'

/**
 * Headers for a provider that speaks the caller's dialect. The one that the caller meant is shown the caller's own key,
 * if there is one; all others, and callers with a key of the gateway's, the key of the environment.
 */
export function upstreamHeaders(
  { rawHeaders, credential }: Inbound,
  { key, provider }: Upstream,
  isHome: boolean,
): string[] {
  if (isHome && credential !== null) return forwardedHeaders(rawHeaders, { credential, added: [] })
  const added = key === null ? [] : credentialLine(provider, key)
  return forwardedHeaders(rawHeaders, { credential: null, added })
}

/** The version of the Anthropic API whose bodies the dialect writes. */
const anthropicVersion = '2023-06-01'

/** Headers of a body that the gateway wrote. */
export function ownHeaders({ key, provider }: Upstream): string[] {
  const headers = ['content-type', 'application/json']
  if (provider.dialect === 'anthropic-messages') headers.push('anthropic-version', anthropicVersion)
  return key === null ? headers : [...headers, ...credentialLine(provider, key)]
}
