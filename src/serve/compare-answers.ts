import type { Answer } from '../domain/request.ts'
import { verdictOf } from '../score/equivalence.ts'
import type { Judgement } from '../score/verdict.ts'
import type { GatewayState } from './gateway-state.ts'

/**
 * Whether one answer says the same as the other, as far as computing can tell. Null where there is nothing to compare:
 * no answer, or one that calls tools, which no cache would hold.
 */
export function compareAnswers(
  { similarity }: Pick<GatewayState, 'similarity'>,
  given: Answer | null,
  fresh: Answer | null,
): Judgement | null {
  if (given === null || fresh === null || callsTools(given) || callsTools(fresh)) return null
  return verdictOf(asGiven(given), asGiven(fresh), { similarity })
}

const callsTools = ({ toolCalls }: Answer): boolean => (toolCalls ?? []).length > 0

const asGiven = ({ text }: Answer) => ({ text: text ?? null, label: null })
