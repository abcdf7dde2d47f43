import type { RequestSource } from '../domain/columns.ts'
import { inTable } from '../domain/json.ts'
import type { PriceSource } from '../domain/price.ts'
import type { Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import type { AnalyzePrices } from './options.ts'
import type { Alternative } from './rules/elsewhere.ts'

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
  return source.profiles.map(({ provider, model, operation }) => {
    if (model === null || operation !== 'chat') return undefined
    const own = priceOf(provider, model)
    const small = cheapest.get(provider ?? '') ?? defaultFor(provider, priceOf)
    if (own === null || small === null) return undefined
    return blended(own) >= expensiveFactor * blended(small.price)
      ? alternative(small.target, small.price)
      : undefined
  })
}

type Named = { readonly target: string; readonly price: PriceSource }
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
    const target = provider === null ? model : `${provider}:${model}`
    const isCheaper = best === null || blended(price) < blended(best.price)
    cheapest.set(provider ?? '', isCheaper ? { target, price } : best)
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
  return price === null || model === undefined ? null : { target: `${provider}:${model}`, price }
}

const blended = ({ usdPerMillion }: PriceSource): number =>
  Number(usdPerMillion.input) * blend.input + Number(usdPerMillion.output) * blend.output

/** A dollar per million tokens is a thousand nano-dollars per token. */
export const alternative = (target: string, { usdPerMillion }: PriceSource): Alternative => ({
  target,
  inputRate: Number(usdPerMillion.input) * 1000,
  cacheReadRate: Number(usdPerMillion.cacheRead) * 1000,
  cacheWriteRate: Number(usdPerMillion.cacheWrite5m) * 1000,
  outputRate: Number(usdPerMillion.output) * 1000,
})

/** For each profile, the cheapest other seller of its model at the usage that the log shows for it. */
export function offersFor(
  source: RequestSource,
  usageOf: (profile: number) => Usage,
  prices: AnalyzePrices,
): readonly (Alternative | undefined)[] {
  const known = new Map<string, Alternative | undefined>()
  return source.profiles.map(({ provider, model, operation }, number) => {
    if (model === null || operation === 'other') return undefined
    const name = `${provider}:${model}`
    if (!known.has(name)) {
      const offer = prices.cheaperElsewhere(provider, model, usageOf(number))
      known.set(name, offer === null ? undefined : alternative(offer.target, offer.price))
    }
    return known.get(name)
  })
}
