import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RouteDecision } from '../engine/compile-routes.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import type { Ladder, Rung } from '../policy/routing.ts'
import { ofTarget } from '../prices/same-model.ts'
import type { History } from '../worlds/history.ts'
import type { HistorySight } from '../worlds/history-world.ts'
import { loggedAnswer } from '../worlds/logged-answer.ts'

/** One way that requests go: a route's ladder, or null for the model of the log. */
export type PlannedWay = {
  readonly route: string | null
  readonly ladder: Ladder | null
}

/** What is known of a rung, by place; null: of no request. */
export type PlannedRung = {
  /** The rung's own target, and those that stand in for it where it fails. */
  readonly targets: readonly string[]
  /** How many that stand in are asked. */
  readonly standIns: Uint8Array | null
  /** 1 where the answer is known to be rejected or missing, so that the request climbs. */
  readonly climbs: Uint8Array | null
}

/** What the routes of a policy say of each request of a history, found out once for all runs over it. */
export type RoutingPlan = {
  readonly ways: readonly PlannedWay[]
  /** The way of each request by itself, before sessions keep it elsewhere. */
  readonly wayOf: Int32Array
  /** What classifiers that are models cost. */
  readonly classifyNanoUsd: Float64Array
  readonly classifyMs: Float64Array
  /** Of each way, then rung. */
  readonly rungs: readonly (readonly PlannedRung[])[]
  /** Requests of one number stay together; -1 alone. Null where the policy keeps none together. */
  readonly togetherOf: Int32Array | null
}

/** Asks the routes of a policy about every request, and the validators of their ladders about every known answer. */
export async function planRoutes(
  history: History,
  compiled: CompiledPolicy,
  sight: Sight,
): Promise<RoutingPlan> {
  const planning = new Planning(history, compiled, sight)
  if (compiled.policy.routes.length > 0) {
    for (let place = 0; place < history.count; place++) await planning.choose(place)
  }
  return planning.finish()
}

type Sight = Pick<HistorySight, 'factsAt' | 'classify' | 'asks' | 'known' | 'targets'>

class Planning {
  readonly #history: History
  readonly #compiled: CompiledPolicy
  readonly #sight: Sight
  readonly #numbers = new Map<RouteDecision, number>()
  readonly #ways: PlannedWay[] = [{ route: null, ladder: null }]
  readonly #wayOf: Int32Array
  readonly #classifyNanoUsd: Float64Array
  readonly #classifyMs: Float64Array

  constructor(history: History, compiled: CompiledPolicy, sight: Sight) {
    this.#history = history
    this.#compiled = compiled
    this.#sight = sight
    this.#wayOf = new Int32Array(history.count)
    this.#classifyNanoUsd = new Float64Array(history.count)
    this.#classifyMs = new Float64Array(history.count)
  }

  async choose(place: number): Promise<void> {
    const facts = this.#sight.factsAt(place)
    for (;;) {
      const decision = this.#compiled.routeOf(facts)
      if (decision.kind === 'routed') {
        this.#wayOf[place] = this.#numberOf(decision)
        return
      }
      await this.#classify(decision.classifier, facts, place)
    }
  }

