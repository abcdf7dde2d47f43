import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { dialectOf } from '../dialects/dialects.ts'
import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { keyHash } from '../engine/cache-key.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import type { GatewayKey, ServePolicy } from '../policy/serving.ts'
import type { Environment } from '../providers/resolve-target.ts'
import type { Headers } from './header-text.ts'
import type { Caller } from './read-identity.ts'

/** The keys that clients show to the gateway. */
export type GatewayKeys = {
  /** False: none are set up, and whoever connects may ask. */
  readonly areRequired: boolean
  /** Who shows a key in these headers; null for none of ours, be it wrong or missing. */
  callerOf(headers: Headers): Caller | null
  /** Those that are known in the clear, for whoever takes secrets out of logs. */
  readonly secrets: readonly string[]
}

/**
 * Reads the keys of the policy. Throws a UserError where a variable is missing, holds what no header can, or two keys
 * are the same one.
 */
export function openGatewayKeys(keys: readonly GatewayKey[], env: Environment): GatewayKeys {
  const known = openDigests()
  const secrets: string[] = []
  for (const key of keys) {
    const secret = key.env === null ? null : readSecret(key.env, key, env)
    if (secret !== null) secrets.push(secret)
    known.add(key, secret === null ? Buffer.from(key.sha256 ?? '', 'hex') : sha256(secret))
  }
  return {
    areRequired: keys.length > 0,
    callerOf(headers) {
      for (const name of keyHeaders) {
        const shown = secretIn(headers, name)
        const key = shown === null ? null : known.find(sha256(shown))
        if (key !== null) return callerWith(key)
      }
      return null
    },
    secrets,
  }
}

const callerWith = ({ name, user, team, plan, tenant }: GatewayKey): Caller => ({
  key: name,
  user,
  team,
  plan,
  tenant,
  defaultTenant: null,
})

/** Where clients put a key: ours, then as the SDKs of OpenAI, Anthropic and Azure send it. */
export const keyHeaders = ['x-llmcost-key', 'authorization', 'x-api-key', 'api-key'] as const

/** What a header holds as a key, without the word "Bearer" before it. */
export function secretIn(headers: Headers, name: string): string | null {
  const value = headers[name]
  if (typeof value !== 'string' || value.length > longestSecret) return null
  const secret = (name === 'authorization' ? value.replace(/^Bearer(?: +|$)/i, '') : value).trim()
  return secret === '' ? null : secret
}

/** Tokens of identity providers are the longest that anyone sends. */
const longestSecret = 8192

/**
 * Keys by their digests. A look-up takes the place in the table from a hash that this process alone can make, then
 * compares all of the digest: how long it takes says nothing about how near a guess is.
 */
function openDigests() {
  const placeOf = keyHash(randomBytes(32).toString('base64'))
  const known = new Map<string, { readonly key: GatewayKey; readonly digest: Buffer }>()
  return {
    add(key: GatewayKey, digest: Buffer): void {
      const place = placeOf(digest.toString('hex'))
      const other = known.get(place)
      if (other !== undefined)
        throw new UserError(`serve.keys "${other.key.name}" and "${key.name}" are the same key`, {
          hint: 'give each its own: a request with it would be of both',
        })
      known.set(place, { key, digest })
    },
    find(digest: Buffer): GatewayKey | null {
      const found = known.get(placeOf(digest.toString('hex')))
      return found !== undefined && timingSafeEqual(found.digest, digest) ? found.key : null
    },
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

function readSecret(variable: string, { name }: GatewayKey, env: Environment): string {
  const secret = env[variable]?.trim() ?? ''
  if (secret === '')
    throw new UserError(`serve.keys "${name}": ${variable} is not set`, {
      hint: `export ${variable}=… in the shell that runs llmcost`,
    })
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new UserError(`serve.keys "${name}": ${variable} holds what no client can send`, {
      hint: 'a key is letters, digits and signs of ASCII, without spaces',
    })
  return secret
}

/** Throws a UserError where others can connect and need no key. */
export function requireKeys({ host, keys }: Pick<ServePolicy, 'host' | 'keys'>): void {
  if (isLoopback(host) || keys.length > 0) return
  throw new UserError(`at ${host} others can connect, and there are no keys for them to show`, {
    hint: 'add serve.keys to the policy, e.g. "- { name: team-a, env: TEAM_A_KEY }", or serve at 127.0.0.1',
  })
}

export type Refusal = {
  readonly fault: Fault
  readonly status: number
  readonly body: JsonObject
  /** Name, value, … */
  readonly headers: readonly string[]
}

/** The answer to a request without a key, and to one with a wrong key: the same, in its own wire format. */
export function keyRefusal(dialect: DialectName | null): Refusal {
  const { status, body } = dialectOf(dialect ?? 'openai-chat').writeFault(keyless)
  return { status, body, headers: ['www-authenticate', 'Bearer realm="llmcost"'], fault: keyless }
}

const keyless: Fault = {
  kind: 'authentication',
  message: 'This gateway needs one of its own keys: as Authorization: Bearer, or x-api-key.',
  status: 401,
  retryAfterMs: null,
}
