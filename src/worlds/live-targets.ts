import type { FaultKind } from '../domain/fault.ts'
import type { TargetState } from '../engine/request-facts.ts'
import type { Overflow } from '../policy/governance.ts'
import type { SelfHosted } from '../policy/levers.ts'
import type { Policy } from '../policy/policy.ts'
import type { BreakerState } from '../policy/when.ts'
import { fullTarget, isSameTarget } from '../prices/same-model.ts'
import { quantiles } from '../stats/quantile.ts'
import { LiveBreaker, type Pass } from './live-breaker.ts'
import type { CostOf } from './model-costs.ts'
import { QueueEstimate } from './queue-estimate.ts'
import { p95Of, RecentLatencies } from './recent-latencies.ts'
import { RecentlyUsed } from './recently-used.ts'
import { stateOf } from './target-state.ts'

export type LiveTargetsOptions = {
  readonly policy: TargetsPolicy
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly costOf: CostOf
}
export type TargetsPolicy = Pick<Policy, 'failure' | 'selfHosted'>

/** A call under way. */
export type TargetCall = {
  readonly target: string
  readonly startedMs: number
  readonly pass: Pass
  /** What was estimated when it began. */
  readonly queueMs: number | null
}

export type CallEnd =
  /** Null: nobody counted the tokens. */
  | { readonly kind: 'answered'; readonly outputTokens: number | null }
  /** `isOfCaller`: by the caller's own key or haste, which says nothing of the target. */
  | { readonly kind: 'failed'; readonly fault: FaultKind; readonly isOfCaller?: boolean }

/** What is seen of a target, for people. */
export type TargetSight = {
  readonly target: string
  readonly breaker: BreakerState
  readonly failuresInRow: number
  /** Milliseconds since 1970 UTC; null while its breaker is closed. */
  readonly openUntil: number | null
  readonly inFlight: number
  readonly queueMs: number | null
  readonly answered: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Over five minutes. */
  readonly p50LatencyMs: number | null
  readonly p95LatencyMs: number | null
}

type Seen = {
  readonly target: string
  readonly breaker: LiveBreaker
  readonly latencies: RecentLatencies
  readonly queue: QueueEstimate
  readonly faults: Partial<Record<FaultKind, number>>
  inFlight: number
  answered: number
  /** Of an answer; null: unknown. */
  usualOutputTokens: number | null
}

/** Names come from clients, too: those that were used last are remembered. */
const mostTargets = 200
/** How much the latest answer counts in what is usual. */
const latestShare = 0.05

/** The targets that are asked now: which are up, how quick, how busy. Names are as policies spell them. */
export class LiveTargets {
  readonly #options: LiveTargetsOptions
  readonly #seen: RecentlyUsed<string, Seen>
  #policy: TargetsPolicy
  #time = Number.NEGATIVE_INFINITY

