import { answerTextOf } from './compare.ts'
import type { Measured } from './measured.ts'
import type { WorstPair } from './result.ts'

/** Pairs to be read, at most. */
const worstShown = 10
/** Characters of a text in a pair that is shown. */
const longestShown = 2_000

/** Collects the pairs that lost most, of equal ones those that came first. */
export function openWorstPairs(): {
  add(measured: Measured): void
  readonly pairs: readonly WorstPair[]
} {
  const pairs: WorstPair[] = []
  return {
    pairs,
    add(measured) {
      const { difference } = measured
      if (difference === null || difference >= 0) return
      const place = pairs.findIndex((each) => each.difference > difference)
      if (place === -1 && pairs.length === worstShown) return
      pairs.splice(place === -1 ? pairs.length : place, 0, pairOf(measured, difference))
      pairs.splice(worstShown)
    },
  }
}

/** The pairs that lost most, then in the order of the sample. */
export function worstPairs(measured: readonly Measured[]): readonly WorstPair[] {
  const worst = openWorstPairs()
  for (const each of measured) worst.add(each)
  return worst.pairs
}

const pairOf = ({ case: each, arms, reason }: Measured, difference: number): WorstPair => ({
  id: each.id,
  question: shown(each.question),
  baseline: shown(each.expected ?? answerTextOf(arms.baseline) ?? ''),
  candidate: shown(answerTextOf(arms.candidate) ?? ''),
  target: arms.candidate.target,
  difference,
  reason,
})

const shown = (text: string): string =>
  text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`
