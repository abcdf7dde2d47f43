import type { PriceSource } from './price.ts'
import type { Profile } from './row.ts'

/**
 * The numeric side of many requests, column by column, so that a million of them are folded in tens of milliseconds.
 * Absent numbers are NaN. Keys (user, session, trace, exact and question key) are 53-bit hashes of their text, NaN
 * where the log has none.
 */
export const columnNames = [
  'seq',
  'file',
  'profile',
  'at',
  'latencyMs',
  'firstTokenMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
  'cost',
  'loggedCost',
  'flags',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'systemKey',
  'systemTokens',
  'historyKey',
  'historyTokens',
  'stepKey',
  'price',
] as const
export type ColumnName = (typeof columnNames)[number]

export type Column = Float64Array | Uint32Array

/** Up to 65,536 requests in the order they were read. All arrays have `length` entries. */
export type Segment<Name extends ColumnName = ColumnName> = {
  readonly length: number
} & { readonly [N in Name]: Column }

export const segmentBits = 16
export const segmentLength = 1 << segmentBits

/** The requests a report is about: chosen files and filters applied, duplicates gone. */
export type RequestSource = {
  /** How many requests there are. */
  readonly count: number
  /**
   * By the number in the `profile` column. Numbers without a request are holes, which `map`, `forEach` and `flatMap` pass
   * over; `find`, `entries` and a loop do not.
   */
  readonly profiles: readonly Profile[]
  /** By the number in the `price` column, which is 0 where there is none. */
  readonly prices: readonly PriceSource[]
  /** Reads only the named columns, a segment at a time; the arrays may be reused for the next segment. */
  segments<Name extends ColumnName>(names: readonly Name[]): Iterable<Segment<Name>>
}

/** Looks up what the columns only hash or leave out. */
export type RequestLookup = {
  /** The text of a key column for one request, by its `seq`. */
  textOf(seq: number, column: 'user' | 'session' | 'trace' | 'id'): string | null
  /** The chain of messages that ends in the request's prompt, first to last; empty where no content is kept. */
  messagesOf(seq: number): readonly StoredMessage[]
  /** The last user message as text; null where there is none or no content is kept. */
  questionOf(seq: number): string | null
  answerOf(seq: number): StoredMessage | null
  /** Equal where all that an exact key is made of is, conversation and namespace apart; null without a key. */
  partitionOf(seq: number): string | null
  /** What a request holds beside columns and profile, e.g. `extra.promptBlocks`. */
  extraOf(seq: number): Readonly<Record<string, unknown>>
}

export type StoredMessage = {
  readonly hash: string
  readonly parent: string
  readonly role: string
  /** Null where content is not kept. */
  readonly content: string | null
  readonly isJson: boolean
}

/** A cell as a summand: absent counts nothing. */
export const orZero = (cell: number | undefined): number =>
  cell === undefined || Number.isNaN(cell) ? 0 : cell
