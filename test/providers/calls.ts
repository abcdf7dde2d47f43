import type { Call } from '../../src/domain/call.ts'
import { plainCall as callThat } from '../support/calls.ts'

/** The least that can be asked. */
export const plainCall: Call = callThat({
  model: 'small',
  turns: [{ role: 'user', blocks: [{ kind: 'text', text: 'What is the capital of France?' }] }],
  maxOutputTokens: 100,
})
