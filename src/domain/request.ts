import type { AuditNote, ShadowNote } from './comparison.ts'
import type { Json, JsonObject } from './json.ts'
import type { RequestKeys } from './keys.ts'
import type { NanoUsd } from './money.ts'
import type { AttemptOutcome, Receipt } from './receipt.ts'
import type { Fees, Usage } from './usage.ts'

/** One message of a conversation, its content as the application sent it (text, or a list of content parts). */
export type Message = {
  readonly role: string
  readonly content: Json
  /** Whatever else changes the answer: tool calls, a tool call's id, a name. */
  readonly rest?: JsonObject
}

/** What was asked. `system` is apart where the dialect has it apart; a leading system message is moved there. */
export type Prompt = {
  readonly system?: Json
  readonly messages: readonly Message[]
  readonly tools?: Json
}

/** What the caller received. */
export type Answer = {
  readonly text?: string
  readonly toolCalls?: readonly Json[]
  readonly finishReason?: string
  /** How many choices were asked for (n); 1 when absent. */
  readonly choices?: number
}

/** What one of the models that were asked said to a request; no text where none may be kept. */
export type AttemptAnswer = {
  readonly target: string
  readonly outcome: AttemptOutcome
  readonly answer?: Answer
}

export type Operation = 'chat' | 'completion' | 'embedding' | 'other'
export type Status = 'ok' | 'error' | 'timeout' | 'cancelled'

/** Hashes of equal-sized prompt blocks, for logs that hold the shape of a prompt but not its text. */
export type PromptBlocks = {
  readonly tokensPerBlock: number
  readonly ids: readonly (number | string)[]
}

/**
 * One question an application asked, as a log tells it, in the same shape whatever the log's format was. Absent means
 * the log did not say; zero means it said zero.
 */
export type Request = {
  /** The log's own id of this row; with the format's name it identifies the request across files. */
  readonly id?: string
  /** The provider's id of the response ("chatcmpl-…", "resp_…", "msg_…", "gen-…"): links two logs of one call. */
  readonly responseId?: string
  /** Milliseconds since 1970 UTC. */
  readonly at?: number
  readonly provider?: string
  /** The model that answered, as the log names it. */
  readonly model: string
  /** The model the application asked for, where it differs or is logged apart. */
  readonly requestedModel?: string
  readonly operation: Operation

  readonly user?: string
  readonly session?: string
  readonly trace?: string
  readonly feature?: string
  readonly plan?: string
  readonly team?: string
  readonly namespace?: string
  readonly route?: string
  readonly target?: string
  /** The name or hash of the API key, never the key. */
  readonly key?: string
  readonly documentVersion?: string
  readonly task?: string
  readonly agentRole?: string
  readonly promptVersion?: string
  readonly tags?: ReadonlyMap<string, string>

  readonly prompt?: Prompt
  readonly promptBlocks?: PromptBlocks
  /** What shapes the answer beside the prompt, under its wire names: temperature, top_p, max_tokens, response_format… */
  readonly params?: JsonObject
  readonly answer?: Answer
  readonly answerLabel?: string
  readonly embedding?: readonly number[]

  /** Undefined when the log has no token counts: they are then estimated and marked so. */
  readonly usage?: Usage
  /** True when the log itself says that its counts are estimates (an export of a store that estimated them). */
  readonly usageEstimated?: boolean
  readonly fees?: Fees
  readonly latencyMs?: number
  readonly firstTokenMs?: number
  readonly streamed?: boolean
  readonly status: Status
  readonly statusCode?: number
  readonly error?: string

  /** The tier of the response: standard, batch, flex, priority. */
  readonly serviceTier?: string
  /** Anthropic's "fast" mode. */
  readonly speed?: string
  readonly inferenceGeo?: string
  readonly region?: string
  /** What the log says it cost. */
  readonly loggedCostNanoUsd?: NanoUsd
  /** True when a response cache answered and no model was asked: it costs nothing. */
  readonly servedFromCache?: boolean

  readonly requiresReasoning?: boolean
  readonly outputUsed?: boolean
  readonly diffLines?: number
  readonly paths?: readonly string[]

  /** Made of the text before it was redacted or left out: these stand in for keys of what is here. */
  readonly keys?: RequestKeys
  /** What a gateway did for it. */
  readonly receipt?: Receipt
  /** Of a gateway that asked several models: what each of them said, in order. */
  readonly attempts?: readonly AttemptAnswer[]

  /** Of a gateway: what layers in the shadow would have done. */
  readonly shadow?: readonly ShadowNote[]
  /** Of a gateway's own question: what it found out about the request that it audits. */
  readonly audit?: AuditNote

  /** Tells apart attempts that share an id (Claude Code's requestId). */
  readonly variant?: string
  /** When the log last wrote this row, milliseconds: of rows with one id the latest counts, not the fullest. */
  readonly revision?: number
  /** True when this row may repeat another one's call under another variant (Claude Code's side chains). */
  readonly replay?: boolean
  /** A plain remark about this row, from a fixed vocabulary, e.g. "inclusive-usage-ambiguous". Counted in the report. */
  readonly warnings?: readonly string[]
  /**
   * How many requests this row stands for, 0 when unknown. An aggregate of a provider's console: counts for
   * reconciliation only, never for per-request figures.
   */
  readonly aggregateOf?: number
}
