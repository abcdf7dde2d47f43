import type { KeyHash } from '../engine/cache-key.ts'
import { readAzure } from '../providers/azure.ts'
import type { KnownProvider } from '../providers/catalogue.ts'
import { secretIn } from './gateway-keys.ts'
import type { Headers } from './header-text.ts'
import type { Caller } from './read-identity.ts'

/** A client's own key of a provider, without the key. */
export type ClientCredential = {
  /** The header that holds it. No other credential of the client is passed on, so that this one is also the one used. */
  readonly header: string
  /** Stands for it in logs, budgets and namespaces. */
  readonly id: string
}

/** Where a provider looks for a key, the one that it prefers first. */
export function credentialHeaders(provider: KnownProvider): CredentialHeaders {
  let headers = knownHeaders.get(provider)
  if (headers === undefined) {
    headers = headersOf(provider)
    knownHeaders.set(provider, headers)
  }
  return headers
}

/** Found out once a provider: addresses are taken apart for it. */
const knownHeaders = new WeakMap<KnownProvider, CredentialHeaders>()

function headersOf({ dialect, baseUrl }: KnownProvider): CredentialHeaders {
  if (dialect === 'anthropic-messages') return ['x-api-key', 'authorization']
  const isAzure = URL.canParse(baseUrl) && readAzure(baseUrl, undefined) !== null
  return isAzure ? ['api-key', 'authorization'] : ['authorization', 'api-key']
}

type CredentialHeaders = readonly [string, string]

/** The key that a client shows to a provider; null: none. `hash` is under a secret of this machine. */
export function credentialOf(
  headers: Headers,
  provider: KnownProvider,
  hash: KeyHash,
): ClientCredential | null {
  for (const header of credentialHeaders(provider)) {
    const secret = secretIn(headers, header)
    if (secret !== null) return { header, id: idOf(secret, hash) }
  }
  return null
}

/** Few clients ask again and again: what stands for their keys is remembered, in this process alone. */
const knownIds = new WeakMap<KeyHash, Map<string, string>>()
const mostKnownIds = 1000

function idOf(secret: string, hash: KeyHash): string {
  let ids = knownIds.get(hash)
  if (ids === undefined) {
    ids = new Map()
    knownIds.set(hash, ids)
  }
  let id = ids.get(secret)
  if (id === undefined) {
    id = `key-${hash(`credential ${secret}`).slice(0, idLength)}`
    if (ids.size >= mostKnownIds) ids.clear()
    ids.set(secret, id)
  }
  return id
}

/** 72 bits: two keys of one gateway do not meet. */
const idLength = 12

/** Who asks in pass-through: known by the key alone, and by default sharing answers with nobody of another key. */
export const passThroughCaller = (credential: ClientCredential | null): Caller => ({
  key: credential?.id ?? null,
  user: null,
  team: null,
  plan: null,
  tenant: null,
  defaultTenant: credential?.id ?? null,
})

/** The header with which a provider is shown a key of the gateway's own: name, value. */
export function credentialLine(provider: KnownProvider, key: string): readonly [string, string] {
  const [name] = credentialHeaders(provider)
  return [name, name === 'authorization' ? `Bearer ${key}` : key]
}
