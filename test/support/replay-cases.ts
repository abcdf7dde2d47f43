import type { Call } from '../../src/domain/call.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { ArmAnswer, ReplayCase } from '../../src/replay/case.ts'
import type { Compared, Measured } from '../../src/replay/measured.ts'
import { plainCall } from './calls.ts'

export const callOf = (text: string, model = 'strong'): Call =>
  plainCall({ model, turns: [{ role: 'user', blocks: [{ kind: 'text', text }] }] })

export const caseOf = (index: number, fields: Partial<ReplayCase> = {}): ReplayCase => ({
  id: `#${index}`,
  seq: index,
  call: callOf(`question ${index}`),
  candidateCall: callOf(`question ${index}`),
  question: `question ${index}`,
  change: 'routed',
  stratum: { route: 'all', feature: '', length: 'short', model: 'strong' },
  cluster: `${index}`,
  expected: null,
  scorer: null,
  logged: null,
  keys: { promptKey: null, questionKey: null },
  ...fields,
})

export const armOf = (text: string | null, fields: Partial<ArmAnswer> = {}): ArmAnswer => ({
  source: 'asked',
  text,
  toolCalls: [],
  finishReason: 'stop',
  target: 'strong',
  fault: null,
  costNanoUsd: 1_000 as NanoUsd,
  latencyMs: 100,
  firstTokenMs: null,
  usage: null,
  rungs: [],
  ...fields,
})

/** A case with a known difference. */
export function measuredOf(
  each: ReplayCase,
  difference: number | null,
  fields: Partial<Compared> = {},
): Measured {
  return {
    case: each,
    arms: { baseline: armOf('a'), again: null, candidate: armOf('b') },
    difference,
    why: difference === null ? 'unscored' : null,
    scores: { baseline: null, again: null, candidate: null },
    reason: null,
    judged: null,
    rungScores: [],
    ...fields,
  }
}
