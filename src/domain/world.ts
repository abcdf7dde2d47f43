import type { NanoUsd } from './money.ts'
import type { BudgetAction, BypassReason, CacheLayer, RequestId, Step } from './receipt.ts'
import type { Answer, Request } from './request.ts'
import type { Usage } from './usage.ts'

/** A value at once or later: a world that knows need not make anybody wait. */
export type MaybePromise<T> = T | Promise<T>

/** A request before the engine. */
export type Asked = {
  readonly id: RequestId
  /** Milliseconds since 1970 UTC; NaN where nobody knows. */
  readonly at: number
  readonly request: Request
  /** What is known to keep it from every cache before a rule is asked; null: nothing. */
  readonly bypass: BypassReason | null
}

/** Under which terms a request may be served from a cache and fill it: the policy's, after its rules. */
export type CacheTerms = {
  readonly exact: boolean
  readonly semantic: boolean
  /** Identical requests in flight share one call. */
  readonly coalesce: boolean
  /** Entries are shared only inside one. */
  readonly namespace: string
  /** Least cosine of a semantic hit. */
  readonly threshold: number
  /** How long an entry lives from its birth; infinite where it does not expire. */
  readonly exactTtlMs: number
  readonly semanticTtlMs: number
  /** The rule that set them, or null. */
  readonly rule: string | null
  /** Absent where the caller wishes nothing, as in history. */
  readonly wishes?: CacheWishes
}

/** What one caller wishes of the caches: it serves others no less than before, and itself no more. */
export type CacheWishes = {
  /** The layer may answer this request; where it does not, it still keeps the answer. */
  readonly exact: boolean
  readonly semantic: boolean
  /** The answer to this request may be kept. */
  readonly mayStore: boolean
  /** Entries born longer ago do not serve it. */
  readonly maxAgeMs: number
}

/** An answer that a cache holds. */
export type CacheEntry = {
  /** The request that it answered first. */
  readonly id: RequestId
  readonly bornMs: number
  readonly answer: Answer | null
}

export type FoundEntry = { readonly entry: CacheEntry; readonly similarity: number }

/** What the semantic layer found: the most similar entry that no guard rejects, or why it was not asked. */
export type NearestEntry =
  | { readonly kind: 'bypass'; readonly reason: BypassReason }
  | {
      readonly kind: 'asked'
      readonly found: FoundEntry | null
      /** The most similar entry that a guard rejected, where it was more similar than the one found. */
      readonly guarded: { readonly guard: string; readonly similarity: number } | null
    }

/** Answers kept for identical and for similar requests. An entry lives from its birth until its time is over. */
export type ResponseCache = {
  /** The living entry of an identical request; a look-up counts as a use. */
  findExact(asked: Asked, terms: CacheTerms): MaybePromise<CacheEntry | null>
  findNearest(asked: Asked, terms: CacheTerms): MaybePromise<NearestEntry>
  /** An identical request whose answer is on its way; `steps` is what was done for this one so far. */
  findInFlight(
    asked: Asked,
    terms: CacheTerms,
    steps: readonly Step[],
  ): MaybePromise<InFlight | null>
  /** Says that a request has gone to a model, so that identical ones may wait for it. */
  begin(asked: Asked, terms: CacheTerms): void
  /** Keeps an answer from its birth on. */
  remember(layer: CacheLayer, asked: Asked, terms: CacheTerms, entry: CacheEntry): void
  /** Says that the answer of a request that has begun is there, or null that none came. */
  end(asked: Asked, terms: CacheTerms, answered: Answered | null): void
}

export type InFlight = {
  readonly id: RequestId
  /** Null when no answer came. */
  readonly answered: MaybePromise<Answered | null>
}

/** When an answer was there, milliseconds since 1970 UTC, and what it was; null where this world does not know. */
export type Answered = { readonly at: number; readonly answer: Answer | null }

/** How one call to one model is made. */
export type AttemptTerms = {
  /** Null leaves the time to the policy's timeout class. */
  readonly timeoutMs: number | null
  /** Whether the caller may see nothing of its answer yet: a validator, or another call, may speak against it. */
  readonly isHeld: boolean
  /** What was done for the request so far. */
  readonly steps: readonly Step[]
}

/** What one call to one model came to. */
export type Attempted =
  | {
      readonly kind: 'answered'
      readonly answer: Answer | null
      readonly usage: Usage
      /** Null: unpriced. */
      readonly costNanoUsd: NanoUsd | null
      readonly latencyMs: number
    }
  /** This world knows what it would have cost, and not what it would have said. */
  | {
      readonly kind: 'unknown'
      readonly usage: Usage
      readonly costNanoUsd: NanoUsd | null
      readonly latencyMs: number
    }
  | {
      readonly kind: 'failed' | 'timeout'
      readonly reason: string
      readonly usage: Usage
      readonly costNanoUsd: NanoUsd | null
      readonly latencyMs: number
      /** Null: asking again is no use. */
      readonly retryAfterMs: number | null
    }

export type BudgetWord = { readonly budget: string; readonly action: BudgetAction }

/** Spend against budgets: reserved before a call, settled after it. */
export type Ledger = {
  /** What budgets say to one more call; the worst of them. Null: all of them let it pass. */
  admit(asked: Asked): MaybePromise<BudgetWord | null>
  /** Turns the reservation of `admit` into what was really spent. */
  settle(asked: Asked, costNanoUsd: NanoUsd): void
}

/**
 * Everything the engine does not own: history, a sample and live traffic are three of them. All times are milliseconds
 * since 1970 UTC on the world's own clock.
 */
export type World = {
  readonly cache: ResponseCache
  readonly ledger: Ledger
  /** One call to a target ("provider:model" or a model); null is the model that the application asked for. */
  ask(target: string | null, asked: Asked, terms: AttemptTerms): MaybePromise<Attempted>
  /** Who may answer in place of the model that was asked for, where that fails; absent: nobody. */
  fallbacksOf?(asked: Asked): readonly string[]
  /** False while a target's breaker is open, and once the caller has begun to receive another one's answer. */
  isUp(target: string | null, asked: Asked): boolean
  /** A classifier's label that is no plain code, with what asking took. */
  classify(classifier: string, asked: Asked): MaybePromise<AskedLabel>
  /** The answer that the caller gets is known, after these steps, while other calls for it are still to be paid for. */
  accept?(asked: Asked, answer: Answer, steps: readonly Step[]): void
  /** Lets time pass before an attempt is made again. */
  wait(ms: number): MaybePromise<void>
}

export type AskedLabel = {
  readonly label: 'simple' | 'medium' | 'hard'
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}
