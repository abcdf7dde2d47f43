/**
 * What a run came to, small enough for a repository and without any text of a prompt: the baseline that `check` compares
 * with, and either side of `diff`. Amounts are whole nano-dollars; unknown is null.
 */
export type Snapshot = {
  readonly kind: 'llmcost-snapshot'
  /** 1 had no cells. */
  readonly version: 1 | 2
  /** The version of the program; absent in reports. */
  readonly llmcost?: string
  readonly generatedAt: string
  readonly source: SnapshotSource
  readonly fingerprints: SnapshotFingerprints
  /** What the whole was narrowed to, "team=red"; absent where it was not. */
  readonly where?: readonly string[]
  readonly totals: SnapshotTotals
  readonly period: {
    readonly from: string | null
    readonly to: string | null
    readonly days: number
  }
  /** Every figure of the report it was made from, by its path (`perRequest.p95Usd`), and those that `check` adds. */
  readonly metrics: Metrics
  /** How many scenarios there are in all; `scenarios` holds those whose names have the smallest hashes. */
  readonly scenarioCount: number
  /** By name. */
  readonly scenarios: readonly SnapshotScenario[]
  /** By provider, model and feature; they add up to the whole. */
  readonly groups: readonly SnapshotGroup[]
  /** What `diff` needs: the same requests by all that their price depends on. Null where the source does not say. */
  readonly cells: readonly SnapshotCell[] | null
  /** Cost per run. */
  readonly runs: CostSample
  /** Absent where reports hold no requests. */
  readonly sample?: RunSample
  /** By filters of assertions, where they were known when it was made. */
  readonly views?: readonly SnapshotView[]
}

/** The part of a run for which all of `where` holds. */
export type SnapshotView = {
  readonly where: Readonly<Record<string, string>>
  readonly requests: number
  readonly unpriced: number
  readonly costNanoUsd: number
  readonly metrics: Metrics
  readonly scenarios: readonly SnapshotScenario[]
  readonly runs: CostSample
  readonly sample?: RunSample
}

/** Some runs and some requests, to tell from noise what is no sum of costs: rates, percentiles, latency. */
export type RunSample = {
  /**
   * A line a run: requests, those that caches answered, that failed, that have no price; tokens of input, read from and
   * written to prompt caches, and of output; nano-dollars.
   */
  readonly runs: readonly (readonly number[])[]
  /** A line a request: a number that requests of the same run share, nano-dollars, milliseconds or null. */
  readonly requests: readonly (readonly (number | null)[])[]
}

export type SnapshotSource = {
  /** `store`: everything in it; `analyze`: the files that were named; else the report that was read. */
  readonly kind: 'analyze' | 'simulate' | 'replay' | 'store'
  readonly inputs: readonly string[]
}

export type SnapshotFingerprints = {
  readonly policy: string | null
  readonly prices: string
  readonly embedder: string | null
}

export type Metrics = Readonly<Record<string, number | null>>

/** The totals of `analyze`, in nano-dollars where they are amounts. Zeros where a report has no such figure. */
export type SnapshotTotals = TokenCounts & {
  readonly requests: number
  readonly errors: number
  readonly costNanoUsd: number
  readonly unpricedRequests: number
  readonly estimatedRequests: number
  readonly servedFromCacheRequests: number
}

/** Disjoint: each billed token is in exactly one. */
export type TokenCounts = {
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWrite5mTokens: number
  readonly cacheWrite1hTokens: number
  readonly outputTokens: number
}

/**
 * What is asked again in another run: the tag "scenario", else the feature and the last user message (hashed) and its
 * how-manieth occurrence. A run of it is a trace; requests without one are one run together.
 */
export type SnapshotScenario = {
  readonly scenario: string
  readonly feature: string | null
  /** Names the last user message by a hash, so that a renamed scenario is known again; null where unknown. */
  readonly question: string | null
  /** Runs; the other figures are sums over them. */
  readonly runs: number
  readonly requests: number
  /** Requests that a model answered, not a cache. */
  readonly calls: number
  readonly costNanoUsd: number
  readonly unpriced: number
  readonly inputTokens: number
  readonly cacheReadTokens: number
  /** For five minutes and for an hour. */
  readonly cacheWriteTokens: number
  readonly outputTokens: number
}

export type CostsByClass = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly tools: number
  readonly other: number
}

export type SnapshotGroup = TokenCounts & {
  readonly provider: string | null
  readonly model: string | null
  readonly feature: string | null
  readonly requests: number
  /** Requests that failed: what they cost was paid for nothing. */
  readonly retries: number
  readonly retryCostNanoUsd: number
  readonly unpriced: number
  readonly servedFromCache: number
  readonly costNanoUsd: number
  /** Adds up to `costNanoUsd`. */
  readonly costByClass: CostsByClass
  /** Of the runs that asked this group, what they cost in it. */
  readonly runs: CostSample
}

/** Requests that are billed alike: usage and cost by class, so that they can be priced anew and told apart by cause. */
export type SnapshotCell = TokenCounts & {
  readonly provider: string | null
  readonly model: string | null
  readonly feature: string | null
  /** What their price depends on besides the model, e.g. `{ "serviceTier": "batch" }`; empty at the list price. */
  readonly terms: Readonly<Record<string, string>>
  /** The long-context band of their price, e.g. ">200000". */
  readonly band: string | null
  /**
   * `tokens`: by class. `whole`: one amount, as logged or by the hour. `unpriced`: nobody knows. `cache`: a response cache
   * answered, nothing was asked.
   */
  readonly pricing: 'tokens' | 'whole' | 'unpriced' | 'cache'
  /** Attempts without an answer: what they cost was paid for nothing. */
  readonly failed: boolean
  readonly requests: number
  readonly costNanoUsd: CellCosts
}

/** Nano-dollars by class of tokens, those of `whole` prices, and what is billed beside tokens. */
export type CellCosts = TokenCounts & { readonly whole: number; readonly fees: number }

/** How a cost is distributed over runs: a trace is a run, and so is each request without one. */
export type CostSample = {
  /** Runs in all. */
  readonly count: number
  /** Nano-dollars of some of them, ascending: all where they are few, else a sample that only their names decide. */
  readonly samples: readonly number[]
}
