import type { NanoUsd } from './money.ts'
import type { CacheLayer, RequestId, ValidatorWord } from './receipt.ts'

/**
 * Two answers to one request held against each other: the one that a layer gave, or would have given, and one that was
 * made without it. None of these holds a word of them.
 */
export type Comparison = HitComparison | RouteComparison

/** A cached answer against a fresh one. */
export type HitComparison = {
  readonly kind: 'hit'
  readonly layer: CacheLayer
  /** The feature that asked; null: none said so. */
  readonly group: string | null
  /** The request whose answer the entry holds. */
  readonly entry: RequestId
  /** Of the two questions; 1 in the exact layer. */
  readonly similarity: number
  readonly verdict: 'right' | 'wrong' | 'unsettled'
  /** The rung that settled it (score/verdict.ts), or "judge:MODEL"; null: none did. */
  readonly by: string | null
}

/** A routed request's answer against the strongest model's. */
export type RouteComparison = {
  readonly kind: 'route'
  /** The route. */
  readonly group: string
  /** Whose answer the caller got. */
  readonly target: string
  readonly strong: string
  /** 1: the caller's answer is better; −1: worse; 0: as good; null: nobody can tell. */
  readonly difference: -1 | 0 | 1 | null
  readonly by: string | null
  /** What validators in shadow mode said of the answer that the caller got. */
  readonly validators: readonly ValidatorWord[]
}

/** What a layer in the shadow would have done for a request. */
export type ShadowNote = ShadowHit | ShadowRoute

/** An entry that would have been served. The verdict is null where no fresh answer came, or a judge has yet to say. */
export type ShadowHit = Omit<HitComparison, 'verdict'> & {
  readonly ageMs: number
  readonly verdict: HitComparison['verdict'] | null
}

export type ShadowRoute = {
  readonly kind: 'route'
  /** Null: a classifier would have to be asked first. */
  readonly route: string | null
  /** Of its ladder; null costs: the price is not known. */
  readonly targets: readonly {
    readonly target: string
    /** For what the model that was asked used. */
    readonly costNanoUsd: NanoUsd | null
  }[]
  /** The classifier that nobody asked. */
  readonly classifier?: string
}

/** What an audit, or the judge of one, found out about an earlier request. */
export type AuditNote = Comparison & {
  readonly of: RequestId
  /** The record that holds the fresh answer, where it is not the one with this note: a judge's has none. */
  readonly fresh?: RequestId
}
