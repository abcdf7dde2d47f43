import type { Decimal } from '../domain/money.ts'
import type { PriceQuery, PriceSource } from '../domain/price.ts'
import { type Catalog, datedPrices } from './catalog.ts'
import { type Listed, nameOf, sheetOfFree, sheetOfOther, sheetOfRates } from './compile-override.ts'
import {
  type Compiled,
  compile,
  fingerprintOf,
  type PriceSheet,
  sheetOf,
  unpriced,
} from './compile-price.ts'
import { type Found, findPrice, type NotFound } from './find-price.ts'
import { readTarget } from './model-name.ts'
import { modifierMoments } from './modify-rates.ts'
import { overrideAt, overridesFor, type SourcedOverride } from './override-match.ts'
import { formatDecimal } from './rates.ts'

/** What the book knows: the listed prices and the user's own, which come first. */
export type PriceContext = {
  readonly catalog: Catalog
  readonly overrides: readonly SourcedOverride[]
}

/** A self-hosted model: a request pays for the time it was answered in. */
export type Hourly = {
  readonly kind: 'hourly'
  readonly usdPerHour: Decimal
  readonly atOnce: number
  readonly price: PriceSource
}

export type Price = Compiled | Hourly

/** When the price of one query changes: between these moments one compiled price holds. */
export type Moments = {
  /** Milliseconds, ascending. */
  readonly days: readonly number[]
  /** True where the price depends on the time of day or the weekday. */
  readonly byMinute: boolean
}

/** Aliases of aliases end here; more is a circle. */
const mostAliases = 5

/** The price of a query at a moment: override, else the book, else a reason why there is none. */
export function compilePrice(context: PriceContext, query: PriceQuery, at: number): Price {
  const sheet = sheetAt(context, query, at, 0)
  if (sheet === null) return unpriced('no-rate')
  if (!('kind' in sheet)) return compile(sheet)
  return sheet.kind === 'hourly' ? sheet : unpriced(sheet.kind)
}

type Sheet = PriceSheet | Hourly | NotFound | null

function sheetAt(context: PriceContext, query: PriceQuery, at: number, depth: number): Sheet {
  const found = findPrice(context.catalog, query)
  const entries = overridesFor(context.overrides, query, idsOf(found))
  const entry = overrideAt(entries, at, query.serviceTier)
  if (entry !== undefined) return overridden(context, entry, found, query, at, depth)
  return found.kind === 'found' ? sheetOf(context.catalog, found, query, at) : found
}

function overridden(
  context: PriceContext,
  entry: SourcedOverride,
  found: Found | NotFound,
  query: PriceQuery,
  at: number,
  depth: number,
): Sheet {
  switch (entry.price.kind) {
    case 'free':
      return sheetOfFree(entry, query)
    case 'rates':
      return sheetOfRates(entry, entry.price.bands, listedFor(context, found, query, at), query, at)
    case 'hourly':
      return hourlyOf(entry, entry.price, query)
    case 'factor': {
      const sheet = found.kind === 'found' ? sheetOf(context.catalog, found, query, at) : found
      return sheet === null || 'kind' in sheet ? sheet : sheetOfOther(entry, sheet)
    }
    case 'as': {
      if (depth >= mostAliases) return { kind: 'unknown-model' }
      const sheet = sheetAt(context, aliasedQuery(query, entry.price.target), at, depth + 1)
      return sheet === null || 'kind' in sheet ? sheet : sheetOfOther(entry, sheet)
    }
  }
}

function listedFor(
  context: PriceContext,
  found: Found | NotFound,
  query: PriceQuery,
  at: number,
): Listed | null {
  if (found.kind !== 'found') return null
  const plain = { provider: query.provider, model: query.model }
  const sheet = sheetOf(context.catalog, found, plain, at)
  return sheet && { found, sheet }
}

/** The same request to the model that an alias names. */
function aliasedQuery(query: PriceQuery, target: string): PriceQuery {
  const { provider, model } = readTarget(target)
  return { ...query, provider, model }
}

function hourlyOf(
  entry: SourcedOverride,
  price: Extract<SourcedOverride['price'], { kind: 'hourly' }>,
  query: PriceQuery,
): Hourly {
  const none = '0'
  const source = {
    source: `override ${entry.path} ${entry.at}`,
    target: nameOf(query),
    since: null,
    band: null,
    usdPerMillion: {
      input: none,
      cacheRead: none,
      cacheWrite5m: none,
      cacheWrite1h: none,
      output: none,
    },
    factors: [
      `$${formatDecimal(price.usdPerHour)} an hour × time answering / ${price.atOnce} at once`,
    ],
  }
  return {
    kind: 'hourly',
    usdPerHour: price.usdPerHour,
    atOnce: price.atOnce,
    price: { id: fingerprintOf(source), ...source },
  }
}

/** Every moment at which the price of a query may change. */
export function momentsOf(context: PriceContext, query: PriceQuery, depth = 0): Moments {
  const found = findPrice(context.catalog, query)
  const entries = overridesFor(context.overrides, query, idsOf(found))
  const own = entries.flatMap((entry) => [entry.from, entry.to].filter((day) => day !== null))
  const listed = found.kind === 'found' ? listedMoments(found) : noMoments
  const aliased = entries.flatMap(({ price }) =>
    price.kind === 'as' && depth < mostAliases
      ? [momentsOf(context, aliasedQuery(query, price.target), depth + 1)]
      : [],
  )
  const all = [listed, ...aliased]
  const days = new Set([...own, ...all.flatMap((moments) => moments.days)])
  return {
    days: [...days].sort((a, b) => a - b),
    byMinute: all.some((moments) => moments.byMinute),
  }
}

const noMoments: Moments = { days: [], byMinute: false }

function listedMoments(found: Found): Moments {
  const rows = datedPrices(found.model)
  const { moments, weekly } = modifierMoments(found)
  return {
    days: [...rows.flatMap(({ since }) => (since === null ? [] : [Date.parse(since)])), ...moments],
    byMinute: weekly || rows.some((row) => row.hours !== null),
  }
}

const idsOf = (found: Found | NotFound): { provider: string; model: string } | null =>
  found.kind === 'found' ? { provider: found.provider.id, model: found.model.id } : null
