import type { ServerResponse } from 'node:http'
import type { Dialect, Stamp } from '../dialects/dialect.ts'
import type { Call } from '../domain/call.ts'
import type { Usage } from '../domain/usage.ts'
import type { MockAnswer } from './mock-model.ts'
import type { Pacer } from './mock-pace.ts'

/** One call on its way to be answered. */
export type Exchange = {
  readonly response: ServerResponse
  readonly dialect: Dialect
  readonly call: Call
  readonly answer: MockAnswer
  readonly stamp: Stamp
  readonly pacer: Pacer
  /** Aborted when the caller has left, or the server closes. */
  readonly left: AbortSignal
}

/** How it went: "answered" or a fault's name, and what of it is billed (null: nothing). */
export type Said = { readonly outcome: string; readonly usage: Usage | null }

/** The same, "disconnected" where the caller left an answer that nothing was wrong with. */
export type Sent = Said & { readonly hasLeft: boolean }
