import type { PricedWay, PriceSource } from '../domain/price.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import type { Usage } from '../domain/usage.ts'

/** What a report is asked for. */
export type AnalyzeOptions = {
  /** Milliseconds: the only clock a report reads. */
  readonly now: number
  readonly zone: string
  readonly by: readonly string[]
  readonly top: number
  /** Dollars a calendar month, or null. */
  readonly budgetUsd: number | null
  /** Dollars a user may cost in a month, or null. */
  readonly userLimitUsd: number | null
  /** Dollars a month that a customer on a plan pays, by plan. */
  readonly planPrices: ReadonlyMap<string, number>
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  /** The store, where the report is about all of it; null where files were named. */
  readonly store: string | null
  /** How the user named the logs, to be copied into commands. */
  readonly inputWords: string
  readonly prices: AnalyzePrices
  readonly aggregates: readonly LoggedAggregate[]
}

/** What `analyze` asks of the price book. */
export type AnalyzePrices = {
  readonly name: string
  readonly date: string
  readonly fingerprint: string
  /** The price of a target now, or null. */
  priceOf(provider: string | null, model: string): PriceSource | null
  /** The cheapest other provider of the same model for this usage at the list prices of now, or null. */
  cheaperElsewhere(provider: string | null, model: string, usage: Usage): PricedModel | null
  /** Prices requests at a model, served in a way. A discount that it does not offer is not taken off there. */
  costsAt(target: PricedModel, way: PricedWay & { readonly region?: string }): CostsAt
  /** Lines to paste for a model that has no price. */
  snippetFor(model: string): string
}

export type PricedModel = { readonly provider: string | null; readonly model: string }

/**
 * What this usage at this time (milliseconds, NaN: now) costs, in nano-dollars; null where no price is known, or none
 * for a service that is dearer than the list.
 */
export type CostsAt = (usage: Usage, at: number) => number | null

/** A row of a provider's console export. */
export type LoggedAggregate = {
  readonly source: string
  readonly provider: string | null
  readonly model: string
  readonly at: number | null
  readonly requests: number
  readonly usage: Usage | null
  readonly costNanoUsd: number | null
}
