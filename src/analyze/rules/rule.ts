import { type Column, type ColumnName, orZero, type RequestSource } from '../../domain/columns.ts'
import type { PriceSource } from '../../domain/price.ts'
import type { OpportunityKind } from '../result.ts'

/** The columns that rules look at. */
export const ruleColumns = [
  'seq',
  'profile',
  'at',
  'latencyMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
  'cost',
  'flags',
  'price',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'systemKey',
  'systemTokens',
  'historyKey',
  'historyTokens',
  'stepKey',
] as const satisfies readonly ColumnName[]

export type RuleColumns = { readonly [Name in (typeof ruleColumns)[number]]: Column } & {
  readonly length: number
}

/** What a rule tells of the savings it found. */
export type RuleText = {
  readonly title: string
  readonly evidence: string
  readonly caveat: string
  readonly command: string
}

export type RuleSum = { readonly requests: number; readonly savingNanoUsd: number }

/** Judges one request after the other, in time order, and says in the end what it saw. */
export type Rule = {
  readonly kind: OpportunityKind
  /** What this request's cost would shrink by, in nano-dollars; 0 where the rule does not apply. May be negative. */
  saving(columns: RuleColumns, row: number): number
  describe(sum: RuleSum, context: RuleContext): RuleText
}

/** What all rules share. */
export type RuleContext = {
  readonly source: RequestSource
  readonly requests: number
  readonly rates: Rates
  /** How the user named the logs, for the commands to copy: "logs.jsonl", or "" for the whole store. */
  readonly inputs: string
}

/** Nano-dollars per token by number of a price; index 0 (no price) is all zero. */
export type Rates = {
  readonly input: Float64Array
  readonly cacheRead: Float64Array
  readonly cacheWrite: Float64Array
  readonly cacheWrite1h: Float64Array
  readonly output: Float64Array
  /** 1 where the log's own total stands in for a price. */
  readonly isLogged: Uint8Array
}

/** A dollar per million tokens is a thousand nano-dollars per token. */
const nanoPerToken = 1000

export function ratesOf(prices: readonly (PriceSource | undefined)[]): Rates {
  const rate = (name: keyof PriceSource['usdPerMillion']) =>
    Float64Array.from(
      { length: prices.length + 1 },
      (_, id) => Number(prices[id]?.usdPerMillion[name] ?? 0) * nanoPerToken,
    )
  return {
    input: rate('input'),
    cacheRead: rate('cacheRead'),
    cacheWrite: rate('cacheWrite5m'),
    cacheWrite1h: rate('cacheWrite1h'),
    output: rate('output'),
    isLogged: Uint8Array.from({ length: prices.length + 1 }, (_, id) =>
      prices[id]?.source === 'logged' ? 1 : 0,
    ),
  }
}

/** Everything the request's model read. */
export const promptTokensOf = (columns: RuleColumns, row: number): number =>
  (columns.inputTokens[row] as number) +
  (columns.cacheReadTokens[row] as number) +
  (columns.cacheWrite5mTokens[row] as number) +
  (columns.cacheWrite1hTokens[row] as number)

export const costOf = (columns: RuleColumns, row: number): number => orZero(columns.cost[row])

/**
 * What the tokens of the request's own call cost: neither fees by the piece nor other calls, which stay the same elsewhere
 * and in a batch. A total out of the log cannot be told apart and counts whole.
 */
export function tokenCostOf(columns: RuleColumns, row: number, rates: Rates): number {
  const tokens =
    orZero(columns.costInput[row]) +
    orZero(columns.costCacheRead[row]) +
    orZero(columns.costCacheWrite[row]) +
    orZero(columns.costOutput[row])
  const isLogged = rates.isLogged[columns.price[row] as number] === 1
  return isLogged ? tokens + orZero(columns.costOther[row]) : tokens
}

export const count = (value: number): string => value.toLocaleString('en-US')
/** "1 trace", "2 traces". */
export const counted = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`
export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
export const commandWith = (command: string, inputs: string): string =>
  ['llmcost', command, inputs].filter((part) => part !== '').join(' ')
