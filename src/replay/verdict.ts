import { pairsNeeded } from '../stats/paired-difference.ts'
import { type MarginEvidence, pairsToDecide } from '../stats/sequential-pairs.ts'
import { qualityDelta, type ScoredDifference } from './quality-delta.ts'

export type VerdictWord = 'non-inferior' | 'inferior' | 'undecided'

export type Verdict = {
  readonly word: VerdictWord
  /** What it rests on, in words. */
  readonly because: string
  /** Pairs that would decide it, all told; null where none would, or it is decided. */
  readonly pairsNeeded: number | null
}

export type VerdictInputs = {
  readonly pairs: readonly ScoredDifference[]
  readonly margin: number
  /** Null: nothing was decided on the way, the sample was to be answered whole. */
  readonly sequential: MarginEvidence | null
  /** Pairs without a difference, no answer came or it could not be scored, as if the candidate had lost them. */
  readonly unsettled: readonly ScoredDifference[]
  readonly seed: string
}

/** One-sided error; the two-sided interval is then of 90 %. */
export const verdictDelta = 0.05

/**
 * Non-inferior when the candidate is shown to lose less than the margin, inferior when it is shown to lose more. A run
 * that may stop early is judged by its evidence alone, one of a fixed size by the 90 % interval.
 */
export function verdictOf(inputs: VerdictInputs): Verdict {
  const { sequential, unsettled, pairs } = inputs
  if (pairs.length === 0) {
    return { word: 'undecided', because: 'no pair of answers could be compared', pairsNeeded: null }
  }
  // A sequence has counted what could not be compared as lost.
  if (sequential !== null) return bySequence(sequential)
  const found = byInterval(inputs)
  if (found.word !== 'non-inferior' || unsettled.length === 0) return found
  return holdsAtWorst(inputs)
    ? found
    : {
        ...undecidedBy({ ...inputs, pairs: [...pairs, ...unsettled] }),
        because: unsettledWords(inputs),
      }
}

function byInterval(inputs: VerdictInputs): Verdict {
  const { pairs, margin, seed } = inputs
  const { interval } = qualityDelta(pairs, seed, 1 - 2 * verdictDelta)
  if (interval === null) return undecidedBy(inputs)
  const { low, high } = interval
  // The report shows that of 95 %, which is wider: without its ends the verdict could not be checked.
  const words = `the 90 % interval, ${pointsOf(low)} to ${pointsOf(high)} points,`
  if (low > -margin) {
    return { word: 'non-inferior', because: `${words} is above the margin`, pairsNeeded: null }
  }
  if (high < -margin) {
    return { word: 'inferior', because: `${words} is below the margin`, pairsNeeded: null }
  }
  return undecidedBy(inputs)
}

const pointsOf = (share: number): string => (100 * share).toFixed(1).replace('-', '−')

function bySequence(evidence: MarginEvidence): Verdict {
  const { decided } = evidence
  if (decided === null) return undecided(pairsToDecide(evidence, verdictDelta))
  const { verdict, atPair } = decided
  return { word: verdict, because: `proved by pair ${atPair} of the sequence`, pairsNeeded: null }
}

function undecidedBy({ pairs, margin, seed }: VerdictInputs): Verdict {
  const { estimate, designEffect } = qualityDelta(pairs, seed)
  const weight = pairs.reduce((sum, each) => sum + each.weight, 0)
  const squares = pairs.reduce((sum, each) => sum + each.weight * each.difference ** 2, 0)
  const mean = estimate ?? 0
  const discordantShare = Math.min(1, Math.max(squares / weight, Math.abs(mean), 1 / pairs.length))
  return undecided(pairsNeeded({ margin, discordantShare, expectedDifference: mean, designEffect }))
}

const undecided = (needed: number | null): Verdict => ({
  word: 'undecided',
  because:
    needed === null
      ? 'the observed loss is the margin or more, and not yet proved to be'
      : `too few pairs: about ${needed} at what was observed would decide`,
  pairsNeeded: needed,
})

/** Whether it stays non-inferior if every pair that could not be compared is one that the candidate lost. */
function holdsAtWorst({ pairs, margin, unsettled, seed }: VerdictInputs): boolean {
  const { interval } = qualityDelta([...pairs, ...unsettled], seed, 1 - 2 * verdictDelta)
  return interval !== null && interval.low > -margin
}

const unsettledWords = ({ unsettled }: VerdictInputs): string =>
  `${unsettled.length} pairs could not be compared: if the candidate lost them all, it would not be non-inferior`
