import type { Json, JsonObject } from './json.ts'

/** The wire formats that are understood; each is code, a provider that speaks one is data. */
export const dialectNames = ['openai-chat', 'openai-responses', 'anthropic-messages'] as const
export type DialectName = (typeof dialectNames)[number]

/**
 * What a model is asked, in no vendor's words: the meeting point of all dialects. Null is "the caller did not say", so
 * that the model's own default applies.
 */
export type Call = {
  readonly model: string
  /** System or developer instructions, in order. */
  readonly system: readonly Block[]
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice | null
  readonly parallelToolCalls: boolean | null
  readonly format: AnswerFormat
  readonly maxOutputTokens: number | null
  readonly temperature: number | null
  readonly topP: number | null
  readonly topK: number | null
  readonly seed: number | null
  readonly stop: readonly string[]
  readonly reasoning: ReasoningWish | null
  /** The end user as the caller names them to the provider. */
  readonly user: string | null
  readonly serviceTier: string | null
  readonly streamed: boolean
  /** What only the dialect of origin knows, under its wire names: written back there, refused or warned about elsewhere. */
  readonly more: JsonObject
  readonly wording?: Wording
  /** Where `more` and blocks of kind "foreign" are at home. */
  readonly origin: DialectName
}

/**
 * How the origin put what its wire can put in several ways ("developer" or "system", ids of items): no part of what is
 * asked, so that other dialects leave it out without a loss.
 */
export type Wording = JsonObject

/**
 * One side's turn. What tools gave back belongs to the user's side, as Anthropic has it. `system`: instructions given in
 * the middle of a conversation, which hold from there on (OpenAI); those before its first turn are `Call.system`.
 */
export type Turn = {
  readonly role: 'user' | 'assistant' | 'system'
  readonly blocks: readonly Block[]
  /** A name of the speaker, where one is given (OpenAI). */
  readonly name?: string
}

/** A prompt-cache mark: everything up to this block may be kept for so long. */
export type CacheMark = '5m' | '1h'

export type Block = BlockBody & { readonly cache?: CacheMark; readonly wording?: Wording }

export type BlockBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly source: MediaSource; readonly detail?: string }
  | {
      readonly kind: 'document'
      readonly source: MediaSource
      readonly name?: string
    }
  | ToolCallBlock
  | {
      readonly kind: 'tool-result'
      /** The id of the tool call. */
      readonly id: string
      readonly blocks: readonly Block[]
      readonly isError?: boolean
    }
  | ReasoningBlock
  /** What the wire has and no other dialect: kept as it came. */
  | { readonly kind: 'foreign'; readonly wire: Json }

export type ToolCallBlock = {
  readonly kind: 'tool-call'
  readonly id: string
  readonly name: string
  /** The arguments as JSON text, as the model wrote it: it may be no JSON. */
  readonly input: string
}

/** What a model thought aloud. */
export type ReasoningBlock = {
  readonly kind: 'reasoning'
  readonly text: string
  /** What proves to the provider that the text is its own: a signature, or the encrypted text itself. */
  readonly signature?: string
  readonly isEncrypted?: boolean
  /** The item's id, where the dialect has one (OpenAI Responses). */
  readonly id?: string
}

export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly base64: string }
  /** Uploaded to a provider before: means nothing to another one. */
  | { readonly kind: 'file'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string }

export type Tool =
  | {
      readonly kind: 'function'
      readonly name: string
      readonly description?: string
      /** JSON Schema of the arguments. */
      readonly schema: JsonObject
      readonly strict?: boolean
      readonly cache?: CacheMark
    }
  /** A tool that runs at the provider (web search, code, computer), or of another kind than a function. */
  | { readonly kind: 'foreign'; readonly wire: Json }

export type ToolChoice =
  | { readonly kind: 'auto' | 'required' | 'none' }
  | { readonly kind: 'tool'; readonly name: string }

export type AnswerFormat =
  | { readonly kind: 'text' }
  /** Any JSON object. */
  | { readonly kind: 'json' }
  | {
      readonly kind: 'schema'
      readonly name: string
      readonly schema: JsonObject
      readonly strict: boolean
    }

/** How much a model should think: an effort by name, or a budget of tokens; each dialect knows one of them. */
export type ReasoningWish = {
  readonly effort: string | null
  readonly budgetTokens: number | null
}

/** Something a dialect cannot say. `refused`: the answer would be another one; `warned`: it goes without. */
export type Loss = {
  readonly level: 'refused' | 'warned'
  /** The wire name at the origin, with its path: "logit_bias", "messages[2].content[0] (input_audio)". */
  readonly field: string
  readonly why: string
}
