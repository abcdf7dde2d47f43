import { analyze } from '../../src/analyze/analyze.ts'
import type { AnalyzeOptions } from '../../src/analyze/options.ts'
import type { AnalyzeResult, Opportunity, OpportunityKind } from '../../src/analyze/result.ts'
import type { PriceSource } from '../../src/domain/price.ts'
import { type PlainRequest, sourceOf } from './request-source.ts'

export const now = Date.parse('2026-08-10T00:00:00Z')
/** Dollars as nano-dollars. */
export const usd = (amount: number): number => Math.round(amount * 1e9)
export const day = (date: string, hour = 12): number =>
  Date.parse(`${date}T${String(hour).padStart(2, '0')}:00:00Z`)

/** Options of a plain `llmcost analyze logs.jsonl`; the book knows nothing but what is given. */
export const optionsOf = (options: Partial<AnalyzeOptions> = {}): AnalyzeOptions => ({
  now,
  zone: 'UTC',
  by: [],
  top: 20,
  budgetUsd: null,
  userLimitUsd: null,
  planPrices: new Map(),
  inputs: [],
  warnings: [],
  store: null,
  inputWords: 'logs.jsonl',
  prices: {
    name: 'test book',
    date: '2026-08-01',
    fingerprint: 'test',
    priceOf: () => null,
    cheaperElsewhere: () => null,
    costsAt: () => () => null,
    snippetFor: (model) => `prices for ${model}`,
  },
  aggregates: [],
  ...options,
})

/** The report on some plain requests. */
export function report(
  requests: readonly PlainRequest[],
  options: Partial<AnalyzeOptions> = {},
  prices: readonly PriceSource[] = [],
): AnalyzeResult {
  const { source, lookup } = sourceOf(requests, prices)
  return analyze(source, lookup, optionsOf(options))
}

export const opportunity = (
  { opportunities }: AnalyzeResult,
  kind: OpportunityKind,
): Opportunity | undefined => opportunities.find((each) => each.kind === kind)

/** One opportunity's saving in the log, its requests and its title. */
export function saved(
  requests: readonly PlainRequest[],
  kind: OpportunityKind,
  prices: readonly PriceSource[] = [],
  options: Partial<AnalyzeOptions> = {},
): readonly [usd: number, requests: number] | null {
  const found = opportunity(report(requests, options, prices), kind)
  return found === undefined ? null : [found.savingUsd, found.requests]
}
