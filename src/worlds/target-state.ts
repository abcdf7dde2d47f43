import { noUsage, type Usage } from '../domain/usage.ts'
import type { TargetState } from '../engine/request-facts.ts'
import type { History } from './history.ts'
import type { HistoryBreakers } from './history-breakers.ts'
import type { HistoryTargets } from './history-targets.ts'
import type { CostOf } from './model-costs.ts'

type Known = {
  readonly history: History
  readonly costOf: CostOf
  readonly targets: HistoryTargets
  readonly breakers: HistoryBreakers
}

/** What is known of a target at the moment of a request; undefined where nothing is. */
export function targetStateOf({ history, costOf, targets, breakers }: Known) {
  return (name: string, place: number): TargetState | undefined => {
    const at = history.at[place] as number
    return stateOf(costOf, name, at, {
      breaker: breakers.stateOfAny(name, at),
      p95LatencyMs: targets.p95Of(name, place),
    })
  }
}

/** A target's state by what was seen of it, with its prices; undefined where nothing is known. */
export function stateOf(
  costOf: CostOf,
  name: string,
  at: number,
  seen: Pick<TargetState, 'breaker' | 'p95LatencyMs'>,
): TargetState | undefined {
  const price = (usage: Partial<Usage>) => usdPerMillion(costOf(name, { ...noUsage, ...usage }, at))
  const inputUsdPerMillion = price({ inputTokens: pricedTokens })
  const isUnseen = seen.breaker === 'closed' && seen.p95LatencyMs === null
  if (isUnseen && inputUsdPerMillion === null) return undefined
  const outputUsdPerMillion = price({ outputTokens: pricedTokens })
  return { ...seen, inputUsdPerMillion, outputUsdPerMillion }
}

/** Few enough for no long-context price to apply. */
const pricedTokens = 1000
const nanoUsdPerPricedTokens = 1e9 * (pricedTokens / 1e6)

const usdPerMillion = (costNanoUsd: number | null): number | null =>
  costNanoUsd === null ? null : costNanoUsd / nanoUsdPerPricedTokens
