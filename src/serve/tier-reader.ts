import type { Tier, Tiers } from '../policy/routing.ts'
import { readTarget } from '../prices/model-name.ts'
import { isSameModel } from '../prices/same-model.ts'

/** Targets repeat with every request; names that callers invent must not be kept for ever. */
const keptTargets = 1000

/** Which of the policy's tiers a target is: null for a model that is none of them. */
export function tierReader(tiers: Tiers): (target: string) => Tier | null {
  const known = new Map<string, Tier | null>()
  const named = (['small', 'medium', 'large'] as const).flatMap((tier) => {
    const target = tiers[tier]
    return target === null ? [] : [{ tier, target }]
  })
  return (target) => {
    let tier = known.get(target)
    if (tier === undefined) {
      if (known.size >= keptTargets) known.clear()
      const { provider, model } = readTarget(target)
      tier = named.find((each) => isSameModel(each.target, provider ?? null, model))?.tier ?? null
      known.set(target, tier)
    }
    return tier
  }
}
