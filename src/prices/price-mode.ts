import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { costTotal, type PriceSource, type Pricing } from '../domain/price.ts'
import type { Fees } from '../domain/usage.ts'
import { fingerprintOf } from './compile-price.ts'
import { noCost } from './cost-of-usage.ts'

/**
 * Whose price counts. `computed`: overrides and the price book only. `logged`: what the log says it
 * cost, only. `auto`: override, then the book, then the log where the book does not know the model.
 */
export type PriceMode = 'computed' | 'logged' | 'auto'

/** What one request is charged in a report, beside what the log and the book say of it. */
export type Charge = {
  readonly pricing: Pricing
  /** What the log says it cost, whatever counts; null where it does not say. */
  readonly reportedNanoUsd: NanoUsd | null
  /** What the book says it cost, whatever counts; null where it cannot say. */
  readonly computedNanoUsd: NanoUsd | null
  /** What a cached answer would have cost; zero for an answer that was paid for. */
  readonly avoidedNanoUsd: NanoUsd
}

/**
 * Combines the price book's answer with the log's own cost. An answer served from a cache costs
 * nothing, and neither does a call that failed before anything was used, whatever its model.
 */
export function chargeOf(
  pricing: Pricing,
  logged: {
    readonly loggedCostNanoUsd?: NanoUsd | undefined
    readonly servedFromCache?: boolean | undefined
    /** It failed, and used neither tokens nor what is billed by the piece. */
    readonly failedUnused?: boolean | undefined
  },
  mode: PriceMode,
): Charge {
  const reported = logged.loggedCostNanoUsd ?? null
  const computed = pricing.kind === 'priced' ? costTotal(pricing.cost) : null
  const columns = { reportedNanoUsd: reported, computedNanoUsd: computed }
  if (logged.servedFromCache === true) {
    return { pricing: freeOf(cacheSource), ...columns, avoidedNanoUsd: computed ?? zeroNanoUsd }
  }
  const known = chosen(pricing, reported, mode)
  const isFree = known.kind === 'unpriced' && logged.failedUnused === true
  return {
    pricing: isFree ? freeOf(failureSource) : known,
    ...columns,
    avoidedNanoUsd: zeroNanoUsd,
  }
}

/** A price with what other calls for the same request cost, which a total out of the log holds already. */
export function withOtherCalls(pricing: Pricing, fees: Fees | undefined): Pricing {
  const others = fees?.otherCallsNanoUsd ?? zeroNanoUsd
  if (others === 0 || pricing.kind === 'unpriced' || pricing.price === loggedSource) return pricing
  const other = (pricing.cost.other + others) as NanoUsd
  return { ...pricing, cost: { ...pricing.cost, other } }
}

const freeOf = (price: PriceSource): Pricing => ({
  kind: 'priced',
  cost: noCost,
  price,
  warnings: [],
})

function chosen(pricing: Pricing, reported: NanoUsd | null, mode: PriceMode): Pricing {
  switch (mode) {
    case 'computed':
      return pricing
    case 'auto':
      return pricing.kind === 'priced' || reported === null ? pricing : asLogged(pricing, reported)
    case 'logged': {
      if (reported !== null) return asLogged(pricing, reported)
      const warnings = [...pricing.warnings, 'logged-cost-missing']
      return { kind: 'unpriced', reason: 'no-rate', warnings }
    }
  }
}

/** The log's total has no classes; the book's remarks about its own price do not apply to it. */
const asLogged = (_pricing: Pricing, reported: NanoUsd): Pricing => ({
  kind: 'priced',
  cost: { ...noCost, other: reported },
  price: loggedSource,
  warnings: [],
})

const sourceWithoutRates = (source: string): PriceSource => {
  const unknown = { input: '0', cacheRead: '0', cacheWrite5m: '0', cacheWrite1h: '0', output: '0' }
  const parts = { source, target: '', since: null, band: null, usdPerMillion: unknown, factors: [] }
  return { id: fingerprintOf(parts), ...parts }
}

const loggedSource = sourceWithoutRates('logged')
const cacheSource = sourceWithoutRates('served from cache')
const failureSource = sourceWithoutRates('failed unused')
