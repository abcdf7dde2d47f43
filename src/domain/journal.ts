import type { JsonObject } from './json.ts'
import type { RequestKeys } from './keys.ts'
import type { NanoUsd } from './money.ts'
import type { Receipt } from './receipt.ts'

/** The name that requests of a gateway's ledger have where a log would have that of its format. */
export const ledgerFormat = 'gateway'

/** Who spends: what budgets, rate limits and the loop guard tell requests apart by. Absent: nobody said. */
export type Spender = {
  readonly user?: string
  readonly key?: string
  readonly team?: string
  readonly feature?: string
  readonly session?: string
  readonly trace?: string
  /**
   * Whom it does not name there is not: a question of the gateway's own, or one whose user was erased. The requests of
   * callers that name no user, key, team or feature share one account of each.
   */
  readonly isNobodys?: true
}

/**
 * One call that is about to be made, written before it: what may have been billed where no `settled` entry of its
 * request follows.
 */
export type Intent = {
  readonly kind: 'begun'
  /** Of the request. */
  readonly id: string
  /** Counts the calls made for it from 1. */
  readonly attempt: number
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly target: string
  /** What budgets hold back for the whole request; null: its price is not known. */
  readonly reservedNanoUsd: NanoUsd | null
  readonly spender: Spender
  /** Of the budgets that hold it back, those with a condition: an intent does not tell what they look at. */
  readonly budgets?: readonly string[]
}

/** A request that is done, however it ended. */
export type Settled = {
  readonly kind: 'settled'
  readonly id: string
  /** Milliseconds since 1970 UTC, of the request's arrival. */
  readonly at: number
  /** Of all its calls; unpriced ones count nothing. */
  readonly costNanoUsd: NanoUsd
  /** What budgets count in its place, where calls may have come to more than anybody told; absent: `costNanoUsd`. */
  readonly countedNanoUsd?: NanoUsd
  readonly spender: Spender
  /**
   * The request as a canonical record (docs/formats.md), with no more text than may be kept. Model and usage are those of
   * the call that was accepted, else of the last one; what the others cost is in the receipt. An answer of a cache, or of
   * another request in flight, is `servedFromCache`: it may have that one's response id. Empty once it was erased.
   */
  readonly record: JsonObject
  /** Given where the record does not hold the text that they were made of; without that text (`withoutText`). */
  readonly keys: RequestKeys | null
  readonly receipt: Receipt
  /** The fingerprint of the policy that decided. */
  readonly policy?: string
}

/** What the gateway writes down, in this order: it is the ledger that budgets and reports are made from. */
export type JournalEntry = Intent | Settled

/** Where entries go. Nobody calls a model before the promise of `begin` is kept. */
export type JournalWriter = {
  /** With `isHard` it fails where that is impossible, since a budget has to count the call. */
  begin(intent: Intent, options?: { readonly isHard?: boolean }): Promise<void>
  settle(settled: Settled): void
}
