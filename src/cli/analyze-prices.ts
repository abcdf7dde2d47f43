import type { AnalyzePrices } from '../analyze/options.ts'
import { noUsage } from '../domain/usage.ts'
import { cheaperElsewhere } from '../prices/cheaper-elsewhere.ts'
import { overrideSnippet, suggestModels } from '../prices/suggest-models.ts'
import type { RunPrices } from './price-book.ts'

/** One token asks for a price without caring for the amount. */
const oneToken = { ...noUsage, inputTokens: 1 }

/** The price book as the report asks it: today's prices of other models. */
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
      return offer === undefined
        ? null
        : { target: `${offer.provider}:${offer.model}`, price: offer.price }
    },
    snippetFor: (model) => overrideSnippet(model, suggestModels(book, model, 1)[0]),
  }
}