  constructor(options: LiveTargetsOptions) {
    this.#options = options
    this.#policy = options.policy
    this.#seen = new RecentlyUsed(
      mostTargets,
      ({ target, inFlight }) => inFlight === 0 && this.#breakerOf(target) === 'closed',
    )
  }

  /** Goes on under another policy. */
  reload(policy: TargetsPolicy): void {
    this.#policy = policy
  }

  /** False while its breaker is open, and while a probe is under way. */
  isUp(target: string): boolean {
    return this.#breakerOf(target) !== 'open'
  }

  /**
   * Begins a call; null: its breaker is open. One that has nowhere else to go is not guarded: no breaker stops it, but its
   * end counts like that of any other. Each call must be ended.
   */
  begin(target: string, isGuarded = true): TargetCall | null {
    const seen = this.#seenOf(target)
    const now = this.#now()
    const { breaker } = seen
    const pass = isGuarded ? breaker.begin(now, this.#policy.failure.breaker) : breaker.watch()
    if (pass === null) return null
    const queueMs = this.#queueMs(seen)
    seen.inFlight += 1
    return { target, startedMs: now, pass, queueMs }
  }

  /** Says that the first content of a stream is there, which is all that a breaker wants to know. */
  answers({ target, pass }: TargetCall): void {
    this.#seenOf(target).breaker.succeed(pass)
  }

  end(call: TargetCall, ended: CallEnd): void {
    const { target, startedMs, pass, queueMs } = call
    const seen = this.#seenOf(target)
    const now = this.#now()
    seen.inFlight -= 1
    if (ended.kind === 'failed') {
      const { fault } = ended
      seen.faults[fault] = (seen.faults[fault] ?? 0) + 1
      // As one who left: the probe is over, and nothing is known of the target.
      const said = ended.isOfCaller === true ? 'cancelled' : fault
      seen.breaker.fail(pass, said, now, this.#policy.failure.breaker)
      return
    }
    const latencyMs = now - startedMs
    seen.answered += 1
    seen.latencies.note(startedMs, latencyMs)
    seen.queue.note(latencyMs, queueMs, now)
    if (ended.outputTokens !== null) {
      const usual = seen.usualOutputTokens ?? ended.outputTokens
      seen.usualOutputTokens = usual + latestShare * (ended.outputTokens - usual)
    }
    seen.breaker.succeed(pass)
  }

  /** The same under any of its names, where it was not asked by this one: of several the one that is worst off. */
  #breakerNamed(name: string): BreakerState {
    const own = [name, fullTarget(name)].find((each) => this.#seen.peek(each) !== undefined)
    if (own !== undefined) return this.#breakerOf(own)
    const states = this.#seen.map((target) =>
      isSameTarget(name, target) ? this.#breakerOf(target) : 'closed',
    )
    return worstFirst.find((state) => states.includes(state)) ?? 'closed'
  }

  /** For rules; undefined for a target of which nothing is known. `at`: milliseconds since 1970 UTC. */
  stateOf(name: string, at = this.#now()): TargetState | undefined {
    return stateOf(this.#options.costOf, name, at, {
      breaker: this.#breakerNamed(name),
      p95LatencyMs: p95Of(this.#latenciesOf(name, at)),
    })
  }

  /** Output tokens of an answer by what came lately; null: none came. */
  usualOutputTokensOf(target: string): number | null {
    const usual = this.#seen.peek(target)?.usualOutputTokens ?? null
    return usual === null ? null : Math.ceil(usual)
  }

  /** Who takes the next request for a target: itself, or where it is busier than the policy wants, another. */
  placeFor(target: string): string {
    let place = target
    // As many hops as there are rules: more of them would go round in a circle.
    for (const _ of this.#policy.failure.overflow) {
      const rule = this.#overflowOf(place)
      if (rule === undefined || !this.isUp(rule.to)) return place
      place = rule.to
    }
    return place
  }

  /** Closes a target's breaker by hand. False: nobody has asked it. */
  reset(target: string): boolean {
    const seen = this.#seen.peek(target)
    seen?.breaker.reset()
    return seen !== undefined
  }

  /** All targets that were asked, the one asked last at the end. */
  sights(): readonly TargetSight[] {
    const now = this.#now()
    return this.#seen.map((target, seen) => {
      const { breaker, faults, inFlight, answered } = seen
      const [p50 = null, p95 = null] = quantiles(seen.latencies.within(now), [0.5, 0.95])
      const state = this.#breakerOf(target)
      return {
        target,
        breaker: state,
        failuresInRow: breaker.failures,
        openUntil: state === 'closed' ? null : breaker.openUntil,
        inFlight,
        queueMs: this.#queueMs(seen),
        answered,
        faults: { ...faults },
        p50LatencyMs: p50,
        p95LatencyMs: p95,
      }
    })
  }

  #now(): number {
    // A clock that is set back would keep breakers open, and make answers that took less than no time.
    this.#time = Math.max(this.#time, this.#options.now())
    return this.#time
  }

  #breakerOf(target: string): BreakerState {
    const { breaker } = this.#policy.failure
    return this.#seen.peek(target)?.breaker.stateAt(this.#now(), breaker) ?? 'closed'
  }

  /** Of a model under all the names by which it was asked. */
  #latenciesOf(name: string, at: number): Float64Array {
    const all = this.#seen.map((target, { latencies }) =>
      isSameTarget(name, target) ? latencies.within(at) : null,
    )
    const [first, ...others] = all.filter((each) => each !== null)
    if (first === undefined || others.length === 0) return first ?? new Float64Array()
    return Float64Array.from([first, ...others].flatMap((each) => [...each]))
  }

  /** The rule by which a target is too busy for one more. */
  #overflowOf(target: string): Overflow | undefined {
    const { overflow } = this.#policy.failure
    const seen = overflow.length === 0 ? undefined : this.#seen.peek(target)
    if (seen === undefined) return undefined
    return overflow.find(
      ({ target: name, maxInFlight, maxQueueMs }) =>
        isSameTarget(name, target) &&
        (seen.inFlight >= (maxInFlight ?? Number.POSITIVE_INFINITY) ||
          (maxQueueMs !== null && (this.#queueMs(seen) ?? 0) > maxQueueMs)),
    )
  }

  #queueMs({ target, queue, inFlight, usualOutputTokens }: Seen): number | null {
    const known = this.#policy.selfHosted.find((each) => isSameTarget(each.target, target))
    const perSecond = known === undefined ? null : answersPerSecond(known, usualOutputTokens)
    return queue.queueMs(inFlight, this.#now(), perSecond)
  }

  #seenOf(target: string): Seen {
    const known = this.#seen.get(target)
    if (known !== undefined) return known
    const seen: Seen = {
      target,
      breaker: new LiveBreaker(),
      latencies: new RecentLatencies(),
      queue: new QueueEstimate(),
      faults: {},
      inFlight: 0,
      answered: 0,
      usualOutputTokens: null,
    }
    this.#seen.set(target, seen)
    return seen
  }
}

const worstFirst: readonly BreakerState[] = ['open', 'half-open']

/** By what was measured of all its machines together; null: its answers have no length yet. */
function answersPerSecond({ throughput }: SelfHosted, outputTokens: number | null): number | null {
  if (throughput.kind === 'requests') return throughput.requestsPerSecond
  if (outputTokens === null || outputTokens === 0) return null
  return throughput.outputTokensPerSecond / outputTokens
}
