import {
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  type Provider,
  waitForUpdate,
} from '@pydantic/genai-prices'
import { readCatalogFile } from './catalog-file.ts'

/** The providers and models of a price file in the schema of genai-prices (version 2). */
export type Catalog = {
  /** "genai-prices 0.1.8": the file's name for reports. */
  readonly name: string
  /** The day the file speaks for (ISO); a request without a time is priced on it. */
  readonly date: string
  readonly providers: readonly Provider[]
}

/**
 * A model as a provider sells it; through Azure and Vertex it may be listed under the model's
 * maker.
 */
export type CatalogModel = { readonly provider: Provider; readonly model: ModelInfo }

/** One row of a model's dated price list, in the order of the file. */
export type DatedPrice = {
  readonly price: ModelPrice
  /** ISO day, or null for the price that was always there. */
  readonly since: string | null
  /** Seconds of the UTC day; may wrap midnight. */
  readonly hours: { readonly from: number; readonly to: number } | null
}

/** The package's version; a test compares it with the one installed. */
const bundledVersion = '0.1.8'
/** When that version was published: the last day its prices were checked against their sources. */
const bundledDate = '2026-09-23'

// Read through the package's own accessor: with no update under way it answers with the bundled
// file.
const bundledProviders = await waitForUpdate()

/** The price file bundled with the package, or the one that `prices update` stored. */
export function openCatalog(file: unknown, date: string | undefined): Catalog {
  if (file !== undefined) {
    const providers = readCatalogFile(file)
    const newest = newestDate(providers)
    return { name: 'genai-prices (updated)', date: date ?? newest ?? bundledDate, providers }
  }
  return {
    name: `genai-prices ${bundledVersion}`,
    date: date ?? bundledDate,
    providers: bundledProviders ?? [],
  }
}

/** The provider a log means by this name: the file's id first, then its own pattern. */
export function findProvider(catalog: Catalog, name: string): Provider | undefined {
  const wanted = name.toLowerCase().trim()
  return (
    catalog.providers.find((provider) => provider.id === wanted) ??
    catalog.providers.find(
      (provider) => provider.provider_match && matches(provider.provider_match, wanted),
    )
  )
}

/** The provider whose models are named like this one. */
export function findProviderOfModel(catalog: Catalog, model: string): Provider | undefined {
  return catalog.providers.find(
    (provider) => provider.model_match && matches(provider.model_match, model),
  )
}

/**
 * The model a provider sells under this name, by the file's ordered patterns; no guess beyond them.
 */
export function findModel(
  catalog: Catalog,
  provider: Provider,
  name: string,
): CatalogModel | undefined {
  const model =
    provider.models.find((candidate) => matches(candidate.match, name)) ??
    fallbackModel(catalog, provider, name) ??
    // Some ids ("fireworks:deepseek-v3p2") are not among their own patterns, yet people copy them
    // from the list.
    provider.models.find((candidate) => candidate.id.toLowerCase() === name)
  return model && { provider, model }
}

function fallbackModel(catalog: Catalog, provider: Provider, name: string): ModelInfo | undefined {
  for (const id of provider.fallback_model_providers ?? []) {
    const maker = catalog.providers.find((candidate) => candidate.id === id)
    const model = maker?.models.find((candidate) => matches(candidate.match, name))
    if (model) return model
  }
  return undefined
}

/** A model's prices in the order of the file; the last row that holds at a moment is the price. */
export function datedPrices(model: ModelInfo): readonly DatedPrice[] {
  if (!Array.isArray(model.prices)) return [{ price: model.prices, since: null, hours: null }]
  return model.prices.map(({ constraint, prices }) => {
    if (constraint === undefined) return { price: prices, since: null, hours: null }
    if ('start_date' in constraint) {
      return { price: prices, since: constraint.start_date, hours: null }
    }
    const hours = {
      from: secondsOfDay(constraint.start_time),
      to: secondsOfDay(constraint.end_time),
    }
    return { price: prices, since: null, hours }
  })
}

/** The row in force at a moment, as the package chooses it. */
export function priceAt(prices: readonly DatedPrice[], at: number): DatedPrice | undefined {
  const seconds = Math.floor((((at % dayMs) + dayMs) % dayMs) / 1000)
  for (let i = prices.length - 1; i >= 0; i--) {
    const row = prices[i]
    if (row === undefined) continue
    if (row.hours !== null ? isWithin(row.hours, seconds) : startsBy(row, at)) return row
  }
  return prices[0]
}

const dayMs = 86_400_000

const startsBy = (row: DatedPrice, at: number): boolean =>
  row.since === null || Date.parse(row.since) <= at

const isWithin = (hours: { readonly from: number; readonly to: number }, seconds: number) =>
  hours.to < hours.from
    ? seconds >= hours.from || seconds < hours.to
    : seconds >= hours.from && seconds < hours.to

/** "16:30:00Z" or "16:30:00+08:00" as seconds of the UTC day. */
export function secondsOfDay(time: string): number {
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(time)
  if (match === null) return Number.NaN
  const [, hours, minutes, seconds, sign, offsetHours, offsetMinutes] = match
  const local = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60
  return (local - (sign === '-' ? -offset : offset) + 86_400) % 86_400
}

function matches(logic: MatchLogic, text: string): boolean {
  if ('or' in logic) return logic.or.some((part) => matches(part, text))
  if ('and' in logic) return logic.and.every((part) => matches(part, text))
  if ('equals' in logic) return text === logic.equals.toLowerCase()
  if ('starts_with' in logic) return text.startsWith(logic.starts_with.toLowerCase())
  if ('ends_with' in logic) return text.endsWith(logic.ends_with.toLowerCase())
  if ('contains' in logic) return text.includes(logic.contains.toLowerCase())
  return new RegExp(logic.regex).test(text)
}

function newestDate(providers: readonly Provider[]): string | undefined {
  const dates = providers
    .flatMap((provider) => provider.models)
    .flatMap((model) => datedPrices(model).map((row) => row.since ?? ''))
  const newest = dates.toSorted().at(-1)
  return newest === '' ? undefined : newest
}
