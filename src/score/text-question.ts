import type { NanoUsd } from '../domain/money.ts'

/** A question of our own to a model: one instruction and one text. */
export type TextQuestion = {
  readonly target: string
  readonly system: string
  readonly user: string
  /** Null: as long as it likes. */
  readonly maxOutputTokens: number | null
}

export type TextAnswer = {
  /** Null: no answer came. */
  readonly text: string | null
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}

export type AskText = (question: TextQuestion) => Promise<TextAnswer>
