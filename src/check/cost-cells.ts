import { orZero, type RequestSource } from '../domain/columns.ts'
import { decimalOf, multiply, roundHalfEven } from '../domain/money.ts'
import type { PriceSource } from '../domain/price.ts'
import { flag, type Profile } from '../domain/row.ts'
import { usageColumns } from './run-sums.ts'
import type { CellCosts, SnapshotCell, TokenCounts } from './snapshot.ts'

/** What tells a cell from another. */
export type CellName = Pick<
  SnapshotCell,
  'provider' | 'model' | 'feature' | 'terms' | 'band' | 'pricing' | 'failed'
>

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type CellSum = Omit<SnapshotCell, 'costNanoUsd'> & {
  requests: number
  readonly costNanoUsd: Mutable<CellCosts>
} & Mutable<TokenCounts>

export const noTokens: TokenCounts = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
}
export const noCosts: CellCosts = { ...noTokens, whole: 0, fees: 0 }

/** Sums of requests by everything that tells their cells apart. */
export class CellSums {
  readonly #byName = new Map<string, CellSum>()

  /** `requests` is 0 for what is billed beside a request that is counted elsewhere. */
  add(name: CellName, usage: TokenCounts, costNanoUsd: CellCosts, requests = 1): void {
    const key = keyOf(name)
    const sum = this.#byName.get(key) ?? {
      ...name,
      requests: 0,
      ...noTokens,
      costNanoUsd: { ...noCosts },
    }
    this.#byName.set(key, sum)
    sum.requests += requests
    for (const token of usageColumns) {
      sum[token] += usage[token]
      sum.costNanoUsd[token] += costNanoUsd[token]
    }
    sum.costNanoUsd.whole += costNanoUsd.whole
    sum.costNanoUsd.fees += costNanoUsd.fees
  }

  /** By name. */
  cells(): readonly SnapshotCell[] {
    return [...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
  }
}

const keyOf = ({ provider, model, feature, terms, band, pricing, failed }: CellName): string =>
  JSON.stringify([provider, model, feature, Object.entries(terms), band, pricing, failed])

const columns = [
  'profile',
  'flags',
  'price',
  'cost',
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
  ...usageColumns,
] as const
type Cell = (name: (typeof columns)[number]) => number

/** The cells of stored requests. */
export function sumCells(source: RequestSource): readonly SnapshotCell[] {
  const sums = new CellSums()
  const profiles = source.profiles.map(nameOfProfile)
  for (const segment of source.segments(columns)) {
    for (let row = 0; row < segment.length; row++) {
      const cell: Cell = (name) => orZero(segment[name][row])
      const profile = profiles[cell('profile')]
      if (profile === undefined) continue
      const price = source.prices[cell('price')] ?? null
      const pricing = pricingOf(cell, price)
      const band = pricing === 'tokens' ? (price?.band ?? null) : null
      sums.add({ ...profile, band, pricing }, usageOf(cell), costsOf(cell, pricing, price))
    }
  }
  return sums.cells()
}

const usageOf = (cell: Cell): TokenCounts => ({
  inputTokens: cell('inputTokens'),
  cacheReadTokens: cell('cacheReadTokens'),
  cacheWrite5mTokens: cell('cacheWrite5mTokens'),
  cacheWrite1hTokens: cell('cacheWrite1hTokens'),
  outputTokens: cell('outputTokens'),
})

export type ProfileName = Omit<CellName, 'band' | 'pricing'>

export const nameOfProfile = (profile: Profile): ProfileName => ({
  provider: profile.provider,
  model: profile.model,
  feature: profile.feature,
  terms: termsOf(profile),
  failed: profile.status !== 'ok',
})

/** What a price book asks besides provider and model. */
const termNames = ['serviceTier', 'speed', 'inferenceGeo', 'region'] as const
const usualTerms = new Set(['standard', 'default', 'global', 'not_available'])

const termsOf = (profile: Profile): CellName['terms'] =>
  Object.fromEntries(
    termNames.flatMap((name) => {
      const value = profile[name]
      return value === null || usualTerms.has(value) ? [] : [[name, value]]
    }),
  )

function pricingOf(cell: Cell, price: PriceSource | null): CellName['pricing'] {
  const flags = cell('flags')
  if ((flags & flag.unpriced) !== 0) return 'unpriced'
  if ((flags & flag.servedFromCache) !== 0) return 'cache'
  return price?.source === 'logged' || isWhole(cell) ? 'whole' : 'tokens'
}

/** One amount, as logged or by the hour, which no class of tokens holds. */
const isWhole = (cell: Cell): boolean =>
  cell('costOther') !== 0 &&
  cell('costInput') + cell('costCacheRead') + cell('costCacheWrite') + cell('costOutput') === 0

function costsOf(cell: Cell, pricing: CellName['pricing'], price: PriceSource | null): CellCosts {
  const other = cell('costOther')
  if (pricing === 'whole') return { ...noCosts, whole: other, fees: cell('cost') - other }
  return {
    inputTokens: cell('costInput'),
    cacheReadTokens: cell('costCacheRead'),
    ...writeCosts(cell, price),
    outputTokens: cell('costOutput'),
    whole: 0,
    fees: cell('costTools') + other,
  }
}

/** Both kinds of write are rounded as one sum; the hour's takes what is left of it. */
function writeCosts(
  cell: Cell,
  price: PriceSource | null,
): Pick<CellCosts, 'cacheWrite5mTokens' | 'cacheWrite1hTokens'> {
  const cost = cell('costCacheWrite')
  const fiveMinutes = fiveMinuteCost(cell, cost, price)
  return { cacheWrite5mTokens: fiveMinutes, cacheWrite1hTokens: cost - fiveMinutes }
}

function fiveMinuteCost(cell: Cell, cost: number, price: PriceSource | null): number {
  if (cell('cacheWrite1hTokens') === 0) return cost
  const rate = decimalOf(price?.usdPerMillion.cacheWrite5m ?? '0')
  if (rate === null) return 0
  return Math.min(cost, nanoOf(rate, cell('cacheWrite5mTokens')))
}

/** Dollars a million are thousands of nano-dollars a token. */
export const nanoOf = (usdPerMillion: Parameters<typeof multiply>[0], tokens: number): number =>
  Number(roundHalfEven(multiply(usdPerMillion, { digits: BigInt(tokens), exponent: 3 })))
