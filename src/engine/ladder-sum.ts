import type { NanoUsd } from '../domain/money.ts'

/** What became of one attempt on a rung, and what it took. */
export type Attempt = {
  readonly target: string
  readonly outcome: AttemptOutcome
  readonly costNanoUsd: NanoUsd
  /** Until the answer, the failure or the time limit. */
  readonly latencyMs: number
  readonly validationCostNanoUsd: NanoUsd
  readonly validationMs: number
}

/** Accepted and rejected are an answer's fate; failed and timeout mean that there is none. */
export type AttemptOutcome = 'accepted' | 'rejected' | 'failed' | 'timeout'

/** What a ladder came to for one request. */
export type LadderSum = {
  /** Which of the attempts the caller received; null when none was accepted. */
  readonly served: number | null
  /** The last attempt that has an answer at all, good or not; null when none has. */
  readonly answered: number | null
  /** Attempts that were made, billed and counted. */
  readonly attempts: number
  /** How often the request went on to a stronger model because a validator rejected. */
  readonly escalations: number
  readonly costNanoUsd: NanoUsd
  /** Until the caller has the answer, or until the last rung is known to have none. */
  readonly latencyMs: number
}

/**
 * Adds up attempts, cheap to strong: rejections, failures and timeouts climb, the first accepted
 * answer ends it, and what lies above was never tried.
 */
export function sumLadder(attempts: readonly Attempt[]): LadderSum {
  return climb(attempts, nothingYet, 0)
}

/**
 * The same with the first two rungs at once. The cheap answer wins if its validators pass within
 * `withinMs` of its arrival; else the second rung's counts, which has been under way all the time.
 * Both are billed in any case. Should that one come to nothing, a cheap answer that passed too late
 * is better than none; else the ladder goes on above.
 */
export function sumSpeculative(attempts: readonly Attempt[], withinMs: number): LadderSum {
  const [cheap, strong, ...above] = attempts
  if (cheap === undefined || strong === undefined) return sumLadder(attempts)
  const isLate = cheap.validationMs > withinMs
  const decidedMs = cheap.latencyMs + Math.min(cheap.validationMs, withinMs)
  const both = { ...noSum, attempts: 2, costNanoUsd: (costOf(cheap) + costOf(strong)) as NanoUsd }
  if (cheap.outcome === 'accepted' && !isLate) {
    return { ...both, served: 0, answered: 0, latencyMs: decidedMs }
  }
  const rejected = cheap.outcome === 'rejected' ? 1 : 0
  const strongMs = Math.max(decidedMs, strong.latencyMs + strong.validationMs)
  if (strong.outcome === 'accepted') {
    return { ...both, served: 1, answered: 1, escalations: rejected, latencyMs: strongMs }
  }
  if (cheap.outcome === 'accepted') {
    const latencyMs = Math.max(strongMs, cheap.latencyMs + cheap.validationMs)
    return { ...both, served: 0, answered: 0, latencyMs }
  }
  const answered = hasAnswer(strong) ? 1 : hasAnswer(cheap) ? 0 : null
  const onward = strong.outcome === 'rejected' && above.length > 0 ? 1 : 0
  const base = { ...both, answered, escalations: rejected + onward, latencyMs: strongMs }
  return climb(above, base, 2)
}

const noSum: Omit<LadderSum, 'latencyMs'> = {
  served: null,
  answered: null,
  attempts: 0,
  escalations: 0,
  costNanoUsd: 0 as NanoUsd,
}

const nothingYet: LadderSum = { ...noSum, latencyMs: 0 }

/** One after the other, on top of what was spent before; `first` is the place of the first of them. */
function climb(attempts: readonly Attempt[], base: LadderSum, first: number): LadderSum {
  const count = attempts.length
  let { served, answered, escalations, costNanoUsd: cost, latencyMs } = base
  let tried = 0
  while (tried < count && served === null) {
    const attempt = attempts[tried] as Attempt
    const place = first + tried
    tried++
    if (attempt.outcome === 'accepted') served = place
    if (hasAnswer(attempt)) answered = place
    if (attempt.outcome === 'rejected' && tried < count) escalations++
    cost = (cost + costOf(attempt)) as NanoUsd
    latencyMs += attempt.latencyMs + attempt.validationMs
  }
  const made = base.attempts + tried
  return { served, answered, attempts: made, escalations, costNanoUsd: cost, latencyMs }
}

const costOf = (attempt: Attempt): number => attempt.costNanoUsd + attempt.validationCostNanoUsd

/** Good or not: whether there is an answer at all. */
export const hasAnswer = ({ outcome }: Pick<Attempt, 'outcome'>): boolean =>
  outcome === 'accepted' || outcome === 'rejected'
