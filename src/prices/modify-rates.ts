import { type Decimal, decimalOf, multiply } from '../domain/money.ts'
import type { PriceQuery } from '../domain/price.ts'
import type { CatalogModel } from './catalog.ts'
import { type Modifier, modifiers } from './modifiers.ts'
import { derivedRates, standardTiers } from './price-rules.ts'
import { type Band, type RateClass, type Rates, rateClasses } from './rates.ts'

/** A band with everything that made it, ready to become a price. */
export type ModifiedBand = Band & {
  /** In order, e.g. "batch × 0.5 (platform.claude.com/…)". */
  readonly factors: readonly string[]
  readonly warnings: readonly string[]
}

const stages: readonly Modifier['stage'][] = ['list', 'tier', 'speed', 'place']

/**
 * Listed bands with the derived rates and the modifiers that hold for a query at a moment. Rates
 * agreed by contract take only the factors: list prices are not what such a customer pays.
 */
export function modifyBands(
  listed: readonly Band[],
  { provider, model }: CatalogModel,
  query: PriceQuery,
  at: number,
  only: 'all' | 'factors' = 'all',
): readonly ModifiedBand[] {
  const complete = listed.map((band) => ({
    ...band,
    ...derive(band.rates, model.id),
    warnings: [],
  }))
  return stages.reduce<readonly ModifiedBand[]>((bands, stage) => {
    const modifier = modifiers.find(
      (row) =>
        row.stage === stage &&
        (only === 'all' || 'factor' in row.effect) &&
        row.providers.includes(provider.id) &&
        row.model.test(model.id) &&
        holds(row, query, at),
    )
    return modifier === undefined ? warnUnpriced(bands, stage, query) : apply(bands, modifier)
  }, complete)
}

/** What may change this model's price, in words, most specific first. */
export const modifiersOf = ({ provider, model }: CatalogModel): readonly string[] =>
  modifiers
    .filter((row) => row.providers.includes(provider.id) && row.model.test(model.id))
    .map(({ name, effect, from, to, source }) => {
      const change = 'factor' in effect ? ` × ${effect.factor}` : ` ${ratesText(effect.rates)}`
      const start = from === undefined ? '' : ` from ${from}`
      const end = to === undefined ? '' : ` to ${to}`
      return `${name}${change}${start}${end} (${source})`
    })

const ratesText = (rates: { readonly [C in RateClass]?: string }): string =>
  Object.entries(rates)
    .map(([name, usd]) => `${name} $${usd}`)
    .join(', ')

/**
 * The moments at which a modifier of this model begins or ends, and whether one looks at weekdays.
 */
export function modifierMoments({ provider, model }: CatalogModel): {
  readonly moments: readonly number[]
  readonly weekly: boolean
} {
  const rows = modifiers.filter(
    (row) => row.providers.includes(provider.id) && row.model.test(model.id),
  )
  return {
    moments: rows.flatMap((row) =>
      [row.from, row.to].flatMap((day) => (day ? [Date.parse(day)] : [])),
    ),
    weekly: rows.some((row) => row.when?.weekendAtUtcOffset !== undefined),
  }
}

function holds({ when = {}, from, to }: Modifier, query: PriceQuery, at: number): boolean {
  if (from !== undefined && at < Date.parse(from)) return false
  if (to !== undefined && at >= Date.parse(to)) return false
  const tier = tierOf(query)
  if (when.serviceTiers !== undefined && !when.serviceTiers.includes(tier)) return false
  if (when.notServiceTiers?.includes(tier)) return false
  if (when.speed !== undefined && when.speed !== query.speed?.toLowerCase()) return false
  if (when.inferenceGeo !== undefined && when.inferenceGeo !== query.inferenceGeo?.toLowerCase()) {
    return false
  }
  if (when.region !== undefined && !when.region.test(query.region?.toLowerCase() ?? ''))
    return false
  return when.weekendAtUtcOffset === undefined || isWeekend(at, when.weekendAtUtcOffset)
}

