import type { When } from './when.ts'

/** The response cache: exact layer first, then the semantic one. */
export type CachePolicy = {
  readonly exact: ExactCache
  readonly semantic: SemanticCache
  /** Entries are shared only inside one. */
  readonly namespace: Namespace
  /** The first that holds decides; the default rules come before those of the file. */
  readonly rules: readonly CacheRule[]
  readonly keyIgnore: readonly KeyIgnore[]
  /** `auto`: on disk where `privacy.content` is full, else in memory. */
  readonly storage: 'auto' | 'disk' | 'memory'
}

export type CapacityPer = 'all' | 'namespace'

/** `on` is what holds where no rule says otherwise; a rule may switch a layer on that is off here. */
export type ExactCache = {
  readonly on: boolean
  /** Null: entries do not expire. */
  readonly ttlSeconds: number | null
  /** A hit begins the time to live anew. */
  readonly refreshOnHit: boolean
  /** Null: no limit. The least recently used goes first. */
  readonly maxEntries: number | null
  readonly capacityPer: CapacityPer
}

export type SemanticCache = ExactCache & {
  /** A hit when the cosine is at least this; tuned for the embedder and no other. */
  readonly threshold: number
  /** `static`, `lexical`, `openai:MODEL`, `local:MODEL`, `logged`. */
  readonly embedder: string
  readonly insert: InsertRule
  /** Longer conversations bypass the layer. System prompt and messages count. */
  readonly maxMessages: number
  readonly cacheText: CacheText
  readonly guards: readonly GuardName[]
}

/** `always` stores the answer that was served; `always-oracle` the logged one, which no live cache could. */
export const insertRules = ['on-miss', 'always', 'always-oracle'] as const
export type InsertRule = (typeof insertRules)[number]

/** A pair that a guard rejects is no hit, however similar. */
export const guardNames = ['numbers', 'names', 'negation', 'order'] as const
export type GuardName = (typeof guardNames)[number]

/** The text that the semantic layer compares. */
export type CacheText =
  | { readonly kind: 'last-user' }
  | { readonly kind: 'conversation' }
  /** Fields in braces: `{metadata.filename}`, `{prompt.last-user}`. */
  | { readonly kind: 'template'; readonly template: string }
  /** The first group of its first match in the last user message; a message without one bypasses. */
  | { readonly kind: 'pattern'; readonly pattern: string }

export type Namespace =
  /** The namespace that the log or the caller gives, where it gives one. Written down by nobody: `serve` wants more. */
  | { readonly kind: 'log' }
  /** One for all, whoever asks. */
  | { readonly kind: 'shared' }
  | { readonly kind: 'fields'; readonly fields: readonly NamespaceField[] }

export const namespaceFields = [
  'tenant',
  'user',
  'key',
  'team',
  'feature',
  'plan',
  'session',
  'documentVersion',
  'promptVersion',
] as const
export type NamespaceField = (typeof namespaceFields)[number] | `tag:${string}`

/** What is not given stays as the sections say. */
export type CacheRule = {
  readonly name: string
  readonly when: When
  readonly exact?: boolean
  readonly semantic?: boolean
  readonly threshold?: number
  /** Of both layers; null: entries do not expire. */
  readonly ttlSeconds?: number | null
  readonly namespace?: Namespace
}

/** A part of the prompt that does not count for the key: what the pattern matches is dropped from it. */
export type KeyIgnore = {
  readonly field: 'system' | 'messages'
  readonly pattern: string
  /** What tells apart the requests that the dropped part told apart: in the namespace, or the document version. */
  readonly coveredBy: NamespaceField
}

/** The prompt cache of the provider. */
export type PrefixPolicy = {
  /** `inject` sets the cache marks; simulated from history, done by `serve`. */
  readonly mode: 'as-logged' | 'inject'
  readonly breakpoints: readonly PrefixBreakpoint[]
  readonly ttl: '5m' | '1h'
  /** Who shares a provider's cache; `namespace` is that of the response cache. */
  readonly scope: 'namespace' | 'key' | 'tenant' | 'session'
  /** No minimum, no breakpoints, the tail billed as a write: for trace studies. */
  readonly idealised: boolean
  /** One pool of blocks for all instead of a provider's cache: for trace studies. */
  readonly pool: PrefixPool | null
}

export const prefixBreakpoints = ['tools', 'system', 'history'] as const
export type PrefixBreakpoint = (typeof prefixBreakpoints)[number]

/** Null blocks: no limit. */
export type PrefixPool = { readonly blocks: number | null }
