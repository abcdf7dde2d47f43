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
  readonly audit: AuditPolicy
  /** Layers that only some get; null: all get all that is not in the shadow. */
  readonly canary: Canary | null
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
  /**
   * Models that go here, `*` for any characters. Null: those of a built-in provider of that name, else what no other one
   * is known to serve.
   */
  readonly models: readonly string[] | null
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

export const auditActions = ['tighten', 'disable', 'alert'] as const
export type AuditAction = (typeof auditActions)[number]

/** What is asked again to see whether answers of caches and cheap models are as good as they should be. */
export type AuditPolicy = {
  /** Share of requests routed to a cheaper model that the strongest one is asked as well, 0 to 1. */
  readonly routeShare: number
  /** Wrong hits per hit beyond which something is done, 0 to 1, both excluded. */
  readonly maxWrongPerHit: number
  /** The largest loss of quality against the strongest model: answers worse less answers better, 0 to 1. */
  readonly maxLoss: number
  /** How sure one must be that a limit is passed, 0 to 1, both excluded. */
  readonly confidence: number
  /**
   * `tighten` raises the semantic threshold above the wrong hits; `disable` puts the layer, or the route, back into the
   * shadow; `alert` only tells.
   */
  readonly action: AuditAction
  /** Who compares answers that computing cannot tell apart; null: nobody. */
  readonly judge: string | null
  /** Audits under way at the same time; what comes while so many are is not audited. */
  readonly maxInFlight: number
}

export const canaryMembers = ['session', 'user', 'request'] as const

/** A share of sessions, users or requests gets the layers; for the others they are in the shadow. */
export type Canary = {
  readonly share: number
  readonly by: (typeof canaryMembers)[number]
  readonly layers: readonly ShadowLayer[]
  /** Null: it is never said that all may get them. */
  readonly promote: Promotion | null
}

/** When all may get a layer. */
export type Promotion = {
  /** Hits compared, of routes audited requests; at least so many. */
  readonly minHits: number
  /** What must be proved: wrong hits per hit, of routes the loss against the strongest model, stay below. */
  readonly maxWrongPerHit: number
  readonly confidence: number
  /** Whether all get it from then on, until the policy is read again; else it is only told. */
  readonly auto: boolean
}

export type DisconnectAction =
  | { readonly kind: 'abort' }
  | { readonly kind: 'drain'; readonly maxMs: number }

/** Null: no such limit. */
export type RateLimit = {
  readonly per: 'all' | 'key' | 'user' | 'team'
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}
