import type { AnalyzePrices, CostsAt } from '../analyze/options.ts'
import { costTotal, type PriceBook, type PriceQuery } from '../domain/price.ts'
import { noUsage } from '../domain/usage.ts'
import { cheaperElsewhere } from '../prices/cheaper-elsewhere.ts'
import { overrideSnippet, suggestModels } from '../prices/suggest-models.ts'
import type { RunPrices } from './price-book.ts'

/** One token asks for a price without caring for the amount. */
const oneToken = { ...noUsage, inputTokens: 1 }

/** The price book as the report asks it: prices of other models, of today and of a request's time. */
export function analyzePrices({ book, fingerprint }: RunPrices): AnalyzePrices {
  const named = (provider: string | null) => (provider === null ? {} : { provider })
  return {
    name: book.name,
    date: book.date,
    fingerprint,
    priceOf(provider, model) {
      const pricing = book.price({ ...named(provider), model }, oneToken)
      return pricing.kind === 'priced' ? pricing.price : null
    },
    cheaperElsewhere(provider, model, usage) {
      const [offer] = cheaperElsewhere(book, { ...named(provider), model }, usage)
      return offer ?? null
    },
    costsAt: ({ provider, model }, way) => costsAt(book, { ...named(provider), model, ...way }),
    snippetFor: (model) => overrideSnippet(model, suggestModels(book, model, 1)[0]),
  }
}

/** Services that cost less than the list: who does not offer them asks for its list price. */
const isDiscount = /^(service_tier_)?(batch|flex)$/i

function costsAt(book: PriceBook, query: PriceQuery): CostsAt {
  const discounted = isDiscount.test(query.serviceTier ?? '')
  return (usage, at) => {
    const pricing = book.price(Number.isNaN(at) ? query : { ...query, at }, usage)
    if (pricing.kind !== 'priced') return null
    const isUnknown = pricing.warnings.some(
      (warning) =>
        warning === 'speed-unpriced' || (warning === 'service-tier-unpriced' && !discounted),
    )
    return isUnknown ? null : costTotal(pricing.cost)
  }
}
