import type { Call } from '../domain/call.ts'
import type { AttemptAnswer } from '../domain/request.ts'
import { type Escalation, type Escalations, promptKey } from './escalations.ts'

/** A request that a gateway asked several models. */
export type LiveRequest = {
  /** Null where its prompt is not kept. */
  readonly call: Call | null
  readonly attempts: readonly AttemptAnswer[]
}

/** Requests whose first answers a gateway's validators rejected, and whose last one they accepted. */
export function liveEscalations(requests: Iterable<LiveRequest>): Escalations {
  const examples = new Map<string, Escalation>()
  let withoutText = 0
  for (const { call, attempts } of requests) {
    const accepted = attempts.findLast(({ outcome }) => outcome === 'accepted')
    const rejected = attempts.filter(({ outcome }) => outcome === 'rejected')
    if (accepted === undefined || rejected.length === 0) continue
    const answer = accepted.answer?.text
    if (call === null || answer === undefined) withoutText++
    else if (!examples.has(promptKey(call))) {
      const cheap = rejected.map(({ target }) => target)
      examples.set(promptKey(call), { call, answer, strong: accepted.target, cheap })
    }
  }
  return { examples: [...examples.values()], withoutText }
}
