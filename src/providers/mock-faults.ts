import type { Fault, FaultKind } from '../domain/fault.ts'
import { inTable } from '../domain/json.ts'

/**
 * When a fault shows: `instead` of an answer; `within` it, half of it having been given; `pace`: the answer is whole,
 * or would be, but its time is not.
 */
export type FaultStage = 'instead' | 'within' | 'pace'

export type MockFault = {
  readonly kind: FaultKind
  /** The HTTP status; null: there is none, or it is 200. */
  readonly status: number | null
  readonly stage: FaultStage
  readonly message: string
  readonly hasRetryAfter?: true
}

const instead = (kind: FaultKind, status: number | null, message: string): MockFault => ({
  kind,
  status,
  stage: 'instead',
  message,
})
const within = (kind: FaultKind, message: string): MockFault => ({
  kind,
  status: null,
  stage: 'within',
  message,
})
const pace = (message: string): MockFault => ({
  kind: 'timeout',
  status: null,
  stage: 'pace',
  message,
})

/** Everything that can go wrong with the mock, by the name that settings and headers use. */
export const mockFaults = {
  '400': instead('bad-request', 400, 'The request is not valid.'),
  '401': instead('authentication', 401, 'The API key is not valid.'),
  '403': instead('permission', 403, 'The key may not use this model.'),
  '404': instead('not-found', 404, 'There is no such model.'),
  '413': instead('too-large', 413, 'The request is larger than allowed.'),
  '429': {
    ...instead('rate-limit', 429, 'Rate limit reached, try again later.'),
    hasRetryAfter: true,
  },
  /** Without Retry-After. */
  '429-bare': instead('rate-limit', 429, 'Rate limit reached, try again later.'),
  '500': instead('server', 500, 'The server had an error.'),
  '503': instead('server', 503, 'The service is not available.'),
  '529': instead('overloaded', 529, 'Overloaded'),
  quota: instead('quota', 429, 'You exceeded your current quota, check your plan and billing.'),
  'context-length': instead(
    'context-length',
    400,
    "prompt is too long: it exceeds this model's maximum context length.",
  ),
  'content-policy': instead('content-policy', 400, 'The content policy forbids an answer.'),
  /** The connection breaks before the first byte. */
  reset: instead('reset', null, 'the connection broke before the answer'),
  /** Another content type than asked for. */
  'wrong-type': instead('malformed', null, 'the answer is no JSON but a web page'),
  /** The connection breaks in the middle. */
  'reset-within': within('reset', 'the connection broke within the answer'),
  /** The answer ends in the middle, as if that were its end. */
  'cut-off': within('cut-off', 'the answer ended before its last event'),
  /** A broken event; without a stream, a body that is no JSON. */
  malformed: within('malformed', 'an event is no JSON'),
  /** A stream's own error event; without a stream, a 529. */
  'error-event': within('overloaded', 'Overloaded'),
  /** A body or an event that goes on for many megabytes. */
  huge: within('malformed', 'the answer is larger than any answer'),
  /** The first content comes late. */
  slow: pace('the first content was late'),
  /** Silence after half of the answer, for ever. */
  stall: pace('the answer stood still'),
  /** An answer that never ends. */
  endless: pace('the answer went on for ever'),
} as const satisfies Readonly<Record<string, MockFault>>

export type MockFaultName = keyof typeof mockFaults
export const mockFaultNames = Object.keys(mockFaults) as readonly MockFaultName[]

/** The fault of that name; undefined for any other word. */
export const mockFaultOf = (name: string): MockFault | undefined =>
  inTable<MockFault>(mockFaults, name)

/** As a provider that meets it reports it. `retryAfterMs` is told only by faults that say so on the wire. */
export function faultOf(name: MockFaultName, retryAfterMs: number): Fault {
  const { kind, message, status, hasRetryAfter }: MockFault = mockFaults[name]
  return { kind, message, status, retryAfterMs: hasRetryAfter === true ? retryAfterMs : null }
}
