import type { RequestSource } from '../domain/columns.ts'
import { inTable } from '../domain/json.ts'
import type { PriceSource } from '../domain/price.ts'
import type { Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import type { AnalyzePrices, PricedModel } from './options.ts'
import type { Alternative, BatchPrices, Offer } from './rules/elsewhere.ts'

/** Small chat models of the large vendors, as of September 2026, where a log itself has none. */
const defaultSmall: Readonly<Record<string, string>> = {
  openai: 'gpt-4o-mini',
  azure: 'gpt-4o-mini',
  anthropic: 'claude-haiku-4-5',
  google: 'gemini-2.5-flash-lite',
}
/** A model counts as expensive when it costs this many times the small one. */
const expensiveFactor = 3
/** A typical mix to compare models by: three input tokens for one of output. */
const blend = { input: 0.75, output: 0.25 }

/** For each profile on an expensive chat model, the small model of the same provider. */
export function smallModelsFor(
  source: RequestSource,
  prices: AnalyzePrices,
): readonly (Alternative | undefined)[] {
  const known = new Map<string, PriceSource | null>()
  const priceOf = (provider: string | null, model: string) => {
    const name = `${provider}:${model}`
    if (!known.has(name)) known.set(name, prices.priceOf(provider, model))
    return known.get(name) ?? null
  }
  const cheapest = cheapestByProvider(source.profiles, priceOf)
  return source.profiles.map((profile) => {
    const { provider, model, operation } = profile
    if (model === null || operation !== 'chat') return undefined
    const own = priceOf(provider, model)
    const small = cheapest.get(provider ?? '') ?? defaultFor(provider, priceOf)
    if (own === null || small === null) return undefined
    return blended(own) >= expensiveFactor * blended(small.price)
      ? alternative(small, profile, prices)
      : undefined
  })
}

type Named = PricedModel & { readonly price: PriceSource }
type PriceOf = (provider: string | null, model: string) => PriceSource | null

function cheapestByProvider(
  profiles: readonly Profile[],
  priceOf: PriceOf,
): ReadonlyMap<string, Named> {
  const cheapest = new Map<string, Named>()
  for (const { provider, model } of distinctChatModels(profiles)) {
    const price = priceOf(provider, model)
    if (price === null || blended(price) === 0) continue
    const best = cheapest.get(provider ?? '') ?? defaultFor(provider, priceOf)
    const isCheaper = best === null || blended(price) < blended(best.price)
    cheapest.set(provider ?? '', isCheaper ? { provider, model, price } : best)
  }
  return cheapest
}

function distinctChatModels(
  profiles: readonly Profile[],
): readonly { provider: string | null; model: string }[] {
  const found = new Map<string, { provider: string | null; model: string }>()
  profiles.forEach(({ provider, model, operation }) => {
    if (model !== null && operation === 'chat')
      found.set(`${provider}:${model}`, { provider, model })
  })
  return [...found.values()]
}

function defaultFor(provider: string | null, priceOf: PriceOf): Named | null {
  const model = inTable(defaultSmall, provider ?? '')
  const price = model === undefined ? null : priceOf(provider, model)
  return price === null || model === undefined ? null : { provider, model, price }
}

const blended = ({ usdPerMillion }: PriceSource): number =>
  Number(usdPerMillion.input) * blend.input + Number(usdPerMillion.output) * blend.output

/** Another model in the way in which a profile's requests were served. */
function alternative(target: PricedModel, profile: Profile, prices: AnalyzePrices): Alternative {
  const { provider, model } = target
  return {
    target: provider === null ? model : `${provider}:${model}`,
    costOf: prices.costsAt(target, wayOf(profile)),
  }
}

/** For each profile, the cheapest other seller of its model at the usage that the log shows for it. */
export function offersFor(
  source: RequestSource,
  usageOf: (profile: number) => Usage,
  prices: AnalyzePrices,
): readonly (Offer | undefined)[] {
  const known = new Map<string, PricedModel | null>()
  return source.profiles.map((profile, number) => {
    const { provider, model, operation } = profile
    if (model === null || operation === 'other') return undefined
    const name = `${provider}:${model}`
    if (!known.has(name)) {
      known.set(name, prices.cheaperElsewhere(provider, model, usageOf(number)))
    }
    const offer = known.get(name) ?? null
    if (offer === null) return undefined
    const ownCostOf = prices.costsAt({ provider, model }, wayOf(profile))
    return { ...alternative(offer, profile, prices), ownCostOf }
  })
}

/** For each profile, its own model by the list of its tier and by its batch service. */
export const batchPricesFor = (
  { profiles }: RequestSource,
  prices: AnalyzePrices,
): readonly (BatchPrices | undefined)[] =>
  profiles.map((profile) => {
    const { provider, model } = profile
    if (model === null) return undefined
    const way = wayOf(profile)
    const own = { provider, model }
    return {
      costOf: prices.costsAt(own, way),
      batchCostOf: prices.costsAt(own, { ...way, serviceTier: 'batch' }),
    }
  })

/** What changes the price of a profile's requests beside their usage and time. */
function wayOf({ serviceTier, speed, inferenceGeo, region }: Profile) {
  return {
    ...(serviceTier !== null && { serviceTier }),
    ...(speed !== null && { speed }),
    ...(inferenceGeo !== null && { inferenceGeo }),
    ...(region !== null && { region }),
  }
}
