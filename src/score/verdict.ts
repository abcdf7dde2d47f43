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
  /** On rungs "judge" and "human": the pair was picked for what it would tell, so it certifies nothing. */
  readonly exploratory?: true
}
