import type { NanoUsd } from '../domain/money.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { type Attempt, sumLadder, sumSpeculative } from '../engine/ladder-sum.ts'
import type { History } from '../worlds/history.ts'
import type { HistoryTargets } from '../worlds/history-targets.ts'
import { type CacheRun, served } from './cache-run.ts'
import { askedOn, rungOn, rungsOn } from './routing-calls.ts'
import { type RoutingPlan, Ways } from './routing-plan.ts'

/** How long the calls of a run take. */
export type CallLatencies = {
  /** Milliseconds by place; NaN where a model is asked whose time nobody knows, and where none is asked. */
  readonly ms: Float64Array
  /** Those models, by name. */
  readonly unknown: readonly string[]
}

export type LatencyOptions = {
  readonly history: History
  readonly plan: RoutingPlan
  readonly policy: CompiledPolicy['policy']
  readonly targets: Pick<HistoryTargets, 'isLogged' | 'latencyElsewhere'>
}

/** The calls that a run of the response cache leaves, classifiers, climbs and fallbacks included. */
export function callLatencies(options: LatencyOptions, run: CacheRun): CallLatencies {
  const { history, plan, policy } = options
  const ms = new Float64Array(history.count).fill(Number.NaN)
  const unknown = new Set<string>()
  const ways = new Ways(plan)
  for (let place = 0; place < history.count; place++) {
    if (run.by[place] !== served.model) continue
    const { way, isFirst } = ways.of(place)
    const classified = isFirst ? (plan.classifyMs[place] as number) : 0
    const attempts = attemptsOn(options, way, place, unknown)
    const { speculative } = policy
    const { latencyMs } =
      speculative.kind === 'on'
        ? sumSpeculative(attempts, speculative.withinMs)
        : sumLadder(attempts)
    ms[place] = classified + latencyMs
  }
  return { ms, unknown: [...unknown].sort() }
}

function attemptsOn(
  { history, plan, policy, targets }: LatencyOptions,
  way: number,
  place: number,
  unknown: Set<string>,
): readonly Attempt[] {
  const logged = history.latencyMs[place] as number
  const ladder = plan.ways[way]?.ladder ?? null
  if (ladder === null) return [attempt(logged, true)]
  const answering = rungOn(plan, way, place)
  return rungsOn(plan, way, place, policy.speculative.kind === 'on').map((rung, index) => {
    const limitMs = ladder[index]?.timeoutMs ?? Number.POSITIVE_INFINITY
    const times = askedOn(rung, place).map((target) => {
      if (targets.isLogged(place, target)) return Math.min(logged, limitMs)
      const known = targets.latencyElsewhere(place, target)
      if (known === null) unknown.add(target)
      return known ?? Number.NaN
    })
    return attempt(
      times.reduce((sum, each) => sum + each, 0),
      index >= answering,
    )
  })
}

/** What it costs is counted elsewhere. */
const attempt = (latencyMs: number, isAccepted: boolean): Attempt => ({
  target: '',
  outcome: isAccepted ? 'accepted' : 'rejected',
  costNanoUsd: 0 as NanoUsd,
  latencyMs,
  validationCostNanoUsd: 0 as NanoUsd,
  validationMs: 0,
})
