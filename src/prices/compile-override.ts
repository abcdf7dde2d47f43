import type { PriceQuery } from '../domain/price.ts'
import type { PriceSheet } from './compile-price.ts'
import type { Found } from './find-price.ts'
import { modifyBands, scaled } from './modify-rates.ts'
import type { SourcedOverride } from './override-match.ts'
import { type Band, formatDecimal, type PieceRates, type Rates } from './rates.ts'

/** What the book lists for the same model, before any modifier. */
export type Listed = { readonly found: Found; readonly sheet: PriceSheet }

/** An entry with rates of its own, as a price sheet; the book fills the classes it leaves out. */
export function sheetOfRates(
  entry: SourcedOverride,
  bands: readonly Band[],
  listed: Listed | null,
  query: PriceQuery,
  at: number,
): PriceSheet {
  const book = otherClasses(listed?.sheet.bands[0]?.rates ?? {})
  const filled = bands.map((band) => ({ ...band, rates: { ...book, ...band.rates } }))
  const isForTier = entry.serviceTier !== null
  return {
    ...headOf(entry, listed?.sheet.target ?? nameOf(query)),
    bands:
      listed === null || isForTier
        ? filled.map((band) => ({ ...band, factors: [], warnings: [] }))
        : modifyBands(filled, listed.found, query, at, 'factors'),
    fees: mergedFees(entry.fees, listed?.sheet.fees ?? {}),
  }
}

/**
 * The price of another model, or of the book, under this entry: at its discount, where it has one.
 */
export function sheetOfOther(entry: SourcedOverride, sheet: PriceSheet): PriceSheet {
  const factor = 'factor' in entry.price ? entry.price.factor : null
  const notes = entry.price.kind === 'as' ? [`as ${sheet.target} (${entry.path})`] : []
  if (factor !== null) notes.push(`override × ${formatDecimal(factor)} (${entry.path})`)
  return {
    ...headOf(entry, sheet.target),
    since: sheet.since,
    bands: sheet.bands.map((band) => ({
      ...band,
      rates: factor === null ? band.rates : scaled(band.rates, factor),
      factors: [...band.factors, ...notes],
    })),
    fees: mergedFees(entry.fees, sheet.fees),
  }
}

/** An entry that makes a model free. */
export const sheetOfFree = (entry: SourcedOverride, query: PriceQuery): PriceSheet => ({
  ...headOf(entry, nameOf(query)),
  bands: [{ above: -1, rates: {}, factors: [], warnings: [] }],
  fees: entry.fees,
})

export const nameOf = ({ provider, model }: Pick<PriceQuery, 'provider' | 'model'>): string =>
  provider === undefined ? model : `${provider}:${model}`

const headOf = (entry: SourcedOverride, target: string) => ({
  source: `override ${entry.path} ${entry.at}`,
  target,
  since: entry.from === null ? null : new Date(entry.from).toISOString().slice(0, 10),
})

const mergedFees = (own: PieceRates, book: PieceRates): PieceRates => ({
  webSearch: own.webSearch ?? book.webSearch,
  fileSearch: own.fileSearch ?? book.fileSearch,
  codeSession: own.codeSession ?? book.codeSession,
  request: own.request ?? book.request,
})

/** The book's rates for caching and other modalities; input and output are the entry's own. */
function otherClasses({ input: _input, output: _output, ...others }: Rates): Rates {
  return others
}
