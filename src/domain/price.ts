import type { NanoUsd } from './money.ts'
import type { Fees, Usage } from './usage.ts'

/** Cost of one attempt by usage class. Each part is rounded once, half to even; the total is their sum. */
export type CostByClass = {
  readonly input: NanoUsd
  readonly cacheRead: NanoUsd
  readonly cacheWrite: NanoUsd
  readonly output: NanoUsd
  /** Fees by the piece: web and file searches, code sessions, plugins. */
  readonly tools: NanoUsd
  /** What fits no class: a logged total where nothing else is known, image or audio surcharges. */
  readonly other: NanoUsd
}

/** What a price depends on besides the amounts used. */
export type PriceQuery = {
  readonly provider?: string | undefined
  readonly model: string
  /** Milliseconds since 1970 UTC; undefined asks for the newest price. */
  readonly at?: number | undefined
  readonly serviceTier?: string | undefined
  readonly speed?: string | undefined
  readonly inferenceGeo?: string | undefined
  readonly region?: string | undefined
  /** How long the answer took: what a self-hosted model priced by the hour is charged by. */
  readonly latencyMs?: number | undefined
}

/** The way in which a call is served, where that changes its price. */
export type PricedWay = Pick<PriceQuery, 'serviceTier' | 'speed' | 'inferenceGeo'>

/** Where a price came from, stored once and referred to by each request it priced. */
export type PriceSource = {
  /** Identifies rates, band and modifiers: equal ids price equally. */
  readonly id: string
  /** "genai-prices 0.1.8", "override prices.yaml", "logged". */
  readonly source: string
  /** The price book's provider and model that matched, e.g. "openai:gpt-4o". */
  readonly target: string
  /** The day its rates came into force (ISO date), where the book says. */
  readonly since: string | null
  /** The long-context band in force, e.g. ">200000", or null. */
  readonly band: string | null
  /** Dollars per million tokens by class, after modifiers, as exact decimal strings. */
  readonly usdPerMillion: {
    readonly input: string
    readonly cacheRead: string
    readonly cacheWrite5m: string
    readonly cacheWrite1h: string
    readonly output: string
  }
  /** Every factor applied to the listed rates, in order, e.g. "batch × 0.5 (openai.com/api/pricing)". */
  readonly factors: readonly string[]
}

export type Pricing =
  | {
      readonly kind: 'priced'
      readonly cost: CostByClass
      readonly price: PriceSource
      /** From a fixed vocabulary, e.g. "service-tier-unpriced". */
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'unpriced'
      readonly reason: 'unknown-model' | 'unknown-provider' | 'no-rate'
      readonly warnings: readonly string[]
    }

/** The price book as everything else sees it. Pure and deterministic for one fingerprint. */
export type PriceBook = {
  /** Changes whenever any price could change: book version, overrides, flags. */
  readonly fingerprint: string
  /** "genai-prices 0.1.8" and the newest date in it (ISO), for the report's header. */
  readonly name: string
  readonly date: string
  price(query: PriceQuery, usage: Usage, fees?: Fees): Pricing
}

export const costTotal = (cost: CostByClass): NanoUsd =>
  (cost.input + cost.cacheRead + cost.cacheWrite + cost.output + cost.tools + cost.other) as NanoUsd