  async #classify(classifier: string, facts: RequestFacts, place: number): Promise<void> {
    const at = this.#history.at[place] as number
    const asked = { id: place, at, request: facts.request, bypass: null }
    const { label, costNanoUsd, latencyMs } = await this.#sight.classify(classifier, asked)
    this.#classifyNanoUsd[place] = (this.#classifyNanoUsd[place] as number) + costNanoUsd
    this.#classifyMs[place] = (this.#classifyMs[place] as number) + latencyMs
    facts.setLabel(classifier, label)
  }

  #numberOf(decision: Extract<RouteDecision, { kind: 'routed' }>): number {
    const { ladder, route } = decision
    if (ladder === null || ladder.length === 0) return 0
    const known = this.#numbers.get(decision)
    if (known !== undefined) return known
    const number = this.#ways.length
    this.#numbers.set(decision, number)
    this.#ways.push({ route, ladder })
    return number
  }

  async finish(): Promise<RoutingPlan> {
    const rungs: (readonly PlannedRung[])[] = []
    for (const [way, { ladder }] of this.#ways.entries()) {
      const planned: PlannedRung[] = []
      for (const [index, rung] of (ladder ?? []).entries())
        planned.push(await this.#rung(way, rung, index + 1 === ladder?.length))
      rungs.push(planned)
    }
    return {
      ways: this.#ways,
      wayOf: this.#wayOf,
      classifyNanoUsd: this.#classifyNanoUsd,
      classifyMs: this.#classifyMs,
      rungs,
      togetherOf: togetherOf(this.#history, this.#compiled.policy.sticky),
    }
  }

  /** Whom a rung asks, and who climbs above it: where an answer there is in the log, or in evidence, it is known. */
  async #rung(way: number, rung: Rung, isLast: boolean): Promise<PlannedRung> {
    const { count } = this.#history
    const { fallback } = this.#compiled.policy.failure
    const others = fallback.on ? (ofTarget(fallback.targets, rung.target) ?? []) : []
    const targets = [rung.target, ...others]
    if (isLast && others.length === 0) return { targets, standIns: null, climbs: null }
    const isSticky = this.#compiled.policy.sticky !== 'none'
    const [standIns, climbs] = [new Uint8Array(count), new Uint8Array(count)]
    for (let place = 0; place < count; place++) {
      if (!isSticky && this.#wayOf[place] !== way) continue
      const answering = targets.findIndex((target) => !this.#fails(place, rung, target))
      const target = targets[answering]
      standIns[place] = target === undefined ? others.length : answering
      if (isLast) continue
      if (target === undefined || (await this.#isTurnedDown(place, rung, target))) climbs[place] = 1
    }
    return { targets, standIns: unlessNone(standIns), climbs: unlessNone(climbs) }
  }

  /** Only of the model of the log is it known that it had no answer, or none in time. */
  #fails(place: number, rung: Rung, target: string): boolean {
    if (!this.#sight.targets.isLogged(place, target)) return false
    const { profiles, columns, latencyMs } = this.#history
    if (rung.timeoutMs !== null && (latencyMs[place] as number) > rung.timeoutMs) return true
    return (profiles[columns.profile[place] as number]?.status ?? 'ok') !== 'ok'
  }

  async #isTurnedDown(place: number, rung: Rung, target: string): Promise<boolean> {
    if (this.#sight.targets.isLogged(place, target))
      return this.#isRejected(place, rung, loggedAnswer(this.#history, place))
    const output = this.#sight.known?.(place, target)?.output ?? null
    return output !== null && this.#isRejected(place, rung, { text: output })
  }

  async #isRejected(
    place: number,
    rung: Rung,
    answer: ReturnType<typeof loggedAnswer>,
  ): Promise<boolean> {
    if (answer === null || rung.validators.length === 0) return false
    const question = this.#sight.factsAt(place).text ?? ''
    const judged = { question, answer, meanLogProbability: null }
    const validation = await this.#compiled.validatorOf(rung)(judged, this.#sight.asks)
    return validation.verdict === 'fail'
  }
}

const unlessNone = (places: Uint8Array): Uint8Array | null =>
  places.some((count) => count > 0) ? places : null

function togetherOf(
  { columns }: History,
  sticky: CompiledPolicy['policy']['sticky'],
): Int32Array | null {
  if (sticky === 'none') return null
  const numbers = new Map<number, number>()
  return Int32Array.from(columns[sticky], (key) => {
    if (Number.isNaN(key)) return -1
    const number = numbers.get(key) ?? numbers.size
    numbers.set(key, number)
    return number
  })
}

/** The way of each request that asks a model: those that stay together go where the first of them that asked went. */
export class Ways {
  readonly #plan: RoutingPlan
  readonly #chosen = new Map<number, number>()

  constructor(plan: RoutingPlan) {
    this.#plan = plan
  }

  /** Asked in time order. `isFirst`: its classifiers had to be asked. */
  of(place: number): { readonly way: number; readonly isFirst: boolean } {
    const { wayOf, togetherOf } = this.#plan
    const way = wayOf[place] as number
    const together = togetherOf?.[place] ?? -1
    if (together === -1) return { way, isFirst: true }
    const chosen = this.#chosen.get(together)
    if (chosen !== undefined) return { way: chosen, isFirst: false }
    this.#chosen.set(together, way)
    return { way, isFirst: true }
  }
}
