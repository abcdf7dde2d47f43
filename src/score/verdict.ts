import type { GuardName } from '../policy/caching.ts'

/** Whether an answer fits where another was given. Unsettled is an outcome, not a failure. */
export type Verdict = 'right' | 'wrong' | 'unsettled'

/** What settled a pair: from the surest to the last resort of a machine, then those who were asked. */
export type Rung =
  | 'label'
  | 'identical'
  | 'normalised'
  | 'json'
  | 'guard'
  | 'similarity'
  | 'judge'
  | 'human'

/** A verdict with the rung it was reached on; null where none settled it. */
export type Judgement = {
  readonly verdict: Verdict
  readonly rung: Rung | null
  /** On rung "guard": what differs. */
  readonly guard?: GuardName
}

/** A judgement to be kept, under the hashes of the answer served and of the one really given. */
export type VerdictRecord = Judgement & {
  readonly servedHash: string
  readonly ownHash: string
  /** `ladderVersion` and the embedder's fingerprint, a judge's model, or who labelled. */
  readonly by: string
}
