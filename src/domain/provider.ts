import type { Call } from './call.ts'
import type { Fault } from './fault.ts'
import type { Part, Reply } from './reply.ts'

/** Limits of time of one attempt, milliseconds; null: none. */
export type CallLimits = {
  /** Of a stream, to its first content. */
  readonly firstTokenMs: number | null
  /** Between two chunks. */
  readonly idleMs: number | null
  readonly totalMs: number | null
}

export const noCallLimits: CallLimits = { firstTokenMs: null, idleMs: null, totalMs: null }

export type AskOptions = {
  readonly signal?: AbortSignal | undefined
  readonly limits: CallLimits
  /** Told of each part of a streamed answer as it comes. */
  readonly onPart?: ((part: Part) => void) | undefined
  /** Whose turn it is, for providers that answer by chance: equal calls of different turns may be answered differently. */
  readonly turn?: number
}

/** What one attempt came to. Whatever goes wrong upstream is a value; only a bug throws. */
export type ProviderAnswer =
  | {
      readonly kind: 'answered'
      readonly reply: Reply
      readonly latencyMs: number
      /** Of streams: until the first content. */
      readonly firstTokenMs: number | null
    }
  | {
      readonly kind: 'failed'
      readonly fault: Fault
      /** What had come of it, with the usage known by then; null: nothing. */
      readonly partial: Reply | null
      readonly latencyMs: number
      readonly firstTokenMs: number | null
    }

/** Models one can ask: live, recorded or mock. One attempt; retries are the engine's. */
export type Provider = {
  readonly name: string
  ask(call: Call, options: AskOptions): Promise<ProviderAnswer>
}
