import type { Fault } from '../domain/fault.ts'

/** Why a request is turned away. */
export type TurningFault = Fault & {
  /** What logs say in the place of a message that has words of the request. */
  readonly logged?: string
}

/** What a request cannot mean. */
export const badRequest = (message: string, logged = message): TurningFault => ({
  kind: 'bad-request',
  message,
  status: 400,
  retryAfterMs: null,
  logged,
})
