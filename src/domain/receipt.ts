import type { NanoUsd } from './money.ts'
import type { Usage } from './usage.ts'

/** A request's number in the store, or the id that a gateway gave it. */
export type RequestId = number | string

/** What was done for one request, in order, and what it cost. Reports fold over these; comparisons join them by `id`. */
export type Receipt = {
  readonly id: RequestId
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly outcome: Outcome
  /** The request whose answer was served, where it was not this one's own. */
  readonly servedBy: RequestId | null
  readonly steps: readonly Step[]
  /** Of all steps. Unpriced attempts count nothing and are marked in their step. */
  readonly costNanoUsd: NanoUsd
  /** Until the caller had the whole answer. */
  readonly latencyMs: number
  /** What a gateway changed in the request before it went on, by name (docs/gateway.md); absent: nothing. */
  readonly rewrites?: readonly string[]
}

/**
 * `hit`: a cache answered. `coalesced`: it waited for an identical request in flight. `answered`: a model was asked.
 * `unmeasured`: a model would have been asked whose answer nobody knows. `failed`: nobody answered. `blocked`: a budget
 * or the loop guard refused it.
 */
export type Outcome = 'hit' | 'coalesced' | 'answered' | 'unmeasured' | 'failed' | 'blocked'

export type CacheLayer = 'exact' | 'semantic'

/** One line of a receipt. */
export type Step =
  | { readonly kind: 'budget'; readonly budget: string; readonly action: BudgetAction }
  /** The layer was not asked. */
  | { readonly kind: 'bypass'; readonly layer: CacheLayer; readonly reason: BypassReason }
  | { readonly kind: 'miss'; readonly layer: CacheLayer }
  /** An entry was similar enough, and a guard spoke against it. */
  | { readonly kind: 'guarded'; readonly guard: string; readonly similarity: number }
  | {
      readonly kind: 'hit'
      readonly layer: CacheLayer
      /** The request whose answer the entry holds. */
      readonly entry: RequestId
      /** 1 in the exact layer. */
      readonly similarity: number
      readonly ageMs: number
    }
  | { readonly kind: 'coalesced'; readonly with: RequestId; readonly waitMs: number }
  | {
      readonly kind: 'classify'
      readonly classifier: string
      readonly label: string
      readonly costNanoUsd: NanoUsd
      readonly latencyMs: number
    }
  | { readonly kind: 'route'; readonly route: string; readonly targets: readonly string[] }
  | {
      readonly kind: 'attempt'
      readonly target: string
      readonly outcome: AttemptOutcome
      /** The validator that rejected, or why it failed. */
      readonly reason: string | null
      readonly usage: Usage
      /** Null: nobody knows its price. */
      readonly costNanoUsd: NanoUsd | null
      readonly latencyMs: number
    }
  | {
      readonly kind: 'validate'
      readonly verdict: ValidatorWord['verdict']
      /** What validators in shadow mode would have said; absent without any. */
      readonly shadow?: readonly ValidatorWord[]
      readonly costNanoUsd: NanoUsd
      readonly latencyMs: number
    }
  | { readonly kind: 'remember'; readonly layer: CacheLayer }

/** What one validator says of an answer. */
export type ValidatorWord = {
  readonly name: string
  readonly verdict: 'pass' | 'fail' | 'unknown'
}

export type BudgetAction = 'alert' | 'downgrade' | 'block'

/** `unknown`: history has no answer of this target to this request. */
export type AttemptOutcome = 'accepted' | 'rejected' | 'failed' | 'timeout' | 'unknown'

/**
 * Why a layer was not asked: kept from it by the request itself, by a rule of the policy ("rule NAME"), by a wish of its
 * caller, or because the gateway asks for a fresh answer to compare with.
 */
export type BypassReason =
  | 'off'
  /** Redaction would alter it: it is of one person alone. */
  | 'pii'
  | 'caller'
  | 'audit'
  | 'operation'
  | 'no-key'
  | 'no-time'
  | 'no-text'
  | 'no-vector'
  | 'choices'
  /** Its provider keeps the answer under an id that a cache would not give it. */
  | 'stored'
  | 'tool-call'
  | 'not-answered'
  | 'long-conversation'
  | `rule ${string}`
