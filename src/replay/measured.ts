import type { Preference } from '../score/scorer.ts'
import type { ArmAnswer, ReplayCase } from './case.ts'

/** The three answers to one case. */
export type Arms = {
  readonly baseline: ArmAnswer
  /** The baseline's model asked once more; null where nobody needs it. */
  readonly again: ArmAnswer | null
  readonly candidate: ArmAnswer
}

/** How candidate and baseline compare on one case. */
export type Compared = {
  /** Candidate − baseline, −1 to 1; null: it cannot be told, `why` says why. */
  readonly difference: number | null
  readonly why: 'no-answer' | 'unscored' | null
  readonly scores: {
    readonly baseline: number | null
    readonly again: number | null
    readonly candidate: number | null
  }
  /** In words, for people. */
  readonly reason: string | null
  /** What a judge of pairs said; null where none was asked. */
  readonly judged: Pick<Preference, 'difference' | 'isFlip' | 'parseFailures'> | null
  /** Of answers on the way: whether they would have done; null: not told. */
  readonly rungScores: readonly (number | null)[]
}

export type Measured = Compared & { readonly case: ReplayCase; readonly arms: Arms }
