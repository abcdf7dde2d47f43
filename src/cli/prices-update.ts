import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { openPriceBook } from '../prices/price-book.ts'
import { formatCount } from '../report/numbers.ts'
import type { StoreFlags } from './common-options.ts'
import { fetchText } from './fetch-text.ts'
import { Narrator } from './narrator.ts'
import { priceDataPath } from './price-data.ts'
import { readText } from './read-text.ts'
import type { Terminal } from './terminal.ts'

export type PricesUpdateFlags = StoreFlags & {
  readonly file?: string
  readonly url?: string
  readonly date?: string
  readonly reset?: boolean
}

/** `llmcost prices update`: puts another price file in place of the bundled one, or takes it back. */
export async function runPricesUpdate(
  flags: PricesUpdateFlags,
  terminal: Terminal,
): Promise<number> {
  const asked = [flags.file, flags.url, flags.reset].filter((flag) => flag !== undefined)
  if (asked.length !== 1) {
    throw new UserError('name one of --file, --url and --reset', {
      hint: 'a file is prices/new_data/v2/data.json of github.com/pydantic/genai-prices',
    })
  }
  const path = priceDataPath(terminal)
  if (flags.reset === true) return reset(path, terminal)
  const { text, modified } = await read(flags, terminal)
  const data = parse(text, flags.file ?? flags.url ?? '')
  const { date, from } = dateOf(data, modified, flags.date)
  const book = openPriceBook({ data, dataDate: date })
  save(path, JSON.stringify({ date, data }))
  const { providers } = book.context.catalog
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0)
  terminal.stdout.write(
    `${formatCount(models)} models of ${formatCount(providers.length)} providers, prices of ${date} (${from}), now in ${path}\n`,
  )
  const bundled = openPriceBook()
  if (date < bundled.date) {
    new Narrator(terminal, flags).say(
      `warning: ${bundled.name}, which llmcost brings along, is newer (${bundled.date}); llmcost prices update --reset goes back to it`,
    )
  }
  return 0
}

function reset(path: string, terminal: Terminal): number {
  rmSync(path, { force: true })
  const { name, date } = openPriceBook()
  terminal.stdout.write(`back to ${name}, prices of ${date}\n`)
  return 0
}

async function read(
  { file, url }: PricesUpdateFlags,
  terminal: Terminal,
): Promise<{ readonly text: string; readonly modified: string | null }> {
  if (url !== undefined) return await fetchText(url, { env: terminal.env, maxBytes })
  const path = file ?? ''
  const text = readText(path, 'a price file of genai-prices (JSON)')
  if (statSync(path).size > maxBytes) throw tooLarge(path)
  return { text, modified: null }
}

/** A hundred times what the file has in 2026. */
const maxBytes = 40_000_000

const tooLarge = (path: string): UserError =>
  new UserError(`${path} is too large for a price file (over ${maxBytes / 1e6} MB)`)

function parse(text: string, from: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UserError(`${from} is not JSON`, {
      hint: 'a price file is prices/new_data/v2/data.json of github.com/pydantic/genai-prices',
    })
  }
}

/** The day the file speaks for: as stated, as its server dates it, or the newest day named in it; never today's. */
function dateOf(
  data: unknown,
  modified: string | null,
  stated: string | undefined,
): { readonly date: string; readonly from: string } {
  if (stated !== undefined) {
    const at = timeOf(stated)
    if (at !== undefined) return { date: dayOf(at), from: 'as you state' }
    throw new UserError(`--date "${stated}" is no date`, { hint: 'write it as 2026-08-01' })
  }
  const at = modified === null ? Number.NaN : Date.parse(modified)
  if (!Number.isNaN(at)) return { date: dayOf(at), from: 'when its server says it was changed' }
  const newest = startDates(data).toSorted().at(-1)
  if (newest !== undefined) return { date: newest, from: 'the newest start date in it' }
  throw new UserError('the price file names no date', {
    hint: 'state the day it speaks for with --date, e.g. --date 2026-08-01',
  })
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

function startDates(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(startDates)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'start_date' && typeof inner === 'string' && /^\d{4}-\d\d-\d\d$/.test(inner)
      ? [inner]
      : startDates(inner),
  )
}

/** Readable by its owner only, and whole at any moment. */
function save(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(partial, text, { mode: 0o600 })
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    const { code } = error as NodeJS.ErrnoException
    throw new UserError(`${path} cannot be written (${code})`, {
      hint: 'name another place with the environment variable LLMCOST_PRICE_DATA',
    })
  }
}
