import type { EntryHits } from './clustered-hits.ts'

/**
 * A bet on one rate against another. `alternative` far below `alpha` gathers evidence that wrong
 * hits are below alpha; above it, as an alarm, that they are above.
 */
export type Bet = {
  readonly alpha: number
  readonly alternative: number
  /** Rejected once the evidence is 1/delta. */
  readonly delta: number
}

/** Evidence after some labels, in logarithms. It may be looked at after every label. */
export type Evidence = {
  readonly labels: number
  readonly logE: number
  /** The label at which the evidence first reached 1/delta; what was proved then stays proved. */
  readonly rejectedAt: number | null
}

export const noEvidence: Evidence = { labels: 0, logE: 0, rejectedAt: null }

/**
 * Evidence after one more label, drawn at random from the hits: a wrong one multiplies it by
 * alternative/α, a right one by (1 − alternative)/(1 − α). While the rate is α its expectation stays
 * 1, so it ever reaches 1/δ with probability δ at most (Ville 1939; Waudby-Smith, Ramdas 2024).
 */
export function advanceEProcess(before: Evidence, wrong: boolean, bet: Bet): Evidence {
  const factors = factorsOf(bet)
  const logE = before.logE + Math.log(wrong ? factors.wrong : factors.right)
  const labels = before.labels + 1
  const rejected = logE >= -Math.log(bet.delta)
  return { labels, logE, rejectedAt: before.rejectedAt ?? (rejected ? labels : null) }
}

/**
 * Evidence of hits in the order of time, which come in flocks of one entry: over entries, the
 * product of the mean factor of the entry's hits. It tests the rate per *entry*, each counting once.
 */
export function entryLogE(entries: Iterable<EntryHits>, bet: Bet): number {
  const factors = factorsOf(bet)
  let logE = 0
  for (const { hits, wrong } of entries) {
    if (hits === 0) continue
    logE += Math.log((wrong * factors.wrong + (hits - wrong) * factors.right) / hits)
  }
  return logE
}

/** Labels without one wrong hit that prove the limit; null for a bet on a rate above alpha. */
export function cleanLabelsNeeded(bet: Bet): number | null {
  const { right } = factorsOf(bet)
  return right <= 1 ? null : Math.ceil(-Math.log(bet.delta) / Math.log(right))
}

function factorsOf({ alpha, alternative, delta }: Bet): { wrong: number; right: number } {
  const inside = [alpha, alternative, delta].every((value) => value > 0 && value < 1)
  if (!inside) {
    throw new RangeError(`a bet has rates inside (0, 1): ${alpha}, ${alternative}, ${delta}`)
  }
  return { wrong: alternative / alpha, right: (1 - alternative) / (1 - alpha) }
}
