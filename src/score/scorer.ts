import type { NanoUsd } from '../domain/money.ts'
import type { MaybePromise } from '../domain/world.ts'

/** What a scorer is shown: one answer, and what it is held to. */
export type Scored = {
  /** The last user message; '' where there is none. */
  readonly question: string
  readonly answer: string
  /** A suite's expected value, or the answer that is taken as the reference; null: there is none. */
  readonly expected: string | null
}

export type Score = {
  /** 0 to 1; null: it could not tell, which is counted and shown. */
  readonly value: number | null
  /** Why, for people. */
  readonly reason: string | null
  /** What asking took; 0 for scorers that compute. */
  readonly costNanoUsd: NanoUsd
}

/** Says how well one answer does. */
export type Scorer = {
  /** As the flag and the report name it: "exact", "similarity:0.9", "judge:gpt-5-mini". */
  readonly name: string
  readonly needsExpected: boolean
  /** What it says is an estimate, not a measurement: similarity, a judge. */
  readonly isEstimate: boolean
  score(scored: Scored): MaybePromise<Score>
}

/** What a judge of pairs is shown; it must not know which is which. */
export type ScoredPair = {
  readonly question: string
  readonly baseline: string
  readonly candidate: string
  /** Decides, with a seed, which answer is shown first in the first of the two orders. */
  readonly id: string
}

export type Preference = {
  /** 1: the candidate is better in both orders; −1: the baseline; 0: a tie, or a flip; null: not both verdicts could be read. */
  readonly difference: -1 | 0 | 1 | null
  /** It preferred the same place, not the same answer: counted as a tie. */
  readonly isFlip: boolean
  /** Of two verdicts, those that could not be read. */
  readonly parseFailures: number
  readonly reason: string | null
  readonly costNanoUsd: NanoUsd
}

/** Compares two answers to one question. */
export type PairJudge = {
  readonly name: string
  prefer(pair: ScoredPair): MaybePromise<Preference>
}

/** Asks a judge's model; null where no answer came. */
export type AskJudge = (prompt: JudgePrompt) => Promise<{
  readonly text: string | null
  readonly costNanoUsd: NanoUsd
}>

export type JudgePrompt = { readonly system: string; readonly user: string }
