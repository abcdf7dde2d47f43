import type { DialectName } from '../domain/call.ts'
import type { Json } from '../domain/json.ts'
import { type Reply, replyText } from '../domain/reply.ts'
import type { Answer } from '../domain/request.ts'

/** The bytes of an answer as its provider sent them, and how to read them. */
export type WireAnswer = {
  /** Null: of an endpoint that speaks none. */
  readonly dialect: DialectName | null
  readonly isStream: boolean
  readonly status: number
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
  readonly bytes: Buffer
}

/**
 * An answer as the engine sees it, with what it takes to send it: to whoever asked for it first in the very bytes that
 * came, to anybody else in their own wire format.
 */
export class LiveAnswer implements Answer {
  readonly text: string
  readonly toolCalls: readonly Json[]
  readonly finishReason: string
  readonly choices: number
  readonly reply: Reply
  /** Null: it was translated, or comes from a cache. */
  readonly wire: WireAnswer | null

  constructor(reply: Reply, wire: WireAnswer | null, choices = 1) {
    this.text = replyText(reply)
    this.toolCalls = callsIn(reply)
    this.finishReason = reply.finish
    this.choices = choices
    this.reply = reply
    this.wire = wire
  }
}

const callsIn = ({ blocks }: Reply): readonly Json[] =>
  blocks.flatMap((block): Json[] =>
    block.kind === 'tool-call' ? [{ name: block.name, input: inputOf(block.input) }] : [],
  )

/** Arguments as a value, so that spacing does not matter; as they came where they are no JSON. */
function inputOf(json: string): Json {
  try {
    return JSON.parse(json) as Json
  } catch {
    return json
  }
}

/** Of endpoints whose answers nobody reads. */
export const emptyReply: Reply = { id: null, model: null, blocks: [], finish: 'stop', usage: null }
