import { UserError } from '../domain/user-error.ts'
import { againstExpected, right, untold, wrong } from './computed.ts'
import { type Similarity, verdictOf } from './equivalence.ts'
import type { Scorer } from './scorer.ts'

/**
 * Right when the cosine of answer and expected value is at least `threshold`, else wrong: what lies between is no
 * partial credit, since a cosine is no share of an answer that is right. An estimate. Throws a UserError for a threshold
 * outside (0, 1].
 */
export function similarityScorer(name: string, threshold: string, similarity: Similarity): Scorer {
  const least = Number(threshold)
  if (threshold.trim() === '' || !(least > 0 && least <= 1)) {
    throw new UserError(`"${threshold}" is no cosine to be reached`, {
      hint: 'give one above 0 and up to 1, such as similarity:0.9',
    })
  }
  const compare = (answer: string, expected: string) => {
    if (answer === expected) return right
    const alike = similarity(answer, expected)
    if (alike === null || Number.isNaN(alike)) return untold('a text has no vector')
    return alike >= least ? right : wrong(`similarity ${alike.toFixed(3)}`)
  }
  return againstExpected(name, compare, true)
}

/** What the ladder of `verdictOf` says: right, wrong, or that it could not tell. An estimate. */
export const equivalentScorer = (name: string, similarity: Similarity): Scorer =>
  againstExpected(
    name,
    (answer, expected) => {
      const given = { text: answer, label: null }
      const { verdict, rung, guard } = verdictOf(
        given,
        { text: expected, label: null },
        { similarity },
      )
      if (verdict === 'right') return right
      if (verdict === 'unsettled')
        return untold('neither clearly the same nor clearly another answer')
      return wrong(rung === 'guard' ? `another answer: ${guard}` : 'another answer')
    },
    true,
  )
