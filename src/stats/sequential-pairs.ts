/**
 * A bet that pairs of scores keep to a margin: `margin` is the largest loss accepted, `stake` the share of the capital
 * put on each pair, fixed before the first is seen.
 */
export type MarginBet = {
  readonly margin: number
  readonly stake: number
  /** Decided once the evidence is 1/delta. */
  readonly delta: number
}

/** No pair may take more than half of what was won. */
const largestStake = 0.5

/** The stake for pairs of which a share is expected to disagree: min(½, m/(D + m²)). */
export function marginBet(plan: {
  readonly margin: number
  readonly discordantShare: number
  readonly delta: number
}): MarginBet {
  const { margin, discordantShare, delta } = plan
  if (!(margin > 0 && margin < 1)) throw new RangeError(`margin must be inside (0, 1): ${margin}`)
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta must be inside (0, 1): ${delta}`)
  const stake = Math.min(largestStake, margin / (discordantShare + margin ** 2))
  return { margin, stake, delta }
}

/** Evidence after some pairs, in logarithms; it may be looked at after each of them. */
export type MarginEvidence = {
  readonly pairs: number
  /** Against "it loses the margin or more". */
  readonly logNonInferior: number
  /** Against "it loses less than the margin". */
  readonly logInferior: number
  /** What was proved first, and with which pair; it stays proved. */
  readonly decided: {
    readonly verdict: 'non-inferior' | 'inferior'
    readonly atPair: number
  } | null
}

export const noMarginEvidence: MarginEvidence = {
  pairs: 0,
  logNonInferior: 0,
  logInferior: 0,
  decided: null,
}

/** A pair of a unit. */
export type WeighedPair = {
  /** Candidate − baseline in [−1, 1]; null: nobody could tell. */
  readonly difference: number | null
  /** By the weight of the heaviest unit, so that those of a unit add up to 1 at most. */
  readonly weight: number
}

/**
 * Evidence after one more unit, in random order: pairs that may say the same thing, most often one alone. It is
 * multiplied by 1 ± stake·Σ weight·(difference + margin): while the mean difference is at the margin its expectation
 * stays 1, so that it ever reaches 1/δ with probability δ at most (Ville 1939; Waudby-Smith, Ramdas 2024). A pair of
 * which nobody could tell counts as lost where "non-inferior" is to be proved, and not at all for "inferior".
 */
export function advanceMargin(
  before: MarginEvidence,
  unit: readonly WeighedPair[],
  bet: MarginBet,
): MarginEvidence {
  const putOn = (pair: WeighedPair, difference: number): number => {
    if (!(difference >= -1 && difference <= 1)) throw new RangeError(`no difference: ${difference}`)
    return bet.stake * pair.weight * (difference + bet.margin)
  }
  let forNonInferior = 0
  let forInferior = 0
  for (const pair of unit) {
    forNonInferior += putOn(pair, pair.difference ?? -1)
    if (pair.difference !== null) forInferior -= putOn(pair, pair.difference)
  }
  const pairs = before.pairs + unit.length
  const logNonInferior = before.logNonInferior + Math.log1p(forNonInferior)
  const logInferior = before.logInferior + Math.log1p(forInferior)
  const limit = -Math.log(bet.delta)
  const verdict =
    logNonInferior >= limit ? 'non-inferior' : logInferior >= limit ? 'inferior' : null
  const decided = before.decided ?? (verdict === null ? null : { verdict, atPair: pairs })
  return { pairs, logNonInferior, logInferior, decided }
}

/**
 * Pairs after which one of the two would be proved if the evidence went on to grow as it has; null where neither grows.
 */
export function pairsToDecide(
  { pairs, logNonInferior, logInferior }: MarginEvidence,
  delta: number,
): number | null {
  const growth = Math.max(logNonInferior, logInferior)
  return growth > 0 ? Math.ceil((-Math.log(delta) * pairs) / growth) : null
}
