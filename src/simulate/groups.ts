import { SpendSum, usdOf } from '../domain/money.ts'
import type { History } from '../worlds/history.ts'
import { type CacheRun, served } from './cache-run.ts'
import type { SimulateGroup } from './result.ts'
import { loggedCost } from './spend.ts'

type Sum = {
  requests: number
  hits: number
  readonly baseline: SpendSum
  readonly policy: SpendSum
}

/** By model and by feature: what each cost, and what it costs under the policy; dearest first. */
export function groupsOf(
  history: History,
  run: CacheRun,
  costs: Float64Array,
): readonly SimulateGroup[] {
  return (['model', 'feature'] as const).flatMap((by) => {
    const sums = new Map<string | null, Sum>()
    for (let place = 0; place < history.count; place++) {
      const value = history.profiles[history.columns.profile[place] as number]?.[by] ?? null
      const sum = sums.get(value) ?? newSum()
      sums.set(value, sum)
      sum.requests++
      if (run.by[place] === served.exact || run.by[place] === served.semantic) sum.hits++
      sum.baseline.add(loggedCost(history, place))
      sum.policy.add(costs[place] as number)
    }
    return [...sums]
      .map(([value, { requests, hits, baseline, policy }]) => ({
        by,
        value,
        requests,
        hits,
        baselineUsd: usdOf(baseline.total()),
        policyUsd: usdOf(policy.total()),
      }))
      .sort((a, b) => b.baselineUsd - a.baselineUsd || compare(a.value, b.value))
  })
}

const newSum = (): Sum => ({
  requests: 0,
  hits: 0,
  baseline: new SpendSum(),
  policy: new SpendSum(),
})

const compare = (a: string | null, b: string | null): number =>
  (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0
