import type { NanoUsd } from '../domain/money.ts'
import type { PricedWay } from '../domain/price.ts'
import type { Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import { isSameSeller } from '../prices/same-model.ts'
import type { History } from './history.ts'
import type { CostOf } from './model-costs.ts'

/**
 * What so many tokens cost at a target ("provider:model", or a model) for a request of a history, by its place, in
 * nano-dollars. Null: no price is known.
 */
export type CostAt = (place: number, target: string, usage: Usage) => NanoUsd | null

/** The usual way. */
const usual: PricedWay = {}

/**
 * Prices the requests of a history at any target. A tier, a speed or a place is asked for at all models of the provider
 * that served it; another provider does not know it, and only what was a batch can be one there too. A way of which
 * the price book knows no price costs as usual.
 */
export function openWayCosts(
  { profiles, columns, at }: Pick<History, 'profiles' | 'columns' | 'at'>,
  costOf: CostOf,
): CostAt {
  const known = new Map<string, readonly PricedWay[]>()
  const waysAt = (target: string): readonly PricedWay[] => {
    const before = known.get(target)
    if (before !== undefined) return before
    const ways = profiles.map((profile) => wayOf(profile, target))
    known.set(target, ways)
    return ways
  }
  return (place, target, usage) => {
    const moment = at[place] as number
    const way = waysAt(target)[columns.profile[place] as number] ?? usual
    const cost = way === usual ? null : costOf(target, usage, moment, way)
    return cost ?? costOf(target, usage, moment)
  }
}

function wayOf(
  { provider, model, serviceTier, speed, inferenceGeo }: Profile,
  target: string,
): PricedWay {
  if (serviceTier === null && speed === null && inferenceGeo === null) return usual
  if (isSameSeller(target, provider, model ?? '')) {
    return {
      serviceTier: serviceTier ?? undefined,
      speed: speed ?? undefined,
      inferenceGeo: inferenceGeo ?? undefined,
    }
  }
  return serviceTier === 'batch' ? { serviceTier } : usual
}
