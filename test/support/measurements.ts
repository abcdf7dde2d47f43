import type { Measurement } from '../../src/domain/measurement.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { plainCall } from './calls.ts'

/** A measurement of a question, for tests to change. */
export const measurementOf = (fields: Partial<Measurement> = {}): Measurement => ({
  run: 'r-1',
  caseId: '#1',
  target: 'openai:gpt-4o-mini',
  seq: null,
  promptKey: null,
  questionKey: null,
  scorer: 'exact',
  score: 1,
  output: 'An answer',
  question: 'Hi',
  call: plainCall(),
  costNanoUsd: 1_000 as NanoUsd,
  inputTokens: 10,
  outputTokens: 5,
  latencyMs: 200,
  ...fields,
})
