import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { findProvider } from '../prices/catalog.ts'
import { nearestWords } from '../prices/did-you-mean.ts'
import { listPrices, type PriceListing } from '../prices/list-prices.ts'
import type { OpenPriceBook } from '../prices/price-book.ts'
import { overrideSnippet, suggestModels } from '../prices/suggest-models.ts'
import { formatJson } from '../report/json.ts'
import { plural } from '../report/numbers.ts'
import { isoNow, nowMs } from './clock.ts'
import type { StoreFlags } from './common-options.ts'
import { openRunPrices } from './price-book.ts'
import { priceDataPath, storedPriceData } from './price-data.ts'
import { priceData, priceTable } from './price-table.ts'
import { printTable, type TableFormat } from './print-table.ts'
import type { Terminal } from './terminal.ts'

export type PricesFlags = StoreFlags & {
  readonly provider?: string
  readonly at?: string
  readonly prices?: string[]
  readonly format?: TableFormat
}

/** `llmcost prices`: what the price book says, of one model or of all. */
export async function runPrices(
  model: string | undefined,
  flags: PricesFlags,
  terminal: Terminal,
): Promise<number> {
  const { book } = await openRunPrices(flags, terminal)
  const provider = flags.provider === undefined ? undefined : providerId(book, flags.provider)
  const found = listPrices(book, {
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider }),
  })
  if (found.length === 0) throw unknownModel(book, model ?? '', provider)
  const listings = flags.at === undefined ? found : inForce(book, found, momentOf(flags.at))
  print(book, listings, flags.format ?? 'table', terminal)
  return 0
}

function providerId(book: OpenPriceBook, name: string): string {
  const { catalog, overrides } = book.context
  const own = overrides.flatMap(({ target }) => target.split(':', 1))
  const found = findProvider(catalog, name)?.id
  if (found !== undefined) return found
  if (own.includes(name)) return name
  const ids = [...catalog.providers.map(({ id }) => id), ...own]
  const near = nearestWords(name, ids, 3)
  throw new UserError(`unknown provider "${name}"`, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(', ')}?`
        : `providers: ${ids.toSorted().join(', ')}`,
  })
}

function unknownModel(book: OpenPriceBook, model: string, provider: string | undefined): UserError {
  const where = provider === undefined ? '' : ` at ${provider}`
  const all = suggestModels(book, model)
  const near = provider === undefined ? all : all.filter((name) => name.startsWith(`${provider}:`))
  const target = provider === undefined ? model : `${provider}:${model}`
  return new UserError(`unknown model "${model}"${where}`, {
    hint:
      near.length > 0
        ? `did you mean ${near.map((name) => `"${name}"`).join(', ')}? \`llmcost prices\` lists every known model.`
        : `give it a price with --prices FILE (or LLMCOST_PRICES), where FILE holds\n${overrideSnippet(target).trimEnd()}`,
  })
}

function momentOf(date: string): number {
  const at = timeOf(date)
  if (at !== undefined) return at
  throw new UserError(`--at "${date}" is no date`, { hint: 'write it as 2026-08-01' })
}

/** The rows that hold at a moment: of a model's dated rates the last that has begun, and those of the hours of a day. */
function inForce(
  book: OpenPriceBook,
  listings: readonly PriceListing[],
  at: number,
): readonly PriceListing[] {
  const day = new Date(at).toISOString().slice(0, 10)
  const ended = new Set(
    book.context.overrides
      .filter(({ to }) => to !== null && to <= at)
      .map(({ path, at: place }) => `override ${path} ${place}`),
  )
  const dated = (listing: PriceListing) => !isOverride(listing) && listing.hours === null
  const keyOf = ({ provider, model }: PriceListing) => `${provider} ${model}`
  const latest = new Map<string, PriceListing>()
  for (const listing of listings.filter(dated)) {
    const hasBegun = listing.since === null || listing.since <= day
    if (hasBegun || !latest.has(keyOf(listing))) latest.set(keyOf(listing), listing)
  }
  return listings.filter((listing) => {
    if (dated(listing)) return latest.get(keyOf(listing)) === listing
    return (listing.since === null || listing.since <= day) && !ended.has(listing.source)
  })
}

const isOverride = ({ source }: PriceListing): boolean => source.startsWith('override ')

const dayMs = 86_400_000

const ageDays = (book: OpenPriceBook, terminal: Terminal): number =>
  Math.max(0, Math.floor((nowMs(terminal) - Date.parse(book.date)) / dayMs))

function print(
  book: OpenPriceBook,
  listings: readonly PriceListing[],
  format: TableFormat,
  terminal: Terminal,
): void {
  if (format === 'json') {
    terminal.stdout.write(formatJson(jsonOf(book, listings, terminal)))
    return
  }
  if (format === 'csv') {
    const { columns, rows } = priceData(listings)
    printTable(terminal, columns, rows, 'csv')
    return
  }
  const { columns, rows } = format === 'table' ? priceTable(listings) : priceData(listings)
  terminal.stdout.write(`${headline(book, listings, terminal)}\n\n`)
  printTable(terminal, columns, rows, format)
  if (format === 'table') terminal.stdout.write(modifierLines(listings))
}

function headline(
  { name, date, ...book }: OpenPriceBook,
  listings: readonly PriceListing[],
  terminal: Terminal,
): string {
  const age = ageDays({ name, date, ...book }, terminal)
  const models = new Set(listings.map(({ provider, model }) => `${provider}:${model}`)).size
  return `${name}, prices of ${date} (${plural(age, 'day')} old): ${plural(models, 'model')}, USD per million tokens`
}

/** What changes the price of one model; with many models it would be repeated without end. */
function modifierLines(listings: readonly PriceListing[]): string {
  const models = new Set(listings.map(({ provider, model }) => `${provider}:${model}`))
  if (models.size > fewModels) return ''
  return [...models]
    .map((key) => {
      const rows = listings.filter(({ provider, model }) => `${provider}:${model}` === key)
      const lines = new Set(rows.flatMap(({ modifiers }) => modifiers))
      return lines.size === 0 ? '' : `\n${key}\n${[...lines].map((line) => `  ${line}\n`).join('')}`
    })
    .join('')
}

const fewModels = 3

function jsonOf(
  book: OpenPriceBook,
  listings: readonly PriceListing[],
  terminal: Terminal,
): object {
  return {
    kind: 'prices',
    version: 1,
    generatedAt: isoNow(terminal),
    book: {
      name: book.name,
      date: book.date,
      ageDays: ageDays(book, terminal),
      fingerprint: book.fingerprint,
      file: storedPriceData(terminal) === null ? null : priceDataPath(terminal),
    },
    prices: listings.map((listing) => ({
      ...listing,
      bands: listing.bands.map(({ above, usdPerMillion }) => ({
        above,
        usdPerMillion: Object.fromEntries(
          Object.entries(usdPerMillion).map(([name, usd]) => [name, Number(usd)]),
        ),
      })),
    })),
  }
}
