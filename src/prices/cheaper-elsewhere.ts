import type { Provider } from '@pydantic/genai-prices'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal, type PriceSource } from '../domain/price.ts'
import { totalInputTokens, type Usage } from '../domain/usage.ts'
import type { Catalog, CatalogModel } from './catalog.ts'
import { compile, sheetOf } from './compile-price.ts'
import { bandFor, costOfUsage } from './cost-of-usage.ts'
import { findPrice } from './find-price.ts'
import type { OpenPriceBook } from './price-book.ts'

/** The same usage priced at another provider of the same model. */
export type Offer = {
  readonly provider: string
  readonly model: string
  readonly costNanoUsd: NanoUsd
  readonly price: PriceSource
}

/** Plans sold by the seat, whose prices by the token nobody else can buy. */
const notForSale = new Set(['github-copilot', 'cursor'])

/**
 * Where the book lists the same model for less, cheapest first. "The same" is an id that is equal
 * after vendor prefixes, dates and punctuation; free variants are left out, being limited. Quality
 * and speed are not compared.
 */
export function cheaperElsewhere(
  book: OpenPriceBook,
  query: { readonly provider?: string; readonly model: string; readonly at?: number },
  usage: Usage,
): readonly Offer[] {
  const now = book.price(query, usage)
  const found = findPrice(book.context.catalog, query)
  if (now.kind !== 'priced' || found.kind !== 'found') return []
  const at = query.at ?? Date.parse(book.date)
  const cost = costTotal(now.cost)
  return (sellersOf(book.context.catalog).get(modelKey(found.model.id)) ?? [])
    .filter(({ provider }) => provider.id !== found.provider.id && !notForSale.has(provider.id))
    .flatMap((seller) => offerOf(book.context.catalog, seller, usage, at) ?? [])
    .filter(({ costNanoUsd }) => costNanoUsd < cost)
    .sort((a, b) => a.costNanoUsd - b.costNanoUsd || (a.provider < b.provider ? -1 : 1))
}

function offerOf(catalog: Catalog, seller: CatalogModel, usage: Usage, at: number): Offer | null {
  const { provider, model } = seller
  const found = { kind: 'found', ...seller, region: undefined, online: false, free: false } as const
  const sheet = sheetOf(catalog, found, { provider: provider.id, model: model.id }, at)
  if (sheet === null) return null
  const compiled = compile(sheet)
  const band =
    compiled.kind === 'bands' ? bandFor(compiled.bands, totalInputTokens(usage)) : undefined
  if (band?.rates.input === undefined) return null
  return {
    provider: provider.id,
    model: model.id,
    costNanoUsd: costTotal(costOfUsage(band.vector, usage)),
    price: band.price,
  }
}

const sellers = new WeakMap<Catalog, ReadonlyMap<string, readonly CatalogModel[]>>()

/** Every seller of each model of a book, gathered once. */
function sellersOf(catalog: Catalog): ReadonlyMap<string, readonly CatalogModel[]> {
  const known = sellers.get(catalog)
  if (known !== undefined) return known
  const gathered = new Map<string, CatalogModel[]>()
  for (const listed of catalog.providers.flatMap(listedBy)) {
    const key = modelKey(listed.model.id)
    gathered.set(key, [...(gathered.get(key) ?? []), listed])
  }
  sellers.set(catalog, gathered)
  return gathered
}

const listedBy = (provider: Provider): readonly CatalogModel[] =>
  provider.models
    .filter(({ id }) => !/:(free|batch|thinking|extended)/.test(id))
    .map((model) => ({ provider, model }))

/** A model's id without who sells it, its date and its punctuation. */
export function modelKey(id: string): string {
  return id
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^(regional|global|us|eu|apac)\./, '')
    .replace(/^(anthropic|amazon|meta|mistral|cohere|deepseek|qwen|openai|google|nvidia)\./, '')
    .replace(/-v\d+(:\d+)?$/, '')
    .replace(/[-@]20\d{2}-?[01]\d-?[0-3]\d$/, '')
    .replace(/-latest$/, '')
    .replace(/[._:@]/g, '-')
}
