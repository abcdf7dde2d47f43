import type { Fault } from '../domain/fault.ts'

const silent = { status: null, retryAfterMs: null }

/** An event is not what its dialect says. */
export const brokenEvent: Fault = {
  kind: 'malformed',
  message: 'an event of the stream is no JSON object',
  ...silent,
}

/** The stream ended before its last event. */
export const cutOff: Fault = {
  kind: 'cut-off',
  message: 'the stream ended before its last event',
  ...silent,
}
