import { SpendSum, usdOf } from '../domain/money.ts'
import { compilePolicy } from '../engine/compile-policy.ts'
import type { Namespace } from '../policy/caching.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { History } from '../worlds/history.ts'
import type { SemanticInputs } from '../worlds/history-cache.ts'
import { type PreparedCache, prepareCache } from './cache-inputs.ts'
import type { CacheRun } from './cache-run.ts'
import { cacheableIn } from './count-bypasses.ts'
import { hitQuality } from './hit-quality.ts'
import { type Judge, judgeHits } from './judge-hits.ts'
import { LayerRuns } from './layer-runs.ts'
import type { Range, ServedPair } from './result.ts'
import { served } from './served.ts'
import { servedPairs } from './served-pairs.ts'

export type ExplorerOptions = {
  readonly history: History
  readonly semantic: SemanticInputs
  readonly policy: Policy
  /** The cache rule that holds for each request: what is explored changes none. */
  readonly rules: Int16Array
  readonly judge: Judge
  readonly baselineNanoUsd: bigint
  /** What each request costs by the name of a route, nano-dollars by place. */
  readonly costsOf: ReadonlyMap<string, Float64Array>
  readonly namespaces: ReadonlyMap<string, Namespace>
}

export type Explored = {
  readonly threshold: number
  readonly ttlSeconds: number | null
  readonly namespace: string
  readonly route: string
}

export type ExploredTotals = {
  readonly hitRate: number | null
  readonly exactHits: number
  readonly semanticHits: number
  readonly cacheable: number
  readonly wrongPerHit: Range | null
  readonly spendUsd: number
  readonly baselineUsd: number
  readonly pairs: readonly ServedPair[]
}

/** Answers compared at most for one setting, so that it follows the key that is pressed. */
const mostJudged = 200

/** One policy with its threshold, time to live, namespace and route set anew, as quickly as a key is pressed. */
export function openExplorer(options: ExplorerOptions): (state: Explored) => ExploredTotals {
  const { history, semantic, policy, rules, judge, baselineNanoUsd, costsOf, namespaces } = options
  const prepared = new Map<string, { readonly cache: PreparedCache; readonly runs: LayerRuns }>()
  const preparedFor = ({ ttlSeconds, namespace }: Explored) => {
    const key = `${ttlSeconds} ${namespace}`
    const known = prepared.get(key)
    if (known !== undefined) return known
    const asked = mergePolicy(policy, {
      cache: {
        exact: { ttlSeconds },
        semantic: { ttlSeconds },
        namespace: namespaces.get(namespace) ?? policy.cache.namespace,
      },
    })
    const cache = prepareCache(history, semantic, compilePolicy(asked), rules)
    const made = { cache, runs: new LayerRuns(cache.inputs, policy.cache.semantic.threshold) }
    prepared.set(key, made)
    return made
  }
  return (state) => {
    const { cache, runs } = preparedFor(state)
    const run = runs.whole(state.threshold)
    const judged = judgeHits(history, run, 'semantic', judge, 'pairs', mostJudged)
    const cacheable = cacheableIn(cache.bypasses, 'exact')
    const hits = run.exactHits + run.semanticHits
    return {
      hitRate: cacheable === 0 ? null : hits / cacheable,
      exactHits: run.exactHits,
      semanticHits: run.semanticHits,
      cacheable,
      wrongPerHit: hitQuality(judged, run.semanticHits, history.count).wrongPerHit,
      spendUsd: usdOf(spendOf(run, costsOf.get(state.route) ?? new Float64Array(history.count))),
      baselineUsd: usdOf(baselineNanoUsd),
      pairs: servedPairs(history, semantic.questions, run, judged),
    }
  }
}

function spendOf({ by }: CacheRun, costs: Float64Array): bigint {
  const sum = new SpendSum()
  for (let place = 0; place < by.length; place++)
    if (by[place] === served.model) sum.add(costs[place] as number)
  return sum.total()
}
