import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Intent } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { CacheLayer, RequestId } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import type { ShadowLayer } from '../policy/serving.ts'
import type { CacheScope } from '../worlds/cache-scope.ts'
import type { Health } from './data-server.ts'
import type { BreakerLine } from './gateway-snapshot.ts'
import type { Reloaded } from './policy-watcher.ts'

/** What the admin port shows and does: each a function of whoever knows. Money in dollars, times ISO 8601. */
export type AdminPorts = {
  readonly page: { readonly html: string; readonly contentSecurityPolicy: string }
  /** Answers with server-sent events until one of both ends it. */
  readonly events: (request: IncomingMessage, response: ServerResponse) => void
  /** The gateway at this moment, as `serve status` and the dashboard show it. */
  readonly snapshot: () => object
  readonly metrics: () => { readonly contentType: string; readonly text: string }
  readonly health: Health
  /** False before it listens, and while it ends. */
  readonly isReady: () => boolean
  readonly cache: CacheAdmin
  /** What is spent of each budget: `{budget, member, window, limitUsd, spentUsd, reservedUsd, action, resetsAt}`. */
  readonly budgets: () => readonly object[]
  /** Calls of an earlier run that may have been billed. */
  readonly intents: () => readonly Intent[]
  /** Says, and writes down, what such a call came to. False: there is none of that id. */
  readonly reconcile: (id: string, costNanoUsd: NanoUsd) => boolean
  readonly breakers: () => readonly BreakerLine[]
  /** Lets a target be asked again at once. False: nothing is known of it. */
  readonly resetBreaker: (target: string) => boolean
  /** What shadow, canary and audits have found out, as the snapshot has it. */
  readonly trials: () => readonly object[]
  /** Undoes what audits have done to a layer: it serves as the policy has it. */
  readonly resetTrials: (layer: ShadowLayer) => void
  readonly reload: () => Promise<Reloaded>
  /** Null: not shown. */
  readonly resources: ((collects: boolean) => Resources) | null
}

export type CacheAdmin = {
  /** So many living entries at most, of one namespace or of all. */
  list(options: { readonly namespace?: string; readonly limit: number }): readonly ListedEntry[]
  /** The living entries that hold the answer of a request, or have a key. */
  find(name: string): readonly ListedEntry[]
  /** Removes entries, or only says how many it would be. Throws a UserError for a pattern that means nothing. */
  invalidate(scope: CacheScope, options: { readonly dryRun: boolean }): Invalidated
}

/** An entry of the cache, without what was asked and answered. */
export type ListedEntry = {
  readonly layer: CacheLayer
  /** The request whose answer it holds. */
  readonly id: RequestId
  readonly key: string
  readonly namespace: string
  /** Who asked what was answered first: "user", "feature" and the like. */
  readonly facts: Pick<Request, 'model' | 'tags'>
  /** Milliseconds since 1970 UTC. */
  readonly bornMs: number
  readonly ageMs: number
  /** Null: it does not expire. */
  readonly expiresAtMs: number | null
  readonly hits: number
  readonly bytes: number
}

export type Invalidated = {
  readonly exact: number
  readonly semantic: number
  readonly bytes: number
}

/** What a process holds, for tests that look for leaks. */
export type Resources = {
  readonly rssBytes: number
  readonly heapUsedBytes: number
  readonly requestsUnderWay: number
  /** What keeps the event loop alive, counted by kind: "TCPSocketWrap", "Timeout". */
  readonly active: Readonly<Record<string, number>>
}
