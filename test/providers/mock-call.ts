import type { Call } from '../../src/domain/call.ts'
import { plainCall } from '../support/calls.ts'

/** A call of the model "weak" that asks one question, with whatever a test sets. */
export const callOf = (question: string, own: Partial<Call> = {}): Call =>
  plainCall({
    model: 'weak',
    turns: [{ role: 'user', blocks: [{ kind: 'text', text: question }] }],
    ...own,
  })
