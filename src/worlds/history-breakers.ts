import type { Attempted } from '../domain/world.ts'
import type { Breaker } from '../policy/governance.ts'
import type { BreakerState } from '../policy/when.ts'
import { fullTarget, isSameTarget } from '../prices/same-model.ts'

type State = { failures: number; openUntil: number }

/**
 * Breakers of targets: so many failures in a row open one, and after its time the next attempt is the probe that closes
 * it or opens it again. What nobody knows the end of changes nothing, nor does what says nothing of the target.
 */
export class HistoryBreakers {
  readonly #policy: Breaker
  /** Of targets that were asked, by name with provider. */
  readonly #states = new Map<string, State>()
  /** The same by their names as they were asked: few, and read with every call. */
  readonly #asked = new Map<string, State>()
  /** Targets whose last call failed. */
  #failing = 0

  constructor(policy: Breaker) {
    this.#policy = policy
  }

  stateOf(target: string, at: number): BreakerState {
    return this.#failing === 0 ? 'closed' : this.#stateAt(this.#states.get(fullTarget(target)), at)
  }

  /** The same under any of its names, where it was not asked by this one: of several the one that is worst off. */
  stateOfAny(name: string, at: number): BreakerState {
    if (this.#failing === 0) return 'closed'
    const own = this.#states.get(fullTarget(name))
    if (own !== undefined) return this.#stateAt(own, at)
    const states = [...this.#states].map(([target, state]) =>
      isSameTarget(name, target) ? this.#stateAt(state, at) : 'closed',
    )
    return worstFirst.find((state) => states.includes(state)) ?? 'closed'
  }

  /** `attempted` is what a call came to; null: it says nothing of the target. */
  note(target: string, at: number, attempted: Attempted | null): void {
    if (!this.#policy.on) return
    const state = this.#asked.get(target) ?? this.#askedAnew(target)
    if (attempted === null || attempted.kind === 'unknown') return
    if (attempted.kind === 'answered') {
      if (state.failures === 0) return
      this.#failing -= 1
      Object.assign(state, closed)
      return
    }
    if (state.failures === 0) this.#failing += 1
    state.failures += 1
    if (state.failures >= this.#policy.failures)
      state.openUntil = at + attempted.latencyMs + this.#policy.openSeconds * 1000
  }

  #askedAnew(target: string): State {
    const name = fullTarget(target)
    const state = this.#states.get(name) ?? { ...closed }
    this.#states.set(name, state)
    this.#asked.set(target, state)
    return state
  }

  #stateAt(state: State | undefined, at: number): BreakerState {
    if (state === undefined || state.openUntil === Number.NEGATIVE_INFINITY) return 'closed'
    return at < state.openUntil ? 'open' : 'half-open'
  }
}

const closed: State = { failures: 0, openUntil: Number.NEGATIVE_INFINITY }

const worstFirst: readonly BreakerState[] = ['open', 'half-open']
