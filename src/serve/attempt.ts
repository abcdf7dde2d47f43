import type { Dialect } from '../dialects/dialect.ts'
import type { Fault } from '../domain/fault.ts'
import type { CallLimits } from '../domain/provider.ts'
import type { Part, Reply } from '../domain/reply.ts'
import type { Forwarder, Forwarding, ForwardRequest } from '../providers/forward.ts'
import type { LiveAnswer } from './live-answer.ts'
import type { Frame } from './sse-frames.ts'
import type { Tapped } from './usage-tap.ts'

/** An answer with a status that is no success, in its provider's own words. */
export type Refusal = {
  readonly status: number
  readonly headers: readonly string[]
  readonly bytes: Buffer
}

/** What one call came to. */
export type AttemptResult = {
  /** Null where none came, or none that is whole. */
  readonly answer: LiveAnswer | null
  /** What had come of an answer that broke off. */
  readonly partial: Reply | null
  readonly fault: Fault | null
  readonly refusal: Refusal | null
  /** Of a stream that nobody reads; null: it was none. */
  readonly tapped: Tapped | null
  /** Whether anything went out: where not, the provider cannot have billed it. */
  readonly wasSent: boolean
  /** Whether the caller has seen any of it. */
  readonly isServed: boolean
  /** Of the answer, whatever it was: names and values in turn. */
  readonly headers: readonly string[]
  readonly firstTokenMs: number | null
  readonly latencyMs: number
}

/** How one call is made. */
export type AttemptOptions = {
  readonly forwarder: Forwarder
  readonly request: ForwardRequest
  /** What the provider speaks; null: bytes that nobody reads. */
  readonly dialect: Dialect | null
  /** Whether a stream was asked for. */
  readonly streamed: boolean
  readonly limits: CallLimits
  readonly now: () => number
  /** Takes keys out of what is said of a failure. */
  readonly scrub: (text: string) => string
  /** Where the answer goes as it comes; null: it is kept until it is whole. */
  readonly live: LiveSend | null
  /** Told when the first content is there. */
  readonly onContent: () => void
  /** Told of the call, so that it can be ended. */
  readonly onStart: (forwarding: Forwarding) => void
}

/** An answer that is handed on while it comes. */
export type LiveSend = {
  /** Sends status and headers, once the first content is there. `headers` are the provider's. */
  readonly begin: (status: number, headers: readonly string[]) => void
  /** What the caller gets of a frame and the parts that are read in it; null: nothing. */
  readonly frame: (frame: Frame, parts: readonly Part[]) => Buffer | string | null
  /** False: the caller reads more slowly than this comes; the call is resumed when they are ready. */
  readonly write: (bytes: Buffer | string) => boolean
  /** What the caller is told where an answer breaks off that has begun. */
  readonly broken: (fault: Fault) => string
}
