import type { DialectName } from '../domain/call.ts'

/** How the gateway runs. What it decides is in the other sections. */
export type ServePolicy = {
  readonly host: string
  readonly port: number
  /** Metrics, health, dashboard and administration. */
  readonly adminHost: string
  readonly adminPort: number
  readonly providers: readonly ProviderSettings[]
  /** Empty: none is asked for, which only loopback allows. */
  readonly keys: readonly GatewayKey[]
  /** What is only watched: decided and logged, not done. */
  readonly shadow: readonly ShadowLayer[]
  /** Share of semantic hits that are asked again and compared, 0 to 1. */
  readonly auditShare: number
  /** `power`: a receipt survives a power cut, at a cost in speed. */
  readonly durability: 'process' | 'power'
  readonly onUnpriced: 'warn' | 'refuse'
  /** When a client leaves: cancel upstream, or read on to the usage for so long. */
  readonly onDisconnect: DisconnectAction
  readonly maxBodyBytes: number
  /** A last event with usage and cost on streams, for clients that ask for none. */
  readonly usageEvent: boolean
  readonly rateLimits: readonly RateLimit[]
}

/** Where models are asked: data, the code being the dialect. */
export type ProviderSettings = {
  readonly name: string
  readonly dialect: DialectName
  readonly baseUrl: string
  /** The environment variable that holds the key; null: the client's own key is passed on. */
  readonly apiKeyEnv: string | null
  /** Models that go here; `*` for any characters. */
  readonly models: readonly string[]
}

/** A key that clients show; the file names where it is kept or holds its hash, never the key. */
export type GatewayKey = {
  readonly name: string
  /** The environment variable that holds it; null where `sha256` is given. */
  readonly env: string | null
  /** Its SHA-256, 64 hexadecimal digits in small letters; null where `env` is given. */
  readonly sha256: string | null
  readonly user: string | null
  readonly team: string | null
  readonly plan: string | null
  readonly tenant: string | null
}

export const shadowLayers = ['exact', 'semantic', 'routes'] as const
export type ShadowLayer = (typeof shadowLayers)[number]

export type DisconnectAction =
  | { readonly kind: 'abort' }
  | { readonly kind: 'drain'; readonly maxMs: number }

/** Null: no such limit. */
export type RateLimit = {
  readonly per: 'all' | 'key' | 'user' | 'team'
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}
