import { SpendSum } from '../domain/money.ts'
import { totalInputTokens, type Usage } from '../domain/usage.ts'
import { type HistoryPrefix, withoutReads } from '../worlds/history-prefix.ts'
import { HistoryTargets, loggedTarget, type TargetsOptions } from '../worlds/history-targets.ts'
import { usageAt } from '../worlds/model-costs.ts'
import type { PlannedRung, RoutingPlan } from './routing-plan.ts'

/** Whom each request asks, in order: none where a cache serves, null for the model of the log, several where it climbs. */
export type CallsAt = (place: number) => readonly (string | null)[]

const noCall: readonly (string | null)[] = []
const loggedCall: readonly (string | null)[] = [null]

/** What a lever makes of a call's usage and cost. */
export type CallLever = {
  usageOf(place: number, usage: Usage): Usage
  /** Nano-dollars of the usage at a target, instead of those by the price list. */
  costOf(place: number, target: string, usage: Usage, costNanoUsd: number): number
}

/** One call of a run: whom it asks, what it takes and costs; null: nobody knows its price. */
export type RunCall = {
  readonly place: number
  /** "provider:model"; null: the model of the log. */
  readonly target: string | null
  readonly usage: Usage
  readonly costNanoUsd: number | null
}

/** Sums the calls of one run over a history, in time order. Nano-dollars. */
export class CallRun {
  readonly targets: HistoryTargets
  readonly prefix: HistoryPrefix | null
  readonly cost = new SpendSum()
  readonly uncached = new SpendSum()
  /** By place; unpriced calls count nothing. */
  readonly costs: Float64Array
  readonly #options: TargetsOptions
  readonly #levers: readonly CallLever[]
  readonly #onCall: ((call: RunCall) => void) | null
  readonly tokens = { inputTokens: 0, readTokens: 0, writtenTokens: 0 }
  /** Of calls to models that the log did not ask, with token counts that nobody knows. */
  assumed = 0
  /** How many are made. */
  calls = 0
  /** Of other models than the log's, those of which nobody knows the price, by target: they count nothing. */
  readonly unpriced = new Map<string, number>()

  constructor(
    options: TargetsOptions,
    levers: readonly CallLever[] = [],
    onCall: ((call: RunCall) => void) | null = null,
  ) {
    this.#options = options
    this.targets = new HistoryTargets(options)
    this.prefix = options.prefix
    this.costs = new Float64Array(options.history.count)
    this.#levers = levers
    this.#onCall = onCall
  }

  /** One request; `beside` is what it costs besides calls, e.g. classifiers. */
  add(place: number, targets: readonly (string | null)[], beside = 0): void {
    this.prefix?.see(place)
    let cost = beside
    for (const target of targets) cost += this.#call(place, target)
    this.costs[place] = cost
    this.cost.add(cost)
    this.uncached.add(beside)
  }

  /** A call at its own model that nothing changes: what the log says it cost. */
  addAsLogged(place: number): void {
    const { columns } = this.#options.history
    const logged = columns.cost[place] as number
    const cost = Number.isNaN(logged) ? 0 : logged
    this.calls++
    this.costs[place] = cost
    this.cost.add(cost)
    this.#onCall?.({
      place,
      target: null,
      usage: usageAt(columns, place),
      costNanoUsd: Number.isNaN(logged) ? null : logged,
    })
  }

  #call(place: number, target: string | null): number {
    const { history, ratioOf } = this.#options
    const own = loggedTarget(history, place)
    const isLogged = target === null || this.targets.isLogged(place, target)
    const name = isLogged ? own : target
    const predicted = isLogged
      ? this.targets.asLogged(place)
      : this.targets.elsewhere(place, target)
    const { usage, cost } = this.#underLevers(place, name, predicted)
    this.tokens.inputTokens += totalInputTokens(usage)
    this.tokens.readTokens += usage.cacheReadTokens
    this.tokens.writtenTokens += usage.cacheWrite5mTokens + usage.cacheWrite1hTokens
    this.uncached.add(cost + this.#change(place, name, usage, withoutReads(usage)))
    if (!isLogged && ratioOf(own, name).source === 'assumed') this.assumed += cost
    const isPriced = predicted.costNanoUsd !== null
    this.calls++
    if (!isPriced && !isLogged) this.unpriced.set(name, (this.unpriced.get(name) ?? 0) + 1)
    this.#onCall?.({
      place,
      target: isLogged ? null : name,
      usage,
      costNanoUsd: isPriced ? cost : null,
    })
    return cost
  }

  #underLevers(
    place: number,
    name: string,
    { usage, costNanoUsd }: { readonly usage: Usage; readonly costNanoUsd: number | null },
  ): { readonly usage: Usage; readonly cost: number } {
    if (costNanoUsd === null) return { usage, cost: 0 }
    if (this.#levers.length === 0) return { usage, cost: costNanoUsd }
    const left = this.#levers.reduce((each, lever) => lever.usageOf(place, each), usage)
    const plain = Math.max(0, costNanoUsd + this.#change(place, name, usage, left))
    const cost = this.#levers.reduce((each, lever) => lever.costOf(place, name, left, each), plain)
    return { usage: left, cost }
  }

  /** What another usage costs more at a target. */
  #change(place: number, name: string, before: Usage, after: Usage): number {
    if (isEqual(before, after)) return 0
    const { costAt } = this.targets
    const [old, changed] = [costAt(place, name, before), costAt(place, name, after)]
    return old === null || changed === null ? 0 : changed - old
  }
}

const isEqual = (a: Usage, b: Usage): boolean =>
  a.inputTokens === b.inputTokens &&
  a.outputTokens === b.outputTokens &&
  a.cacheReadTokens === b.cacheReadTokens &&
  a.cacheWrite5mTokens === b.cacheWrite5mTokens &&
  a.cacheWrite1hTokens === b.cacheWrite1hTokens

/** The first rung of a way's ladder that a request is not known to climb above: whose answer it gets. */
export function rungOn({ rungs }: RoutingPlan, way: number, place: number): number {
  const last = Math.max(0, (rungs[way]?.length ?? 0) - 1)
  let rung = 0
  while (rung < last && rungs[way]?.[rung]?.climbs?.[place] === 1) rung++
  return rung
}

/** Whom a rung asks: its target, and where that failed those that stand in for it. */
export const askedOn = ({ targets, standIns }: PlannedRung, place: number): readonly string[] =>
  targets.slice(0, 1 + (standIns?.[place] ?? 0))

/** The rungs that a request asks on a way: all up to that one, or the first two at once where the policy speculates. */
export function rungsOn(
  plan: RoutingPlan,
  way: number,
  place: number,
  isSpeculative: boolean,
): readonly PlannedRung[] {
  const asked = Math.max(rungOn(plan, way, place) + 1, isSpeculative ? 2 : 1)
  return plan.rungs[way]?.slice(0, asked) ?? []
}

/** Whom a request asks on rungs, in order; without any the model of the log. */
export const targetsOn = (
  rungs: readonly PlannedRung[],
  place: number,
): readonly (string | null)[] =>
  rungs.length === 0 ? loggedCall : rungs.flatMap((rung) => askedOn(rung, place))

/** Each request at the model of the log, where one is asked. */
export const loggedCalls =
  (asks: (place: number) => boolean = () => true): CallsAt =>
  (place) =>
    asks(place) ? loggedCall : noCall
