import type { FaultKind } from '../domain/fault.ts'

/** A request that nobody decided: its key, its form or a rate limit kept it out. It has no receipt. */
export type TurnedAway = {
  readonly reason: FaultKind
  readonly statusCode: number
  /** As it was asked for, with its query. */
  readonly endpoint: string
  /** As the caller was told, without a word of the request. */
  readonly message: string
}
