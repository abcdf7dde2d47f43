import type { Json } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { compileSchema } from '../engine/json-schema.ts'
import { againstExpected, right, untold, wrong } from './computed.ts'
import { bareJson, sameValue } from './same-answer.ts'
import type { Scorer } from './scorer.ts'

/**
 * Right when answer and expected value are the same JSON, whatever the order of keys and the spelling of numbers, which
 * are equal as doubles. The answer may stand in a Markdown fence, but not between other words.
 */
export const jsonScorer = (name: string): Scorer =>
  againstExpected(name, (answer, expected) => {
    const wanted = valueIn(expected)
    if (wanted === undefined) return untold('the expected value is no JSON')
    const given = valueIn(answer)
    if (given === undefined) return wrong('the answer is no JSON')
    return sameValue(given, wanted) ? right : wrong('not the expected JSON')
  })

/**
 * Right when the answer is JSON that fits a JSON Schema; nothing is expected. Throws a UserError where `text` is no
 * schema; `path` names it in the message.
 */
export function schemaScorer(name: string, path: string, text: string): Scorer {
  const fits = compileSchema(schemaIn(path, text))
  return {
    name,
    needsExpected: false,
    isEstimate: false,
    score({ answer }) {
      const value = valueIn(answer)
      if (value === undefined) return wrong('the answer is no JSON')
      return fitsWithinStack(() => fits(value))
        ? right
        : wrong('the answer does not fit the schema')
    },
  }
}

function schemaIn(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${(error as SyntaxError).message}`, {
      hint: 'a JSON Schema is a JSON file',
    })
  }
}

/** What is nested too deep to be looked at does not fit. */
function fitsWithinStack(check: () => boolean): boolean {
  try {
    return check()
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function valueIn(text: string): Json | undefined {
  try {
    return JSON.parse(bareJson(text)) as Json
  } catch {
    return undefined
  }
}
