import type { Attempted } from '../domain/world.ts'
import type { Breaker } from '../policy/governance.ts'
import type { BreakerState } from '../policy/when.ts'
import { fullTarget, isSameTarget } from '../prices/same-model.ts'

type State = { failures: number; openUntil: number }

/**
 * Breakers of targets: so many failures in a row open one, and after its time the next attempt is the probe that closes
 * it or opens it again. What nobody knows the end of changes nothing; what says nothing of the target is not noted.
 */
export class HistoryBreakers {
  readonly #policy: Breaker
  /** By name with provider. */
  readonly #states = new Map<string, State>()

  constructor(policy: Breaker) {
    this.#policy = policy
  }

  stateOf(target: string, at: number): BreakerState {
    if (!this.#policy.on || this.#states.size === 0) return 'closed'
    return this.#stateAt(this.#states.get(fullTarget(target)), at)
  }

  /** The same under any of its names: of several the one that is worst off. */
  stateOfAny(name: string, at: number): BreakerState {
    if (!this.#policy.on || this.#states.size === 0) return 'closed'
    const own = this.#states.get(fullTarget(name))
    if (own !== undefined) return this.#stateAt(own, at)
    const states = [...this.#states].map(([target, state]) =>
      isSameTarget(name, target) ? this.#stateAt(state, at) : 'closed',
    )
    return worstFirst.find((state) => states.includes(state)) ?? 'closed'
  }

  note(target: string, at: number, { kind, latencyMs }: Attempted): void {
    if (!this.#policy.on || kind === 'unknown') return
    if (kind === 'answered' && this.#states.size === 0) return
    const name = fullTarget(target)
    if (kind === 'answered') {
      this.#states.delete(name)
      return
    }
    const state = this.#states.get(name) ?? { failures: 0, openUntil: Number.NEGATIVE_INFINITY }
    this.#states.set(name, state)
    state.failures += 1
    if (state.failures >= this.#policy.failures)
      state.openUntil = at + latencyMs + this.#policy.openSeconds * 1000
  }

  #stateAt(state: State | undefined, at: number): BreakerState {
    if (state === undefined || state.openUntil === Number.NEGATIVE_INFINITY) return 'closed'
    return at < state.openUntil ? 'open' : 'half-open'
  }
}

const worstFirst: readonly BreakerState[] = ['open', 'half-open']
