import { type CatalogModel, type DatedPrice, datedPrices } from './catalog.ts'
import { findPrice } from './find-price.ts'
import { readTarget } from './model-name.ts'
import { modifiersOf } from './modify-rates.ts'
import type { SourcedOverride } from './override-match.ts'
import type { OpenPriceBook } from './price-book.ts'
import { type Band, formatDecimal, type RateClass, rateClasses, readBands } from './rates.ts'

/** One row of the price book: a model's rates from a day on, or in some hours of the day. */
export type PriceListing = {
  readonly provider: string | null
  readonly model: string
  /** First day of these rates (ISO), or null where they were always so. */
  readonly since: string | null
  /** UTC, e.g. "00:30–16:30", or null for all day. */
  readonly hours: string | null
  /** "genai-prices 0.1.8", "override prices.yaml prices[0]". */
  readonly source: string
  /** Lowest first; empty where the model is not priced by the token. */
  readonly bands: readonly {
    /** Requests with more input tokens than this; null for the rates below every band. */
    readonly above: number | null
    /** Exact decimal strings, only the classes that are listed. */
    readonly usdPerMillion: { readonly [C in RateClass]?: string }
  }[]
  /** Other units the book prices it by, in dollars: "web_searches_kcount 10". */
  readonly otherUnits: readonly string[]
  /** What changes these rates: "batch × 0.5 (source)". */
  readonly modifiers: readonly string[]
  /** What an override says in words: "as openai:gpt-4o", "free". */
  readonly note: string | null
}

export type PriceFilter = {
  /** A name as logs write it ("azure/gpt-4o"), "provider:model", or a part of a model's id. */
  readonly model?: string
  readonly provider?: string
}

/** The rows of the book that a filter asks for: overrides first, then by provider and model. */
export function listPrices(book: OpenPriceBook, filter: PriceFilter = {}): readonly PriceListing[] {
  const { catalog, overrides } = book.context
  const models = selectedModels(book, filter)
  const own = overrides.filter(
    (entry) =>
      (filter.model === undefined || entry.target.includes(filter.model.toLowerCase())) &&
      (filter.provider === undefined || entry.target.startsWith(`${filter.provider}:`)),
  )
  const rows = models.flatMap((listed) =>
    datedPrices(listed.model).map((row) => listingOf(listed, row, catalog.name)),
  )
  // A stable sort: the rows of one model keep the order of the book.
  rows.sort((a, b) => compare(nameOf(a), nameOf(b)))
  return [...own.map(overrideListing), ...rows]
}

const nameOf = ({ provider, model }: PriceListing): string => `${provider ?? ''} ${model}`
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function selectedModels({ context }: OpenPriceBook, filter: PriceFilter): readonly CatalogModel[] {
  const all = context.catalog.providers
    .filter(({ id }) => filter.provider === undefined || id === filter.provider)
    .flatMap((provider) => provider.models.map((model) => ({ provider, model })))
  if (filter.model === undefined) return all
  const text = filter.model.toLowerCase()
  const found = findPrice(context.catalog, { provider: filter.provider, ...readTarget(text) })
  const exact = found.kind === 'found' ? [found] : []
  const part = all.filter(({ provider, model }) =>
    `${provider.id}:${model.id}`.toLowerCase().includes(text),
  )
  const isNew = (listed: CatalogModel) => !exact.some(({ model }) => model === listed.model)
  return [...exact, ...part.filter(isNew)]
}

function listingOf(listed: CatalogModel, row: DatedPrice, source: string): PriceListing {
  const { provider, model } = listed
  const bands = readBands(row.price)
  return {
    provider: provider.id,
    model: model.id,
    since: row.since,
    hours: row.hours === null ? null : `${clock(row.hours.from)}–${clock(row.hours.to)}`,
    source,
    bands: (bands ?? []).map(shownBand),
    otherUnits: Object.entries(row.price)
      .filter(([key, value]) => !key.endsWith('_mtok') && typeof value === 'number')
      .map(([key, value]) => `${key} ${value}`),
    modifiers: modifiersOf(listed),
    note: Object.keys(row.price).length === 0 ? 'free' : null,
  }
}

const shownBand = ({ above, rates }: Band): PriceListing['bands'][number] => ({
  above: above < 0 ? null : above,
  usdPerMillion: Object.fromEntries(
    rateClasses.flatMap((name) => {
      const rate = rates[name]
      return rate === undefined ? [] : [[name, formatDecimal(rate)]]
    }),
  ),
})

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const twoDigits = (value: number) => String(value).padStart(2, '0')
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

function overrideListing(entry: SourcedOverride): PriceListing {
  const { provider = null, model } = readTarget(entry.target)
  return {
    provider,
    model,
    since: entry.from === null ? null : new Date(entry.from).toISOString().slice(0, 10),
    hours: null,
    source: `override ${entry.path} ${entry.at}`,
    bands: entry.price.kind === 'rates' ? entry.price.bands.map(shownBand) : [],
    otherUnits: [],
    modifiers: entry.serviceTier === null ? [] : [`only on service tier ${entry.serviceTier}`],
    note: overrideNote(entry.price),
  }
}

function overrideNote(price: SourcedOverride['price']): string | null {
  switch (price.kind) {
    case 'rates':
      return null
    case 'as':
      return `as ${price.target}${price.factor === null ? '' : ` × ${formatDecimal(price.factor)}`}`
    case 'factor':
      return `× ${formatDecimal(price.factor)}`
    case 'hourly':
      return `$${formatDecimal(price.usdPerHour)} an hour, ${price.atOnce} at once`
    case 'free':
      return 'free'
  }
}
