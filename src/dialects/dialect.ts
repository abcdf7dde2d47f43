import type { Call, DialectName, Loss } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Part, Reply } from '../domain/reply.ts'
import type { Usage } from '../domain/usage.ts'

/** A wire format in both directions: requests, answers, streams and errors. Pure; time and ids are given. */
export type Dialect = {
  readonly name: DialectName
  /** Under the base URL, which ends in "/v1". */
  readonly path: string
  readCall(body: JsonObject): Call
  /** What this dialect cannot say is in `losses`; with a refused one the body must not be sent. */
  writeCall(call: Call): WrittenCall
  readReply(body: JsonObject): Reply
  writeReply(reply: Reply, stamp: Stamp): JsonObject
  /** Reads one stream. */
  openPartReader(): PartReader
  /** Writes one stream. */
  openPartWriter(stamp: Stamp): PartWriter
  /** An answer with a status of 400 or more, or an error event's data. `headers` have names in small letters. */
  readFault(status: number, headers: Readonly<Record<string, string>>, body: string): Fault
  /** The same in this dialect's shape. */
  writeFault(fault: Fault): { readonly status: number; readonly body: JsonObject }
}

export type WrittenCall = { readonly body: JsonObject; readonly losses: readonly Loss[] }

/** What an answer is given where it has none of its own. */
export type Stamp = {
  readonly id: string
  readonly model: string
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Whether an OpenAI chat stream ends with a chunk of usage, as its caller asked (`stream_options.include_usage`). */
  readonly usageInStream?: boolean
  /** What is known of the usage before the answer: an Anthropic stream tells it with its first event. */
  readonly usageAtStart?: Usage
}

/** One event of a server-sent stream. */
export type StreamEvent = { readonly event: string | null; readonly data: string }

export type PartReader = {
  /** Unknown events are nothing; one that is broken gives an error part, after which no further part comes. */
  read(event: StreamEvent): readonly Part[]
  /** The stream has ended: an error part "cut-off", unless the last part has been given. */
  end(): readonly Part[]
}

export type PartWriter = {
  /** The events for a part, ready to be sent: complete, each ended by an empty line; "" where it needs none. */
  write(part: Part): string
}
