import { createHash } from 'node:crypto'
import type { Decimal } from '../domain/money.ts'
import type { PriceQuery, PriceSource, Pricing } from '../domain/price.ts'
import { type Catalog, datedPrices, priceAt } from './catalog.ts'
import type { Found } from './find-price.ts'
import { exactly, type ModifiedBand, modifyBands } from './modify-rates.ts'
import { disagreements, listedFees, onlinePlugin } from './price-rules.ts'
import { componentOf, type PriceVector, zero } from './price-vector.ts'
import { formatDecimal, type PieceRates, type Rates, readBands, readPieceRates } from './rates.ts'

/** A price ready for the hot path: what to multiply, and where it came from. */
export type CompiledBand = {
  readonly above: number
  readonly vector: PriceVector
  readonly rates: Rates
  readonly price: PriceSource
  readonly warnings: readonly string[]
}

export type Compiled =
  | {
      readonly kind: 'bands'
      /** Lowest first; the first holds for every request. */
      readonly bands: readonly CompiledBand[]
      readonly fees: PieceRates
    }
  | (Pricing & { readonly kind: 'unpriced' })

/** Bands before they are compiled: of the book or of an override. */
export type PriceSheet = {
  readonly bands: readonly ModifiedBand[]
  readonly fees: PieceRates
  readonly source: string
  readonly target: string
  readonly since: string | null
}

export const unpriced = (
  reason: 'unknown-model' | 'unknown-provider' | 'no-rate',
  warnings: readonly string[] = [],
): Compiled => ({ kind: 'unpriced', reason, warnings })

/**
 * The book's price of a model for a query at a moment, or null where it lists no price by the
 * token.
 */
export function sheetOf(
  catalog: Catalog,
  found: Found,
  query: PriceQuery,
  at: number,
): PriceSheet | null {
  const { provider, model } = found
  const row = priceAt(datedPrices(model), at)
  const listed = row === undefined ? null : readBands(row.price)
  if (row === undefined || listed === null) return null
  const place = { ...query, region: query.region ?? found.region }
  const bands = modifyBands(found.free ? [{ above: -1, rates: {} }] : listed, found, place, at)
  const plugin = `web plugin $0.02 a request (${onlinePlugin.source})`
  return {
    bands: found.online ? bands.map((b) => ({ ...b, factors: [...b.factors, plugin] })) : bands,
    fees: feesOf(found, readPieceRates(row.price)),
    source: catalog.name,
    target: `${provider.id}:${model.id}${found.free && !model.id.endsWith(':free') ? ':free' : ''}`,
    since: row.since,
  }
}

function feesOf({ provider, model, online }: Found, listed: PieceRates): PieceRates {
  const own = listedFees.filter(
    (row) => row.providers.includes(provider.id) && row.model.test(model.id),
  )
  const fee = (piece: 'webSearch' | 'fileSearch' | 'codeSession') => {
    const usd = own.find((row) => row[piece] !== undefined)?.[piece]
    return listed[piece] ?? (usd === undefined ? undefined : exactly(usd))
  }
  return {
    webSearch: fee('webSearch'),
    fileSearch: fee('fileSearch'),
    codeSession: fee('codeSession'),
    request: online ? exactly(onlinePlugin.usdPerThousand) : listed.request,
  }
}

/** Turns a price sheet into integer vectors. */
export function compile(sheet: PriceSheet): Compiled {
  return {
    kind: 'bands',
    bands: sheet.bands.map((band) => compileBand(band, sheet)),
    fees: sheet.fees,
  }
}

function compileBand(band: ModifiedBand, sheet: PriceSheet): CompiledBand {
  const rates = completed(band.rates)
  const disputed = disagreements.some(
    (row) =>
      row.model.test(sheet.target) && band.above >= row.aboveTokens && sheet.bands.length > 1,
  )
  return {
    above: band.above,
    vector: vectorOf(rates),
    rates: band.rates,
    price: sourceOf(band, rates, sheet),
    warnings: disputed ? [...band.warnings, 'price-source-disagreement'] : band.warnings,
  }
}

type TextClass = 'input' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'output' | 'reasoning'
type CompleteRates = Rates & { readonly [C in TextClass]: Decimal }

/**
 * A class without a price of its own costs what the class around it costs; the book prices
 * embeddings' output at 0.
 */
function completed(rates: Rates): CompleteRates {
  const input = rates.input ?? zero
  const output = rates.output ?? zero
  const cacheWrite5m = rates.cacheWrite5m ?? input
  return {
    ...rates,
    input,
    output,
    cacheWrite5m,
    cacheRead: rates.cacheRead ?? input,
    cacheWrite1h: rates.cacheWrite1h ?? cacheWrite5m,
    reasoning: rates.reasoning ?? output,
  }
}

const vectorOf = (rates: CompleteRates): PriceVector => ({
  input: componentOf(rates.input),
  cacheRead: componentOf(rates.cacheRead),
  cacheWrite: componentOf(rates.cacheWrite5m, rates.cacheWrite1h),
  output: componentOf(rates.output, rates.reasoning),
})

function sourceOf(
  band: ModifiedBand,
  rates: CompleteRates,
  { source, target, since, fees }: PriceSheet,
): PriceSource {
  const parts = {
    source,
    target,
    since,
    band: band.above >= 0 ? `>${band.above}` : null,
    usdPerMillion: {
      input: formatDecimal(rates.input),
      cacheRead: formatDecimal(rates.cacheRead),
      cacheWrite5m: formatDecimal(rates.cacheWrite5m),
      cacheWrite1h: formatDecimal(rates.cacheWrite1h),
      output: formatDecimal(rates.output),
    },
    factors: band.factors,
  }
  const all = [
    parts,
    Object.entries({ ...rates, ...fees }).map(([k, v]) => [k, v && formatDecimal(v)]),
  ]
  return { id: fingerprintOf(all), ...parts }
}

/** Sixteen hexadecimal digits that differ where the value does. */
export const fingerprintOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
