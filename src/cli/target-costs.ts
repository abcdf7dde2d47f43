import { costTotal, type PriceBook, type PriceQuery } from '../domain/price.ts'
import { readTarget } from '../prices/model-name.ts'
import type { CostOf } from '../worlds/model-costs.ts'

/** The price book as a simulation asks it: what tokens cost at a target at a moment, by its list or its batch service. */
export const targetCosts =
  (book: PriceBook, tier: Pick<PriceQuery, 'serviceTier'> = {}): CostOf =>
  (target, usage, at) => {
    const query = { ...readTarget(target), ...tier, ...(Number.isNaN(at) ? {} : { at }) }
    const pricing = book.price(query, usage)
    if (pricing.kind !== 'priced' || pricing.warnings.includes('service-tier-unpriced')) return null
    return costTotal(pricing.cost)
  }
