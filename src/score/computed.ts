import { zeroNanoUsd } from '../domain/money.ts'
import type { Score, Scorer } from './scorer.ts'

/** A score that took nothing; `value` is 0 to 1, or null where it could not tell. */
export const computed = (value: number | null, reason: string | null): Score => ({
  value,
  reason,
  costNanoUsd: zeroNanoUsd,
})

export const right: Score = computed(1, null)
export const wrong = (reason: string): Score => computed(0, reason)
export const untold = (reason: string): Score => computed(null, reason)

/** Holds an answer to an expected value; without one it cannot tell. */
export const againstExpected = (
  name: string,
  compare: (answer: string, expected: string) => Score,
  isEstimate = false,
): Scorer => ({
  name,
  needsExpected: true,
  isEstimate,
  score: ({ answer, expected }) =>
    expected === null ? untold('there is no expected value') : compare(answer, expected),
})
