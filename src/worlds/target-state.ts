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

/** What is known of a target at the moment of a request; undefined where neither price nor answers are. */
export function targetStateOf({ history, costOf, targets, breakers }: Known) {
  return (name: string, place: number): TargetState | undefined => {
    const at = history.at[place] as number
    const price = (usage: Partial<Usage>) =>
      usdPerMillion(costOf(name, { ...noUsage, ...usage }, at))
    const p95LatencyMs = targets.p95Of(name, place)
    const inputUsdPerMillion = price({ inputTokens: pricedTokens })
    if (inputUsdPerMillion === null && p95LatencyMs === null) return undefined
    return {
      breaker: breakers.stateOf(name, at),
      p95LatencyMs,
      inputUsdPerMillion,
      outputUsdPerMillion: price({ outputTokens: pricedTokens }),
    }
  }
}

/** Few enough for no long-context price to apply. */
const pricedTokens = 1000
const nanoUsdPerPricedTokens = 1e9 * (pricedTokens / 1e6)

const usdPerMillion = (costNanoUsd: number | null): number | null =>
  costNanoUsd === null ? null : costNanoUsd / nanoUsdPerPricedTokens
