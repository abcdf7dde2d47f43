import type { Block } from './call.ts'
import type { Fault } from './fault.ts'
import type { JsonObject } from './json.ts'
import type { Fees, Usage } from './usage.ts'

/** What a model answered, in no vendor's words. */
export type Reply = {
  /** The provider's id of the response; null where it gives none. */
  readonly id: string | null
  readonly model: string | null
  /** Text, tool calls and reasoning, in order. */
  readonly blocks: readonly Block[]
  readonly finish: Finish
  /** Null: the provider did not say. */
  readonly usage: Usage | null
  readonly fees?: Fees
  readonly serviceTier?: string
  /** Anthropic's "fast", and where it ran, which change the price. */
  readonly speed?: string
  readonly inferenceGeo?: string
  /** What the provider says it cost, dollars (OpenRouter). */
  readonly loggedUsd?: number
  /** Remarks on usage, from the vocabulary of `Request.warnings`. */
  readonly warnings?: readonly string[]
  /**
   * What a chat completion has beside the fields of its format (Perplexity's `citations` and `search_results`), as it
   * came. No other format has a place for it.
   */
  readonly added?: JsonObject
  /** The same of its message, or of the deltas of a stream (`annotations`: which pages a text rests on). */
  readonly addedToMessage?: JsonObject
}

/**
 * `stop`: it had said all, or met a stop sequence; `length`: cut off at the largest output; `tool`: it wants tools
 * called; `filtered`: refused or filtered; `pause`: a long turn that the caller is to continue; `other`: anything else.
 */
export type Finish = 'stop' | 'length' | 'tool' | 'filtered' | 'pause' | 'other'

/** One element of a streamed answer: the one alphabet in which streams of all dialects meet. */
export type Part =
  | { readonly kind: 'start'; readonly id: string | null; readonly model: string | null }
  | { readonly kind: 'text'; readonly text: string }
  /** Thought aloud; a signature comes with the last of its parts, with an empty text where it comes alone. */
  | {
      readonly kind: 'reasoning'
      readonly text: string
      readonly signature?: string
      /** The signature is the encrypted text itself: such a part is a block of its own. */
      readonly isEncrypted?: boolean
    }
  /** A tool call begins; `index` counts the tool calls of this answer from 0. */
  | {
      readonly kind: 'tool-call'
      readonly index: number
      readonly id: string
      readonly name: string
    }
  /** More of the arguments' JSON text of tool call `index`. */
  | { readonly kind: 'tool-delta'; readonly index: number; readonly json: string }
  /** The last part of a whole answer. */
  | {
      readonly kind: 'finish'
      readonly finish: Finish
      /** All of it, disjoint; null where the stream did not say. */
      readonly usage: Usage | null
      readonly fees?: Fees
      readonly serviceTier?: string
      readonly speed?: string
      readonly inferenceGeo?: string
      readonly loggedUsd?: number
      readonly warnings?: readonly string[]
      readonly added?: JsonObject
      readonly addedToMessage?: JsonObject
    }
  /** The last part of an answer that broke off: what came before is not whole. */
  | { readonly kind: 'error'; readonly fault: Fault; readonly usage: Usage | null }

/** The text of an answer, its parts joined. */
export const replyText = ({ blocks }: Pick<Reply, 'blocks'>): string =>
  blocks.map((block) => (block.kind === 'text' ? block.text : '')).join('')
