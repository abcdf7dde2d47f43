import type { Operation } from '../domain/request.ts'

/**
 * A condition on a request, known before any model is asked. Every key that is given must hold (and);
 * where a key holds a list, one entry of it suffices (or). `any` and `not` combine conditions. `{}`
 * holds for every request. A key about a field that the request does not have does not hold.
 */
export type When = {
  /** Length of the last user message: UTF-16 code units, words, tokens. */
  readonly characters?: NumberRange
  readonly words?: NumberRange
  readonly inputTokens?: NumberRange
  /** Tokens of the whole input: system prompt, tools, history and documents too. */
  readonly contextTokens?: NumberRange
  /** Whole words or phrases in the last user message, in any case. */
  readonly keywords?: readonly string[]
  /** Regular expressions, in any case, in the last user message. */
  readonly patterns?: readonly string[]
  /** Regular expressions, in any case, in the system prompt. */
  readonly systemPatterns?: readonly string[]
  readonly hasCode?: boolean
  readonly hasTools?: boolean
  readonly hasImages?: boolean
  readonly hasSession?: boolean
  readonly streamed?: boolean
  /** What the endpoint does; OpenAI's chat and responses and Anthropic's messages are all `chat`. */
  readonly operation?: readonly Operation[]
  readonly provider?: Names
  /** The model that the application asked for. */
  readonly model?: Names
  readonly feature?: Names
  readonly task?: Names
  readonly plan?: Names
  readonly user?: Names
  readonly team?: Names
  readonly key?: Names
  /** The request's namespace, as the log names it. */
  readonly tenant?: Names
  readonly agentRole?: Names
  readonly promptVersion?: Names
  readonly documentVersion?: Names
  /** By tag name. */
  readonly tags?: Readonly<Record<string, Names>>
  readonly diffLines?: NumberRange
  /** A touched path fits one of these; `*` within a folder, `**` across folders. */
  readonly paths?: Names
  /** The caller's own word for it: the `x-llmcost-hint` header, or the field. */
  readonly hint?: readonly Hint[]
  readonly requiresReasoning?: boolean
  readonly label?: LabelCondition
  readonly timeoutClass?: readonly TimeoutClassName[]
  /** Requests with the same feature and system prompt in the minute up to this one, itself included. */
  readonly burstPerMinute?: NumberRange
  readonly time?: TimeCondition
  /** All of them must hold. */
  readonly targets?: readonly TargetCondition[]
  readonly any?: readonly When[]
  readonly not?: When
}

/** The bounds that are given must all hold. */
export type NumberRange = {
  readonly above?: number
  readonly atLeast?: number
  readonly below?: number
  readonly atMost?: number
}

/** Equal to one of these, letter by letter; `*` stands for any characters. */
export type Names = readonly string[]

export type Hint = 'simple' | 'medium' | 'hard'

/** How hard a classifier says a request is. */
export type Label = 'simple' | 'medium' | 'hard'

/** A classifier that abstains says "medium". */
export type LabelCondition = {
  /** A name of `classifiers`, or of a preset. */
  readonly classifier: string
  readonly is: readonly Label[]
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** A time of the week on the clock of a zone. `to` is out; where it is not after `from` the window passes midnight. */
export type TimeCondition = {
  readonly days?: readonly Weekday[]
  /** "HH:MM", 24 hours. A window that passes midnight belongs to the day it began. */
  readonly from?: string
  readonly to?: string
  readonly timezone: string
}

/** What is known of a target at the moment of the request. */
export type TargetCondition = {
  /** `provider:model`, or a tier. */
  readonly target: string
  readonly breaker?: readonly BreakerState[]
  /** Over the last five minutes. */
  readonly p95LatencyMs?: NumberRange
  readonly inputUsdPerMillion?: NumberRange
  readonly outputUsdPerMillion?: NumberRange
}

export type BreakerState = 'closed' | 'open' | 'half-open'

export type TimeoutClassName = 'interactive' | 'batch' | 'passthrough'
