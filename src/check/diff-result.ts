import type { ResultHead } from '../domain/report.ts'
import type { ScenarioChange } from './result.ts'
import type { SnapshotSource } from './snapshot.ts'

/** What `llmcost diff` found. Dollars with nine decimals, shares 0–1, times ISO 8601, unknown is null. */
export type DiffResult = ResultHead<'diff'> & {
  readonly from: DiffSide
  readonly to: DiffSide
  readonly differenceUsd: number
  /** Of the cost before; null where that was 0. */
  readonly change: number | null
  /** They add up to the difference. */
  readonly effects: Effects
  /** What `effects.other` is made of. */
  readonly other: OtherEffects
  /** By provider and model, the largest difference first; they add up to the whole. */
  readonly models: readonly ModelDiff[]
  readonly features: readonly FeatureDiff[]
  readonly cells: readonly CellDiff[]
  /** New, gone and changed scenarios, the largest difference first; a bounded number. */
  readonly scenarios: readonly ScenarioChange[]
  readonly scenarioChanges: number
  /** The least share of the spend of either side that scenarios of both hold. */
  readonly scenarioCoverage: number
  /** The requests that explain most of the difference; none where a side does not tell requests apart. */
  readonly requests: readonly RequestDiff[]
  /** Null unless it was asked for. */
  readonly repriced: Repriced | null
}

export type DiffSide = {
  /** As it was named. */
  readonly name: string
  readonly generatedAt: string
  readonly source: SnapshotSource
  readonly period: {
    readonly from: string | null
    readonly to: string | null
    readonly days: number
  }
  readonly requests: number
  readonly costUsd: number
  readonly unpricedRequests: number
  readonly prices: string
}

/** Dollars of a change by what caused it. */
export type Effects = {
  /** What tokens of a class cost: lists, bands, tiers. */
  readonly price: number
  /** More or fewer requests. */
  readonly volume: number
  /** Which models and features they went to. */
  readonly mix: number
  readonly tokensPerRequest: number
  /** Which share of the input a prompt cache read or wrote, and of the requests a response cache answered. */
  readonly cache: number
  /** What attempts without an answer add. */
  readonly retries: number
  readonly other: number
}

export type OtherEffects = {
  /** Models of a feature that only one side has. */
  readonly newCells: number
  readonly goneCells: number
  /** Requests whose price one side does not know. */
  readonly unpriced: number
  /** Billed beside tokens: tools, look-ups, classifiers. */
  readonly fees: number
  /** Calls without token counts that cost something else. */
  readonly unknown: number
}

/** One line of a breakdown. */
export type DiffRow = {
  readonly fromRequests: number
  readonly toRequests: number
  readonly fromUsd: number
  readonly toUsd: number
  readonly differenceUsd: number
  readonly status: 'both' | 'new' | 'gone'
  readonly effects: Effects
}

export type ModelDiff = DiffRow & {
  readonly provider: string | null
  readonly model: string | null
}
export type FeatureDiff = DiffRow & { readonly feature: string | null }
export type CellDiff = ModelDiff & FeatureDiff

export type RequestDiff = {
  readonly side: 'from' | 'to'
  /** As the log has it, else its number in the store as "seq:12": what `llmcost explain` takes. */
  readonly id: string
  readonly at: string | null
  readonly provider: string | null
  readonly model: string | null
  readonly feature: string | null
  readonly costUsd: number
  /** What it adds to the difference: its cost less that of the same request, or of the mean of its cell, on the other side. */
  readonly differenceUsd: number
}

export type Repriced = {
  readonly prices: string
  /** Dollars of cells that kept their cost: no book prices them by the token. */
  readonly from: RepricedSide
  readonly to: RepricedSide
}

export type RepricedSide = {
  readonly requests: number
  readonly keptRequests: number
  readonly keptUsd: number
}

/** The decomposition of a whole change. */
export type CostDiff = {
  readonly fromUsd: number
  readonly toUsd: number
  readonly effects: Effects
  readonly other: OtherEffects
}
