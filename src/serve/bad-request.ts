import type { Fault } from '../domain/fault.ts'

/** What a request cannot mean. */
export const badRequest = (message: string): Fault => ({
  kind: 'bad-request',
  message,
  status: 400,
  retryAfterMs: null,
})
