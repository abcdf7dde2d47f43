import type { HitComparison } from '../domain/comparison.ts'
import { advanceEProcess, type Bet, type Evidence, noEvidence } from '../stats/e-process.ts'

/** What compared hits say of a rate of wrong ones. It may be looked at after each of them. */
export type HitEvidence = {
  /** Hits that were compared, the first of each entry alone. */
  readonly compared: number
  readonly wrong: number
  readonly unsettled: number
  readonly bet: Evidence
}

export const noHits: HitEvidence = {
  compared: 0,
  wrong: 0,
  unsettled: 0,
  bet: noEvidence,
}

/** A limit for wrong hits per hit, and how sure one must be of what is said of it; both inside (0, 1). */
export type RateLimit = { readonly maxWrongPerHit: number; readonly confidence: number }

/** Evidence that wrong hits are above the limit: a bet on twice as many. */
export const alarmBet = ({ maxWrongPerHit, confidence }: RateLimit): Bet => ({
  alpha: maxWrongPerHit,
  alternative: Math.min(2 * maxWrongPerHit, (1 + maxWrongPerHit) / 2),
  delta: 1 - confidence,
})

/** Evidence that they are below it: a bet on a fifth. */
export const promiseBet = ({ maxWrongPerHit, confidence }: RateLimit): Bet => ({
  alpha: maxWrongPerHit,
  alternative: maxWrongPerHit / 5,
  delta: 1 - confidence,
})

/** How a hit counts of which nobody can tell whether it was wrong: not at all, or as if it were. */
export type UnsettledRule = 'left-out' | 'wrong'

/**
 * Evidence after one more hit. Where wrong hits are to be proved, unsettled ones say nothing; where their absence is,
 * each counts as wrong, since what cannot be told may hide them.
 */
export function advanceHits(
  before: HitEvidence,
  verdict: HitComparison['verdict'],
  bet: Bet,
  unsettled: UnsettledRule,
): HitEvidence {
  const isWrong = verdict === 'wrong'
  const isUnsettled = verdict === 'unsettled'
  const isLabel = !isUnsettled || unsettled === 'wrong'
  return {
    compared: before.compared + 1,
    wrong: before.wrong + Number(isWrong),
    unsettled: before.unsettled + Number(isUnsettled),
    bet: isLabel ? advanceEProcess(before.bet, isWrong || isUnsettled, bet) : before.bet,
  }
}

/** No threshold is raised beyond: what is still wrong there no threshold keeps away. */
export const highestThreshold = 0.99
const steps = 100

/**
 * The threshold above a wrong hit: the next hundredth that is greater than its similarity. Null where that is beyond
 * the highest.
 */
export function thresholdAbove(similarity: number): number | null {
  const next = (Math.floor(similarity * steps + rounding) + 1) / steps
  return next > highestThreshold ? null : next
}

/** 0.29 × 100 is a little less than 29. */
const rounding = 1e-9
