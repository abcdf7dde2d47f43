import type { PriceQuery, Pricing } from '../../src/domain/price.ts'
import { costTotal } from '../../src/domain/price.ts'
import { type Fees, noUsage, type Usage } from '../../src/domain/usage.ts'
import type { OpenPriceBook } from '../../src/prices/price-book.ts'

/** A usage with only the counts a test is about. */
export const usageOf = (counts: Partial<Usage>): Usage => ({ ...noUsage, ...counts })

/** What a request costs in nano-dollars, or the reason why it has no price. */
export function amountOf(
  book: OpenPriceBook,
  query: PriceQuery,
  counts: Partial<Usage>,
  fees?: Fees,
): number | string {
  const pricing = book.price(query, usageOf(counts), fees)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : pricing.reason
}

export function priced(pricing: Pricing): Extract<Pricing, { kind: 'priced' }> {
  if (pricing.kind !== 'priced') throw new Error(`unpriced: ${pricing.reason}`)
  return pricing
}

export const usd = (dollars: number): number => Math.round(dollars * 1e9)
export const at = (time: string): number => Date.parse(time)
export const million = 1_000_000
