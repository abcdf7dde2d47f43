import type { Call } from '../domain/call.ts'

/** A call of one instruction and one text: what validators, classifiers and judges ask. */
export const plainCall = (
  target: string,
  system: string,
  user: string,
  maxOutputTokens: number | null,
): Call => ({
  model: target,
  system: system === '' ? [] : [{ kind: 'text', text: system }],
  turns: [{ role: 'user', blocks: [{ kind: 'text', text: user }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: { kind: 'text' },
  maxOutputTokens,
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
})
