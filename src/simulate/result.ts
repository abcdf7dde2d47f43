import type { Interval, PriceBookUsed, ResultHead } from '../domain/report.ts'
import type { LatencyBasis, Limits, MonthOf, SelfHostedLine } from './result-parts.ts'

/** What `llmcost simulate` found. Money in dollars, shares and rates 0–1, durations in ms; unknown is null. */
export type SimulateResult = ResultHead<'simulate'> & {
  readonly period: {
    readonly from: string | null
    readonly to: string | null
    readonly days: number
  }
  /** The policy in one sentence a line. */
  readonly policyText: readonly string[]
  readonly baseline: {
    /** "as logged", or "all:MODEL". */
    readonly name: string
    readonly requests: number
    readonly costUsd: number
    readonly unpricedRequests: number
    readonly latencyMs: LatencyOf
    /** Null for a baseline of which no single day is known. */
    readonly projection: MonthOf | null
  }
  readonly policy: {
    readonly requests: number
    readonly costUsd: number
    /** Requests that a model still answers, and those that none has to. */
    readonly calls: number
    readonly avoidedCalls: number
    /** Routed to a model whose answers nobody has: their cost is modelled. */
    readonly unmeasuredRequests: number
    readonly latencyMs: LatencyOf
    readonly latencyBasis: LatencyBasis
    readonly projection: MonthOf
  }
  readonly savings: {
    readonly costUsd: number
    /** Of the baseline's cost; null when that is nothing. */
    readonly share: number | null
    /** Scaled to a month where the log has complete days. */
    readonly projectedUsdPerMonth: number | null
  }
  readonly layers: {
    readonly exact: ExactLayer
    readonly coalesced: { readonly requests: number; readonly savingUsd: number }
    readonly semantic: SemanticLayer
    readonly prefix: PrefixLayer
    readonly routing: RoutingLayer
    readonly batch: LeverLayer
    readonly compression: LeverLayer
    readonly outputCap: LeverLayer
    readonly selfHosted: readonly SelfHostedLine[]
  }
  /** Budgets and the loop guard; null where the policy has none. */
  readonly limits: Limits | null
  /** Why requests met no cache, most frequent first. */
  readonly bypasses: readonly Bypass[]
  /** In engine order, each the marginal saving at its place: they add up to the savings to the nano-dollar. */
  readonly waterfall: readonly LayerSaving[]
  /** Each layer without the others: not additive. */
  readonly alone: readonly LayerSaving[]
  readonly sweep: readonly SweepPoint[]
  readonly certified: Certified
  readonly frontier: readonly FrontierPoint[]
  readonly routingMetrics: RoutingMetrics | null
  readonly quality: Quality
  /** By model and by feature. */
  readonly groups: readonly SimulateGroup[]
  /** Served pairs to read: the least and the most similar, and those found wrong. */
  readonly pairs: readonly ServedPair[]
  /** The same policy with other settings, one line each: `namespace: user`, a stronger embedder, … */
  readonly beside: readonly Beside[]
  readonly priceBook: PriceBookUsed
}

export type LatencyOf = { readonly p50: number | null; readonly p95: number | null }

export type ExactLayer = {
  readonly on: boolean
  readonly ttlSeconds: number | null
  /** The denominator of the hit rate. */
  readonly cacheable: number
  readonly hits: number
  readonly hitRate: number | null
  /** Distinct keys among the cacheable. */
  readonly entries: number
  readonly savingUsd: number
}

export type SemanticLayer = {
  readonly on: boolean
  readonly ttlSeconds: number | null
  readonly cacheable: number
  readonly hits: number
  readonly hitRate: number | null
  /** Null where no hit could be judged. A range where some are unsettled: counted right, and counted wrong. */
  readonly wrongHits: Range | null
  readonly wrongPerHit: Range | null
  readonly wrongPerHitInterval: Interval | null
  readonly wrongPerRequest: Range | null
  /** Hits that were judged: the n of the rates. */
  readonly judged: number
  /** Those of them that a label of the log or a person settled, on pairs that were not picked. */
  readonly labelled: number
  /** Judged hits by rung of the ladder. */
  readonly rungs: Readonly<Record<string, number>>
  /** True where similarity decided a verdict: never certified. */
  readonly estimated: boolean
  /** How often an exact repeat's answer differs from the one it would have been served. */
  readonly noiseFloor: {
    readonly repeats: number
    readonly differing: Range | null
    readonly rate: Range | null
  }
  readonly threshold: number
  /** What rules of the policy say instead, in rising order. */
  readonly ruleThresholds: readonly number[]
  readonly insert: string
  readonly embedder: string
  readonly guards: readonly { readonly guard: string; readonly caught: number }[]
  /** Of `fast`: how many true pairs of a sample were found, with its lower 95 % bound; null when exact. */
  readonly recall: {
    readonly looked: number
    readonly found: number
    readonly lowerBound: number
  } | null
  /** What the lookup's vectors cost. */
  readonly embeddingUsd: number | null
  readonly savingUsd: number
  /** Of the labels that count, between the halves in time of the requests that certify; null where they are too few. */
  readonly drift: {
    readonly first: number
    readonly second: number
    readonly z: number
    readonly drifted: boolean
  } | null
}

