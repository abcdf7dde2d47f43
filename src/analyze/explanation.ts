import type { Receipt } from '../domain/receipt.ts'
import type { ResultHead } from '../domain/report.ts'

/** What `llmcost explain` found out about one request. Money in dollars, unknown is null. */
export type Explanation = ResultHead<'explain'> & {
  readonly id: string
  readonly place: Place | null
  /** The log format it was read from. */
  readonly format: string
  /** ISO 8601 UTC. */
  readonly at: string | null
  /** What else the log says, as text, in the order to print: model, feature, user, status … */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly usage: readonly UsageCost[]
  /** Every factor applied to the listed rates, in order, e.g. "batch × 0.5 (openai.com/api/pricing)". */
  readonly factors: readonly string[]
  readonly priceSource: ExplainedPrice | null
  readonly loggedCostUsd: number | null
  /** The sum of `usage`. */
  readonly computedCostUsd: number | null
  /** Computed minus logged. */
  readonly deltaUsd: number | null
  /** Excerpts; null where the log or the store holds no text. */
  readonly prompt: string | null
  readonly answer: string | null
  /** Other records with the same id, which were left out. */
  readonly duplicates: readonly Place[]
  /** What a gateway did for it; null where none did. */
  readonly receipt: Receipt | null
}

/** Where a record stands in a log. */
export type Place = {
  readonly file: string
  readonly line: number | null
  readonly byteOffset: number | null
}

/** One line of the sum: tokens × usdPerMillion / 1,000,000 = costUsd. */
export type UsageCost = {
  /** Usage class, e.g. "input", "cache read", "web search". */
  readonly name: string
  /** Null for what is not counted in tokens. */
  readonly tokens: number | null
  /** An exact decimal, after all factors; null where there is no price by tokens. */
  readonly usdPerMillion: string | null
  readonly costUsd: number | null
}

export type ExplainedPrice = {
  /** "genai-prices 0.1.8", "override prices.yaml", "logged". */
  readonly source: string
  /** The provider and model of the price book that matched. */
  readonly target: string
  /** The day from which the rates hold. */
  readonly since: string | null
  /** The long-context band, e.g. ">200000". */
  readonly band: string | null
}
