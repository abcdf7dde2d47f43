import type { PriceBook, PriceQuery, Pricing } from '../domain/price.ts'
import type { Fees, Usage } from '../domain/usage.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { openCatalog } from './catalog.ts'
import { checkAliases } from './check-aliases.ts'
import { fingerprintOf } from './compile-price.ts'
import { bandFor, costByHour, costOfUsage, costWithFees } from './cost-of-usage.ts'
import { modifiers } from './modifiers.ts'
import { inOrder } from './override-match.ts'
import type { PriceOverrides } from './overrides.ts'
import { compilePrice, momentsOf, type Price, type PriceContext } from './price-plan.ts'
import { derivedRates, disagreements, listedFees } from './price-rules.ts'

export type PriceBookOptions = {
  /** The user's own prices, the file that wins first. */
  readonly overrides?: readonly PriceOverrides[]
  /** Prices of this moment (milliseconds, UTC) for every request, in place of its own time. */
  readonly asOf?: number
  /** A genai-prices data file (version 2) in place of the bundled one. */
  readonly data?: unknown
  /** The ISO day that file speaks for; a request without a time is priced on it. */
  readonly dataDate?: string
}

/** A price book whose lists can be read too. */
export type OpenPriceBook = PriceBook & { readonly context: PriceContext }

/**
 * Opens the bundled price book, or a given one, under the user's overrides. Pricing is a pure
 * function of the query: each combination of names, tier and place is resolved once into integer
 * prices and remembered. Throws a UserError where the data file or an override cannot be used.
 */
export function openPriceBook(options: PriceBookOptions = {}): OpenPriceBook {
  const catalog = openCatalog(options.data, options.dataDate)
  const overrides = inOrder(options.overrides ?? [])
  const context = { catalog, overrides }
  checkAliases(context)
  const memo = new PriceMemo(context)
  const undated = Date.parse(catalog.date)
  const { asOf } = options
  return {
    context,
    name: catalog.name,
    date: catalog.date,
    fingerprint: fingerprintOf([
      options.data === undefined ? catalog.name : catalog.providers,
      catalog.date,
      [modifiers, derivedRates, disagreements, listedFees].map(rulesText),
      rulesText(overrides),
      asOf ?? null,
    ]),
    price: (query, usage, fees) =>
      pricingOf(memo.find(query, asOf ?? query.at ?? undated), query, usage, fees),
  }
}

const rulesText = (rules: unknown): string =>
  JSON.stringify(rules, (_key, value) =>
    value instanceof RegExp || typeof value === 'bigint' ? String(value) : value,
  )

function pricingOf(price: Price, query: PriceQuery, usage: Usage, fees: Fees | undefined): Pricing {
  if (price.kind === 'unpriced') return price
  if (price.kind === 'hourly') return costByHour(price, query.latencyMs)
  const band = bandFor(price.bands, totalInputTokens(usage))
  if (band === undefined) return { kind: 'unpriced', reason: 'no-rate', warnings: [] }
  if (fees === undefined && price.fees.request === undefined) {
    return {
      kind: 'priced',
      cost: costOfUsage(band.vector, usage),
      price: band.price,
      warnings: band.warnings,
    }
  }
  return costWithFees(price, band, usage, fees ?? {})
}

/**
 * Remembered plans and, for models priced by the time of day, remembered minutes; then forgotten
 * all at once.
 */
const mostRemembered = 20_000

/** How the price of one query moves in time, and the prices compiled so far. */
type Plan = {
  readonly days: readonly number[]
  readonly byMinute: boolean
  readonly compiled: Map<number, Price>
  /** The price of a model that never changes. */
  only: Price | null
}

/** Plans by provider and model for ordinary requests, and by everything else for the others. */
class PriceMemo {
  readonly #context: PriceContext
  readonly #plain = new Map<string, Map<string | undefined, Plan>>()
  readonly #special = new Map<string, Plan>()
  #size = 0

  constructor(context: PriceContext) {
    this.#context = context
  }

  find(query: PriceQuery, at: number): Price {
    const plan = this.#planOf(query)
    return plan.only ?? this.#compiledAt(plan, query, at)
  }

  #planOf(query: PriceQuery): Plan {
    if (!isPlain(query)) {
      const { provider, model, serviceTier, speed, inferenceGeo, region } = query
      const key = `${model}\n${provider}\n${serviceTier}\n${speed}\n${inferenceGeo}\n${region}`
      return this.#special.get(key) ?? this.#remember(this.#special, key, query)
    }
    let providers = this.#plain.get(query.model)
    if (providers === undefined) {
      providers = new Map()
      this.#plain.set(query.model, providers)
    }
    return providers.get(query.provider) ?? this.#remember(providers, query.provider, query)
  }

  #remember<Key>(plans: Map<Key, Plan>, key: Key, query: PriceQuery): Plan {
    if (this.#size >= mostRemembered) this.#forget()
    const { days, byMinute } = momentsOf(this.#context, query)
    const isFixed = days.length === 0 && !byMinute
    const only = isFixed ? compilePrice(this.#context, query, 0) : null
    const plan = { days, byMinute, compiled: new Map<number, Price>(), only }
    plans.set(key, plan)
    this.#size += 1
    return plan
  }

  #compiledAt(plan: Plan, query: PriceQuery, at: number): Price {
    const moment = plan.byMinute ? Math.floor(at / 60_000) : momentIndex(plan.days, at)
    const known = plan.compiled.get(moment)
    if (known !== undefined) return known
    if (plan.compiled.size >= mostRemembered) plan.compiled.clear()
    const price = compilePrice(this.#context, query, at)
    plan.compiled.set(moment, price)
    return price
  }

  #forget(): void {
    this.#plain.clear()
    this.#special.clear()
    this.#size = 0
  }
}

/** How many changes lie at or before a moment. */
function momentIndex(days: readonly number[], at: number): number {
  let count = 0
  for (const day of days) if (day <= at) count += 1
  return count
}

const isPlain = ({ serviceTier, speed, inferenceGeo, region }: PriceQuery): boolean =>
  (serviceTier === undefined || serviceTier === 'standard' || serviceTier === 'default') &&
  (speed === undefined || speed === 'standard') &&
  (inferenceGeo === undefined || inferenceGeo === 'global' || inferenceGeo === 'not_available') &&
  region === undefined
