import type { JournalWriter } from '../domain/journal.ts'
import type { PriceBook } from '../domain/price.ts'
import type { Served } from '../domain/served.ts'
import type { Asked, ResponseCache } from '../domain/world.ts'
import type { KeyHash } from '../engine/cache-key.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { KnownProvider } from '../providers/catalogue.ts'
import type { Forwarder } from '../providers/forward.ts'
import type { LiveCache } from '../worlds/live-cache.ts'
import type { LiveLedger } from '../worlds/live-ledger.ts'
import type { LiveTargets } from '../worlds/live-targets.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import type { IsPersonal } from '../worlds/personal.ts'
import type { Audits } from './audits.ts'
import type { BackgroundBook } from './background-book.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import type { GatewayKeys } from './gateway-keys.ts'
import type { SurroundingsOf } from './live-surroundings.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { ReplayClock } from './replay-clock.ts'
import type { Reserving } from './reserve.ts'
import type { RewritesOf } from './rewrites.ts'
import type { TagSpelling } from './tag-spelling.ts'
import type { Trials } from './trials.ts'
import type { Upstreams } from './upstreams.ts'

/** What a gateway keeps from its start to its end. */
export type GatewayServices = {
  readonly forwarder: Forwarder
  readonly journal: JournalWriter
  readonly ledger: LiveLedger
  readonly targets: LiveTargets
  /** What a request may cost at most, nano-dollars; null: nobody can tell, or no hard budget wants to know. */
  readonly boundOf: (asked: Asked) => number | null
  readonly prices: PriceBook
  readonly costOf: CostOf
  readonly hash: KeyHash
  /** Milliseconds since 1970 UTC; never goes back. */
  readonly now: () => number
  /** 0 to 1. */
  readonly chance: () => number
  readonly newId: () => string
  /** Times are those that requests and a mock's answers tell, not those that pass; null: as time goes. */
  readonly replay: ReplayClock | null
  /** Requests under way, by id. */
  readonly exchanges: Map<string, Exchange>
  readonly scrub: (text: string) => string
  /** Cosine of two texts; null where one has no vector. */
  readonly similarity: (a: string, b: string) => number | null
  /** Whether a program passes what is given to it on its standard input. */
  readonly passes: (
    command: readonly string[],
    input: string,
    timeoutMs: number,
  ) => Promise<boolean>
  /** What shadow, canary and audits have found out. */
  readonly trials: Trials
  /** What was booked of responses that went on in the background. */
  readonly backgrounds: BackgroundBook
  /** Questions that nobody waits for. */
  readonly audits: Audits
  /** Told of each call that was made. */
  readonly onAttempt: (attempt: AttemptNote) => void
  readonly onServed: (served: Served) => void
}

/** What a policy makes: changed as a whole when the policy is. */
export type PolicyInForce = {
  readonly compiled: CompiledPolicy
  readonly fingerprint: string
  readonly upstreams: Upstreams
  /** Those that a request may name. */
  readonly providers: readonly KnownProvider[]
  readonly keys: GatewayKeys
  readonly spelling: TagSpelling
  readonly limiter: RateLimiter
  readonly rewritesOf: RewritesOf
  /** Whether a text may be served to nobody else; null: none is looked at. */
  readonly isPersonal: IsPersonal | null
  readonly surroundingsOf: SurroundingsOf
  readonly cache: ResponseCache & Partial<Pick<LiveCache, 'lastGood'>>
  readonly reserving: Reserving
  /** What its classifiers have learned from evidence. */
  readonly neighbours: NeighbourClassifiers
}

export type GatewayState = GatewayServices & PolicyInForce
