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

  add(name: CellName, usage: TokenCounts, costNanoUsd: CellCosts): void {
    addTo(this.sumOf(name), usage, costNanoUsd)
  }

  /** The sum that requests of this name are added to. */
  sumOf(name: CellName): CellSum {
    const key = keyOf(name)
    const known = this.#byName.get(key)
    if (known !== undefined) return known
    const sum = { ...name, requests: 0, ...noTokens, costNanoUsd: { ...noCosts } }
    this.#byName.set(key, sum)
    return sum
  }

  /** By name. */
  cells(): readonly SnapshotCell[] {
    return [...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
  }
}

function addTo(sum: CellSum, usage: TokenCounts, costNanoUsd: CellCosts): void {
  sum.requests++
  for (const name of usageColumns) {
    sum[name] += usage[name]
    sum.costNanoUsd[name] += costNanoUsd[name]
  }
  sum.costNanoUsd.whole += costNanoUsd.whole
  sum.costNanoUsd.fees += costNanoUsd.fees
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
  // A name is long to put together, and a million requests have few.
  const known = new Map<number, CellSum>()
  for (const segment of source.segments(columns)) {
    for (let row = 0; row < segment.length; row++) {
      const cell: Cell = (name) => segment[name][row] as number
      const price = source.prices[cell('price')] ?? null
      const pricing = pricingOf(cell, price)
      const number = (cell('profile') * mostPrices + cell('price')) * pricings.length
      const key = number + pricings.indexOf(pricing)
      let sum = known.get(key)
      if (sum === undefined) {
        const band = pricing === 'tokens' ? (price?.band ?? null) : null
        sum = sums.sumOf({ ...(profiles[cell('profile')] as ProfileName), band, pricing })
        known.set(key, sum)
      }
      addRow(sum, cell, price)
    }
  }
  return sums.cells()
}

const pricings: readonly CellName['pricing'][] = ['tokens', 'whole', 'unpriced', 'cache']
/** Above any number of a price. */
const mostPrices = 2 ** 24

/** One of a million: nothing is made for it. */
function addRow(sum: CellSum, cell: Cell, price: PriceSource | null): void {
  const { costNanoUsd } = sum
  sum.requests++
  for (const name of usageColumns) sum[name] += cell(name)
  const other = orZero(cell('costOther'))
  if (sum.pricing === 'whole') {
    costNanoUsd.whole += other
    costNanoUsd.fees += orZero(cell('cost')) - other
    return
  }
  const written = orZero(cell('costCacheWrite'))
  const fiveMinutes = fiveMinuteCost(cell, written, price)
  costNanoUsd.inputTokens += orZero(cell('costInput'))
  costNanoUsd.cacheReadTokens += orZero(cell('costCacheRead'))
  costNanoUsd.cacheWrite5mTokens += fiveMinutes
  costNanoUsd.cacheWrite1hTokens += written - fiveMinutes
  costNanoUsd.outputTokens += orZero(cell('costOutput'))
  costNanoUsd.fees += orZero(cell('costTools')) + other
}

/** Both kinds of write are rounded as one sum; the hour's takes what is left of it. */
function fiveMinuteCost(cell: Cell, written: number, price: PriceSource | null): number {
  if (cell('cacheWrite1hTokens') === 0) return written
  const rate = decimalOf(price?.usdPerMillion.cacheWrite5m ?? '0')
  if (rate === null) return 0
  return Math.min(written, nanoOf(rate, cell('cacheWrite5mTokens')))
}

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
  orZero(cell('costOther')) !== 0 &&
  cell('costInput') + cell('costCacheRead') + cell('costCacheWrite') + cell('costOutput') === 0

/** Dollars a million are thousands of nano-dollars a token. */
export const nanoOf = (usdPerMillion: Parameters<typeof multiply>[0], tokens: number): number =>
  Number(roundHalfEven(multiply(usdPerMillion, { digits: BigInt(tokens), exponent: 3 })))
