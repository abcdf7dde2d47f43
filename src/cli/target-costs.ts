import { costTotal, type PriceBook, type PriceQuery } from '../domain/price.ts'
import { readTarget } from '../prices/model-name.ts'
import type { CostOf } from '../worlds/model-costs.ts'

/** The price book as a simulation asks it: what tokens cost at a target at a moment, by its list or its batch service. */
export const targetCosts =
  (book: PriceBook, tier: Pick<PriceQuery, 'serviceTier'> = {}): CostOf =>
  (target, usage, at, way) => {
    const query = { ...readTarget(target), ...tier, ...way, ...(Number.isNaN(at) ? {} : { at }) }
    const pricing = book.price(query, usage)
    if (pricing.kind !== 'priced' || pricing.warnings.some(isWayUnpriced)) return null
    return costTotal(pricing.cost)
  }

/** The list price is known, and not what this way changes about it. */
const isWayUnpriced = (warning: string): boolean =>
  warning === 'service-tier-unpriced' || warning === 'speed-unpriced'
