import type { Call } from '../../src/domain/call.ts'

/** The least that can be asked. */
export const plainCall: Call = {
  model: 'small',
  system: [],
  turns: [{ role: 'user', blocks: [{ kind: 'text', text: 'What is the capital of France?' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: { kind: 'text' },
  maxOutputTokens: 100,
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
}
