import type { Tier } from './classifier.ts'

/** One rung of the `cascade` preset: a model gets this long, and its answer must pass. */
export type CascadeRung = {
  readonly tier: Tier
  readonly timeoutMs: number
  /** Null takes any answer: there is nothing above. */
  readonly accepts: ((answer: string) => boolean) | null
}

/**
 * The `cascade` preset: every request starts on the cheapest rung; a rejection, a timeout or a
 * failure climbs.
 */
export const cascadeRungs: readonly CascadeRung[] = [
  { tier: 'small', timeoutMs: 8_000, accepts: isAdequate },
  { tier: 'large', timeoutMs: 20_000, accepts: null },
]

const minCharacters = 50
const hedgedBelowCharacters = 200
const hedge = /\bI(?:['’]|\s+a)m\s+not\s+sure\b/i

/**
 * At least 50 characters, and not a hedge ("I'm not sure") under 200. White space around the answer
 * does not count.
 */
export function isAdequate(answer: string): boolean {
  const { length } = answer.trim()
  if (length < minCharacters) return false
  return length >= hedgedBelowCharacters || !hedge.test(answer)
}
