import fc from 'fast-check'
import { RequestFacts } from '../../src/engine/request-facts.ts'
import type { History } from '../../src/worlds/history.ts'
import type { SemanticInputs } from '../../src/worlds/history-cache.ts'
import { historyOf, lastUserQuestions, neighboursOf, type PlainMoment } from '../support/history.ts'

/** Below the least similarity that a policy under test asks for. */
const floor = 0.6

/** Few keys, few moments and few directions: everything happens at once, and twice. */
const step = fc.record({
  step: fc.integer({ min: 0, max: 3 }),
  latencyMs: fc.integer({ min: 0, max: 5 }),
  question: fc.integer({ min: 0, max: 7 }),
  turn: fc.integer({ min: 0, max: 1 }),
  bypass: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(3) },
  ),
  insertable: fc.oneof(
    { weight: 9, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  namespace: fc.constantFrom('a', 'b'),
  user: fc.constantFrom('', 'u', undefined),
  feature: fc.constantFrom('chat', 'strict', 'never'),
  label: fc.integer({ min: -1, max: 1 }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

export const crowdedSteps = fc.array(step, { minLength: 1, maxLength: 40 })
export const crowdedTurns = fc.array(fc.integer({ min: 0, max: 6 }), {
  minLength: 8,
  maxLength: 8,
})

/** A history of such steps, the questions' directions given as turns, with two pairs of them that a guard rejects. */
export function crowded(
  steps: readonly Step[],
  turns: readonly number[],
): { readonly history: History; readonly semantic: SemanticInputs } {
  const history = historyOf(momentsOf(steps))
  const questions = lastUserQuestions(history)
  const isGuarded = (a: number, b: number) => a !== b && a + b === 5
  const neighbours = neighboursOf(questions, vectorsOf(turns), floor, isGuarded)
  return { history, semantic: { questions, neighbours } }
}

/** Eight directions in a plane, some of them the same. */
const vectorsOf = (turns: readonly number[]) =>
  Array.from({ length: 8 }, (_, question) => {
    const angle = ((turns[question] ?? 0) * Math.PI) / 12
    return question === 7 ? null : [Math.cos(angle), Math.sin(angle)]
  })

/** Requests as rules see them. */
export const factsOf = (history: History) => (place: number) =>
  new RequestFacts(history.requestAt(place), {
    at: history.at[place],
    countTokens: () => 0,
    contextTokens: () => undefined,
    label: () => 'unasked',
  })

function momentsOf(steps: readonly Step[]): readonly PlainMoment[] {
  let at = 0
  return steps.map(({ step, turn, namespace, feature, user, ...moment }) => {
    at += step
    const exact = moment.question * 2 + turn
    return {
      ...moment,
      at,
      exact,
      messages: turn + 1,
      request: { namespace, feature, ...(user !== undefined && { user }) },
    }
  })
}
