import { parsedOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { againstExpected, right, untold, wrong } from './computed.ts'
import { normalised } from './same-answer.ts'
import type { Score, Scorer } from './scorer.ts'

/** Right when answer and expected value are the same text, character by character. */
export const exactScorer = (name: string): Scorer =>
  againstExpected(name, (answer, expected) =>
    answer === expected ? right : wrong('not the expected text'),
  )

/** Right when both are the same but for case, spacing, Unicode form and closing marks. */
export const normalisedScorer = (name: string): Scorer =>
  againstExpected(name, (answer, expected) =>
    normalised(answer) === normalised(expected) ? right : wrong('not the expected text'),
  )

/**
 * Right when the answer holds the expected text, or any of several that are given as a JSON list.
 * Composed and decomposed letters are the same. An empty expected text is in every answer and so tells nothing.
 */
export const containsScorer = (name: string, options: { readonly anyCase: boolean }): Scorer => {
  const plain = (text: string) =>
    options.anyCase ? text.normalize('NFC').toLowerCase() : text.normalize('NFC')
  return againstExpected(name, (answer, expected) => {
    const wanted = listed(expected).map(plain)
    if (wanted.length === 0 || wanted.includes('')) return untold('the expected text is empty')
    const text = plain(answer)
    return wanted.some((each) => text.includes(each)) ? right : wrong('the expected text is absent')
  })
}

function listed(expected: string): readonly string[] {
  const list = parsedOf(expected)
  return Array.isArray(list)
    ? list.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    : [expected]
}

/**
 * Right when a regular expression (ECMAScript, Unicode) matches somewhere in the answer. The expected value is the
 * pattern where none is given; one that is no pattern leaves its row untold. Throws a UserError for a `source` that is
 * none.
 */
export function regexScorer(
  name: string,
  source: string,
  options: { readonly anyCase: boolean },
): Scorer {
  const flags = options.anyCase ? 'iu' : 'u'
  if (source === '') {
    return againstExpected(name, (answer, expected) => {
      const pattern = patternOf(expected, flags)
      if (typeof pattern === 'string') return untold(`the expected value is no pattern: ${pattern}`)
      return matched(pattern, answer)
    })
  }
  const pattern = patternOf(source, flags)
  if (typeof pattern === 'string') {
    throw new UserError(`${name} is no regular expression: ${pattern}`, {
      hint: 'patterns are ECMAScript regular expressions with the flag u',
    })
  }
  return {
    name,
    needsExpected: false,
    isEstimate: false,
    score: ({ answer }) => matched(pattern, answer),
  }
}

const matched = (pattern: RegExp, answer: string): Score =>
  pattern.test(answer) ? right : wrong('the pattern does not match')

/** What is wrong with it where it is none. */
function patternOf(source: string, flags: string): RegExp | string {
  try {
    return new RegExp(source, flags)
  } catch (error) {
    return (error as SyntaxError).message
  }
}
