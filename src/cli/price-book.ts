import { isObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { PriceQuery, Pricing } from '../domain/price.ts'
import { type Fees, totalTokens, type Usage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { type PriceOverrides, parseOverrides } from '../prices/overrides.ts'
import { type OpenPriceBook, openPriceBook } from '../prices/price-book.ts'
import { chargeOf, type PriceMode, withOtherCalls } from '../prices/price-mode.ts'
import type { InputFlags } from './common-options.ts'
import { policyPath } from './find-policy.ts'
import { storedPriceData } from './price-data.ts'
import { readFileOrRef } from './read-ref.ts'
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

export type PriceFlags = InputFlags & {
  /** Of several, the first one's prices count. */
  readonly policy?: string | readonly string[]
}

/**
 * Flags over LLMCOST_PRICES, both over `prices` of the policy file in force; the file that is named first wins.
 * `withPolicy` is false where that file is only looked at.
 */
export async function openRunPrices(
  flags: PriceFlags,
  terminal: Pick<Terminal, 'env'>,
  { withPolicy = true }: { readonly withPolicy?: boolean } = {},
): Promise<RunPrices> {
  const fromEnv = terminal.env['LLMCOST_PRICES']
  const files = flags.prices ?? (fromEnv === undefined || fromEnv === '' ? [] : [fromEnv])
  const given = await Promise.all(files.map(loadOverrides))
  const ofPolicy = withPolicy ? await policyOverrides(flags.policy, terminal) : null
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

/** The `prices` of the policy file in force; null where there are none. */
async function policyOverrides(
  named: PriceFlags['policy'],
  terminal: Pick<Terminal, 'env'>,
): Promise<PriceOverrides | null> {
  const policy = typeof named === 'string' ? named : named?.[0]
  const path = policyPath(policy === undefined ? {} : { policy }, terminal)
  if (path === null) return null
  const text = readFileOrRef(path, 'a policy file, e.g. the one of `llmcost policy init`')
  if (!/\bprices\b/.test(text)) return null
  const { readYaml } = await import('../policy/read-yaml.ts')
  const file = readYaml(text, path)
  const prices = isObject(file) ? file['prices'] : undefined
  return prices === undefined || prices === null ? null : parseOverrides(prices, path)
}

/** YAML is parsed by a library that most runs do not need. */
async function loadOverrides(path: string): Promise<PriceOverrides> {
  const { readYaml } = await import('../policy/read-yaml.ts')
  const text = readText(path, 'a YAML or JSON file with a `prices:` list')
  return parseOverrides(readYaml(text, path), path)
}
