import type { Call } from '../../src/domain/call.ts'

/** A call that asks one question, with whatever a test sets. */
export const callOf = (question: string, own: Partial<Call> = {}): Call => ({
  model: 'weak',
  system: [],
  turns: [{ role: 'user', blocks: [{ kind: 'text', text: question }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: { kind: 'text' },
  maxOutputTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  seed: null,
  stop: [],
  reasoning: null,
  user: null,
  serviceTier: null,
  streamed: false,
  more: {},
  origin: 'openai-chat',
  ...own,
})