const tierOf = (query: PriceQuery): string =>
  (query.serviceTier ?? '').toLowerCase().replace(/^service_tier_/, '')

/** 1970-01-01 was a Thursday, so days 2 and 3 of each week from then are Saturday and Sunday. */
function isWeekend(at: number, utcOffset: number): boolean {
  const day = Math.floor((at + utcOffset * 3_600_000) / 86_400_000)
  const weekday = ((day % 7) + 7) % 7
  return weekday === 2 || weekday === 3
}

function warnUnpriced(
  bands: readonly ModifiedBand[],
  stage: Modifier['stage'],
  query: PriceQuery,
): readonly ModifiedBand[] {
  const warning = unpricedWarning(stage, query)
  return warning === null ? bands : bands.map((band) => withWarning(band, warning))
}

function unpricedWarning(stage: Modifier['stage'], query: PriceQuery): string | null {
  if (stage === 'tier' && !standardTiers.has(tierOf(query))) return 'service-tier-unpriced'
  const speed = query.speed?.toLowerCase() ?? 'standard'
  return stage === 'speed' && speed !== 'standard' && speed !== '' ? 'speed-unpriced' : null
}

const withWarning = (band: ModifiedBand, warning: string): ModifiedBand => ({
  ...band,
  warnings: [...band.warnings, warning],
})

function apply(bands: readonly ModifiedBand[], modifier: Modifier): readonly ModifiedBand[] {
  const limit = modifier.upToInputTokens
  const changed = changedBands(bands, modifier)
  if (limit === undefined) return changed
  const inForce = bands.findLast((band) => band.above <= limit) ?? bands[0]
  const beyond = bands.filter((band) => band.above > limit)
  const outside = inForce === undefined ? beyond : [{ ...inForce, above: limit }, ...beyond]
  return [
    ...changed.filter((band) => band.above < limit),
    ...outside.map((band) => withWarning(band, 'service-tier-unpriced')),
  ]
}

function changedBands(
  bands: readonly ModifiedBand[],
  { effect, name, source }: Modifier,
): readonly ModifiedBand[] {
  if ('factor' in effect) {
    const factor = exactly(effect.factor)
    const note = `${name} × ${effect.factor} (${source})`
    return bands.map((band) => ({
      ...band,
      rates: scaled(band.rates, factor, effect.except ?? []),
      factors: [...band.factors, note],
    }))
  }
  const [first] = bands
  const rates = Object.fromEntries(
    Object.entries(effect.rates).map(([name, usd]) => [name, exactly(usd)]),
  )
  const factors = [...(first?.factors ?? []), `${name} (${source})`]
  return [{ above: -1, rates, factors, warnings: first?.warnings ?? [] }]
}

/** Every rate times a factor, exactly. */
export function scaled(rates: Rates, factor: Decimal, except: readonly RateClass[] = []): Rates {
  const changed: { [C in RateClass]?: Decimal } = {}
  for (const name of rateClasses) {
    const rate = rates[name]
    if (rate !== undefined) changed[name] = except.includes(name) ? rate : multiply(rate, factor)
  }
  return changed
}

function derive(rates: Rates, model: string): { rates: Rates; factors: readonly string[] } {
  const complete: { [C in RateClass]?: Decimal | undefined } = { ...rates }
  const factors: string[] = []
  for (const { derives, from, factor, source, ...row } of derivedRates) {
    const base = complete[from]
    if (complete[derives] !== undefined || base === undefined || !row.model.test(model)) continue
    complete[derives] = multiply(base, exactly(factor))
    factors.push(`${derives} = ${from} × ${factor} (${source})`)
  }
  return { rates: complete, factors }
}

/** A decimal written in this program. */
export function exactly(text: string): Decimal {
  const decimal = decimalOf(text)
  if (decimal === null) throw new TypeError(`not a decimal: ${text}`)
  return decimal
}
