import { createHmac } from 'node:crypto'
import type { ScoredPair } from './scorer.ts'

/** A pair of answers as a person is shown it, who must not know which of them is the candidate. */
export type BlindPair = {
  readonly id: string
  /** Names the pair with both its answers; begins with a letter, so that no spreadsheet takes it for a number. */
  readonly mark: string
  readonly question: string
  readonly first: string
  readonly second: string
  readonly isCandidateFirst: boolean
}

/** What a person prefers; "unsettled": cannot tell. */
export type PairWord = 'first' | 'second' | 'tie' | 'unsettled'

export type PairLabel = {
  readonly id: string
  /** 1: the candidate is better; −1: the baseline; 0: a tie; null: the person could not tell. */
  readonly difference: -1 | 0 | 1 | null
}

/**
 * Pairs in an order, and each with its answers in places, that only who knows the key can foresee: neither mark nor
 * place nor order says which answer is the candidate's. Equal pairs and key give equal results, whatever the order they
 * come in.
 */
export const blindPairs = (pairs: readonly ScoredPair[], key: string): readonly BlindPair[] =>
  pairs
    .map((pair) => blindPair(pair, key))
    .sort((a, b) => (a.mark < b.mark ? -1 : a.mark > b.mark ? 1 : 0))

function blindPair({ id, question, baseline, candidate }: ScoredPair, key: string): BlindPair {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify([id, question, baseline, candidate]))
    .digest()
  const isCandidateFirst = ((digest.at(-1) ?? 0) & 1) === 0
  const [first, second] = isCandidateFirst ? [candidate, baseline] : [baseline, candidate]
  const mark = `p${digest.toString('hex', 0, markBytes)}`
  return { id, mark, question, first, second, isCandidateFirst }
}

/** Enough to tell the pairs of one run apart; the bit that says who is first is not among them. */
const markBytes = 8

/** What a person's word on a blind pair says of the candidate. */
export function labelOf({ id, isCandidateFirst }: BlindPair, word: PairWord): PairLabel {
  switch (word) {
    case 'unsettled':
      return { id, difference: null }
    case 'tie':
      return { id, difference: 0 }
    case 'first':
      return { id, difference: isCandidateFirst ? 1 : -1 }
    case 'second':
      return { id, difference: isCandidateFirst ? -1 : 1 }
  }
}

/** The word on a blind pair that says so of the candidate: the way back from `labelOf`. */
export function wordOf(
  { isCandidateFirst }: Pick<BlindPair, 'isCandidateFirst'>,
  difference: PairLabel['difference'],
): PairWord {
  if (difference === null) return 'unsettled'
  if (difference === 0) return 'tie'
  return (difference === 1) === isCandidateFirst ? 'first' : 'second'
}
