import type { Call } from './call.ts'
import type { NanoUsd } from './money.ts'

/** What a replay found of one model on one case. */
export type Measurement = {
  readonly run: string
  /** The case's name in its run: "#123", or a suite's own. */
  readonly caseId: string
  /** Who answered, "provider:model". */
  readonly target: string
  /** The request's number in the store; null where the case came from a suite. */
  readonly seq: number | null
  /** The keys by which the question is known again; null where it has none. */
  readonly promptKey: string | null
  readonly questionKey: string | null
  /** Scores of different scorers are not comparable. */
  readonly scorer: string
  /** 0 to 1; null: the scorer could not tell. */
  readonly score: number | null
  /** What it answered; null where that is not kept, or is no text. */
  readonly output: string | null
  /** The last user message; null where text is not kept. */
  readonly question: string | null
  /** What was asked; null where text is not kept. */
  readonly call: Call | null
  /** Of this answer alone, without what else was asked on the way. */
  readonly costNanoUsd: NanoUsd | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly latencyMs: number | null
}

/** A score from which an answer would have done. */
export const rightFromScore = 0.5

/** The measurements of one question by one scorer, of all runs. */
export type MeasuredQuestion = {
  readonly id: string | null
  readonly promptKey: string | null
  readonly questionKey: string | null
  readonly text: string | null
  readonly scorer: string
  readonly answers: readonly Measurement[]
}
