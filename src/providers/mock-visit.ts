import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RateWindow } from './mock-limit.ts'
import type { MockModel } from './mock-model.ts'
import type { MockSettings } from './mock-settings.ts'
import type { TallyBook } from './mock-tally.ts'

/** What a running server knows. */
export type MockState = {
  readonly settings: MockSettings
  readonly model: MockModel
  readonly tally: TallyBook
  readonly rateWindow: RateWindow | null
  readonly isWaiting: boolean
  readonly maxBodyBytes: number
  readonly now: () => number
  /** How often each question was asked of each model: whose turn it is. */
  readonly turns: Map<string, number>
  /** Names that were asked for. */
  readonly models: Set<string>
  readonly counter: { value: number }
}

/** One HTTP request with its place in the server. */
export type Visit = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly state: MockState
  readonly requestId: string
  /** Aborted when the caller has left, or the server closes. */
  readonly left: AbortSignal
}

/** What a log line says of a visit; nulls: it asked no model. */
export type Visited = { readonly model: string | null; readonly outcome: string | null }
