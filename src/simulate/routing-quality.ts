import { SpendSum, usdOf } from '../domain/money.ts'
import { qualityGap } from '../stats/quality-gap.ts'
import type { History } from '../worlds/history.ts'
import { loggedTarget } from '../worlds/history-targets.ts'
import type { HistorySight } from '../worlds/history-world.ts'
import type { Quality, RoutingLayer } from './result.ts'
import { askedOn, rungOn } from './routing-calls.ts'
import type { RoutingPlan } from './routing-plan.ts'

/** Whom one request asks on its way, and what that costs besides calls. */
export type PlannedCalls = {
  /** A number of the plan's ways. */
  readonly way: number
  readonly targets: readonly (string | null)[]
  readonly beside: number
}

export const noCalls: PlannedCalls = { way: 0, targets: [], beside: 0 }
export const loggedCalls: PlannedCalls = { way: 0, targets: [null], beside: 0 }

/** What the model of the log and the model of the policy score on the same requests. */
type ScorePairs = {
  readonly logged: readonly number[]
  readonly routed: readonly number[]
  /** Of these pairs, those that replays measured, by scorer. */
  readonly replayed: ReadonlyMap<string, number>
}

/** Requests by the way they went, and what is known of the answers there. */
export class RoutedRequests {
  readonly #history: History
  readonly #sight: Pick<HistorySight, 'targets' | 'known'>
  readonly #plan: RoutingPlan
  readonly #lines = new Map<
    string,
    { readonly route: string; readonly target: string; requests: number; readonly cost: SpendSum }
  >()
  readonly #logged: number[] = []
  readonly #routed: number[] = []
  readonly #replayed = new Map<string, number>()
  escalations = 0
  /** Answered by a model whose answer to this request nobody has. */
  unmeasured = 0
  /** Of those, what could climb, had somebody judged the answer. */
  unjudged = 0

  constructor(history: History, sight: Pick<HistorySight, 'targets' | 'known'>, plan: RoutingPlan) {
    this.#history = history
    this.#sight = sight
    this.#plan = plan
  }

  add(place: number, { way, targets }: PlannedCalls, costNanoUsd: number): void {
    const name = this.#plan.ways[way]?.route ?? null
    const rung = rungOn(this.#plan, way, place)
    const planned = this.#plan.rungs[way]?.[rung]
    const target = planned === undefined ? undefined : askedOn(planned, place).at(-1)
    if (target === undefined || targets.length === 0) return
    const route = name ?? ''
    const key = `${route}\n${target}`
    const line = this.#lines.get(key) ?? { route, target, requests: 0, cost: new SpendSum() }
    this.#lines.set(key, line)
    line.requests++
    line.cost.add(costNanoUsd)
    this.escalations += rung
    if (this.#sight.targets.isLogged(place, target)) return
    const isLast = rung + 1 >= (this.#plan.rungs[way]?.length ?? 0)
    this.#compare(place, target, isLast)
  }

  #compare(place: number, target: string, isLast: boolean): void {
    const { known } = this.#sight
    const there = known?.(place, target) ?? null
    if (there === null) this.unmeasured++
    if (there === null && !isLast) this.unjudged++
    const own = known?.(place, loggedTarget(this.#history, place)) ?? null
    if (own === null || own.score === null || there === null || there.score === null) return
    this.#logged.push(own.score)
    this.#routed.push(there.score)
    const { replayedBy } = there
    if (replayedBy !== null)
      this.#replayed.set(replayedBy, (this.#replayed.get(replayedBy) ?? 0) + 1)
  }

  get pairs(): ScorePairs {
    return { logged: this.#logged, routed: this.#routed, replayed: this.#replayed }
  }

  /** By requests, then by name. */
  routes(): RoutingLayer['routes'] {
    return [...this.#lines.values()]
      .map(({ cost, ...line }) => ({ ...line, costUsd: usdOf(cost.total()) }))
      .sort(
        (a, b) =>
          b.requests - a.requests || (`${a.route} ${a.target}` < `${b.route} ${b.target}` ? -1 : 1),
      )
  }
}

/** The paired difference of scores, where evidence knows both answers. */
export function qualityOf(pairs: ScorePairs, unmeasured: number): Quality {
  const { logged, routed } = pairs
  const gap = qualityGap({ weak: logged, strong: routed })
  if (gap === null) {
    const note =
      unmeasured === 0
        ? 'every answer is one of the log'
        : `${unmeasured} requests would be answered by another model, whose answers nobody has: \`llmcost replay\` asks for a sample of them`
    return { status: 'unmeasured', delta: null, interval: null, n: 0, note }
  }
  const rest = unmeasured === 0 ? '' : `; ${unmeasured} more requests are unmeasured`
  return {
    status: 'measured',
    delta: gap.mean,
    interval: gap.interval,
    n: gap.questions,
    note: `mean score at the policy's model less that at the model of the log, ${sourceWords(pairs)}${rest}`,
  }
}

function sourceWords({ logged, replayed }: ScorePairs): string {
  const counts = [...replayed].sort(([a], [b]) => (a < b ? -1 : 1))
  if (counts.length === 0) return 'on requests that evidence knows'
  const measured = `measured by replay (${counts.map(([scorer]) => scorer).join(', ')})`
  const count = counts.reduce((sum, [, pairs]) => sum + pairs, 0)
  return count === logged.length
    ? measured
    : `on ${logged.length} requests, ${count} of them ${measured}, the rest in files`
}
