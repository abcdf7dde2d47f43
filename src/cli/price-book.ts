import type { NanoUsd } from '../domain/money.ts'
import type { PriceQuery, Pricing } from '../domain/price.ts'
import { type Fees, totalTokens, type Usage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { type PriceOverrides, parseOverrides } from '../prices/overrides.ts'
import { type OpenPriceBook, openPriceBook } from '../prices/price-book.ts'
import { chargeOf, type PriceMode, withOtherCalls } from '../prices/price-mode.ts'
import type { InputFlags } from './common-options.ts'
import { storedPriceData } from './price-data.ts'
import { readText } from './read-text.ts'
import type { Terminal } from './terminal.ts'

/** The price book under this run's flags, and what tells it apart from every other. */
export type RunPrices = {
  readonly book: OpenPriceBook
  readonly fingerprint: string
  price(query: PriceQuery, usage: Usage, logged: Logged, fees?: Fees): Pricing
}

export type Logged = {
  readonly loggedCostNanoUsd?: NanoUsd | undefined
  readonly servedFromCache?: boolean | undefined
  readonly status?: string | undefined
}

/** Flags over LLMCOST_PRICES, both over those of a policy; the file that is named first wins. */
export async function openRunPrices(
  flags: InputFlags,
  terminal: Pick<Terminal, 'env'>,
  ofPolicy: PriceOverrides | null = null,
): Promise<RunPrices> {
  const fromEnv = terminal.env['LLMCOST_PRICES']
  const files = flags.prices ?? (fromEnv === undefined || fromEnv === '' ? [] : [fromEnv])
  const given = await Promise.all(files.map(loadOverrides))
  const overrides = ofPolicy === null ? given : [...given, ofPolicy]
  const asOf = flags.pricesAsOf === undefined ? undefined : timeOf(flags.pricesAsOf)
  if (flags.pricesAsOf !== undefined && asOf === undefined) {
    throw new UserError(`--prices-as-of "${flags.pricesAsOf}" is no date`, {
      hint: 'write it as 2026-08-01',
    })
  }
  const stored = storedPriceData(terminal)
  const book = openPriceBook({
    overrides,
    ...(asOf !== undefined && { asOf }),
    ...(stored !== null && { data: stored.data, dataDate: stored.date }),
  })
  const mode: PriceMode = flags.priceMode ?? 'auto'
  return {
    book,
    fingerprint: `${book.fingerprint}-${mode}`,
    price(query, usage, logged, fees) {
      const failedUnused =
        logged.status !== undefined &&
        logged.status !== 'ok' &&
        totalTokens(usage) === 0 &&
        fees === undefined
      const { loggedCostNanoUsd, servedFromCache } = logged
      const charged = { loggedCostNanoUsd, servedFromCache, failedUnused }
      const { pricing } = chargeOf(book.price(query, usage, fees), charged, mode)
      return withOtherCalls(pricing, fees)
    },
  }
}

/** YAML is parsed by a library that most runs do not need. */
async function loadOverrides(path: string): Promise<PriceOverrides> {
  const { readYaml } = await import('../policy/read-yaml.ts')
  const text = readText(path, 'a YAML or JSON file with a `prices:` list')
  return parseOverrides(readYaml(text, path), path)
}