/** Equal where everything is settled. */
export type Range = { readonly low: number; readonly high: number }

export type PrefixLayer = {
  readonly mode: string
  readonly inputTokens: number
  readonly readTokens: number
  readonly writtenTokens: number
  readonly readShare: number | null
  readonly costUsd: number
  /** What the same calls cost without any prompt cache. */
  readonly uncachedCostUsd: number
  /** Reads as the log has them, and as the model of the provider's cache has them for the same requests. */
  readonly loggedReadTokens: number
  readonly modelledReadTokens: number
  /** What marks at the policy's breakpoints would save; null where the log has neither text nor blocks. */
  readonly ifUsedSavingUsd: number | null
  readonly savingUsd: number
  /** A pool of blocks for studies of traces; null without one. */
  readonly pool: {
    readonly blocks: number | null
    readonly readBlocks: number
    readonly hitBlocks: number
  } | null
}

export type RoutingLayer = {
  readonly on: boolean
  readonly routes: readonly {
    readonly route: string
    readonly requests: number
    readonly target: string
    readonly costUsd: number
  }[]
  readonly escalations: number
  readonly savingUsd: number
  /** Assumptions in words: token ratios, ±30 % sensitivity. */
  readonly assumptions: readonly string[]
  readonly sensitivity: { readonly lowUsd: number; readonly highUsd: number } | null
  /** Each routing preset over this log. */
  readonly presets: readonly PresetLine[]
}

export type PresetLine = {
  readonly preset: string
  /** Share of the requests that it decides by itself, and the mix it finds. */
  readonly decidedShare: number | null
  readonly mix: { readonly simple: number; readonly medium: number; readonly hard: number } | null
  readonly costUsd: number | null
  readonly savingUsd: number | null
  readonly quality: string
}

export type LeverLayer = {
  readonly on: boolean
  readonly requests: number
  readonly savingUsd: number
  readonly note: string | null
}

export type Bypass = {
  readonly layer: 'exact' | 'semantic'
  readonly reason: string
  readonly requests: number
  readonly share: number
}

export type LayerSaving = { readonly layer: string; readonly savingUsd: number }

export type SweepPoint = {
  readonly threshold: number
  readonly hits: number
  readonly hitRate: number | null
  readonly wrongHits: Range | null
  readonly wrongPerHit: Range | null
  readonly interval: Interval | null
  readonly savingsUsd: number
}

export type Certified = {
  /** Null: nothing could be certified; `advice` says what is missing. */
  readonly threshold: number | null
  readonly alpha: number | null
  readonly confidence: number | null
  readonly labels: number
  readonly errors: number
  readonly labelsNeeded: number | null
  readonly advice: string
  /** How many hits of this log's second half are wrong at most, by the same labels; null without labels. */
  readonly thisLog: {
    readonly hits: number
    readonly labels: number
    readonly wrong: number
    /** Equal to `wrong` where all hits are labelled. */
    readonly wrongAtMost: number
  } | null
  /** The same test on a random half of the requests in place of the later one; null where nothing was tested. */
  readonly randomSplit: {
    readonly threshold: number | null
    readonly labels: number
    readonly errors: number
  } | null
}

export type FrontierPoint = {
  readonly name: string
  readonly strongShare: number | null
  readonly costUsd: number
  readonly quality: number | null
  readonly dominated: boolean
}

export type RoutingMetrics = {
  readonly apgr: number | null
  readonly cpt: Readonly<Record<'0.2' | '0.5' | '0.8', number | null>>
  readonly oracleQuality: number | null
}

export type Quality = {
  readonly status: 'measured' | 'unmeasured'
  readonly delta: number | null
  readonly interval: Interval | null
  readonly n: number
  readonly note: string
}

export type SimulateGroup = {
  readonly by: 'model' | 'feature'
  readonly value: string | null
  readonly requests: number
  readonly hits: number
  readonly baselineUsd: number
  readonly policyUsd: number
}

export type ServedPair = {
  readonly kind: 'least-similar' | 'most-similar' | 'wrong'
  readonly similarity: number
  /** Numbers of the requests in the store: `llmcost explain`. */
  readonly request: number
  readonly servedBy: number
  /** Null where no text is kept. */
  readonly question: string | null
  readonly servedQuestion: string | null
  readonly verdict: 'right' | 'wrong' | 'unsettled' | null
  readonly rung: string | null
}

export type Beside = {
  readonly name: string
  readonly hits: number
  readonly hitRate: number | null
  readonly savingUsd: number
  readonly note: string | null
}
