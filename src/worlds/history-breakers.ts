import type { Attempted } from '../domain/world.ts'
import type { Breaker } from '../policy/governance.ts'
import type { BreakerState } from '../policy/when.ts'

type State = { failures: number; openUntil: number }

/**
 * Breakers of targets: so many failures in a row open one, and after its time the next attempt is the probe that closes
 * it or opens it again. What nobody knows the end of changes nothing; what says nothing of the target is not noted.
 */
export class HistoryBreakers {
  readonly #policy: Breaker
  readonly #states = new Map<string, State>()

  constructor(policy: Breaker) {
    this.#policy = policy
  }

  stateOf(target: string, at: number): BreakerState {
    const state = this.#states.get(target)
    if (!this.#policy.on || state === undefined || state.openUntil === Number.NEGATIVE_INFINITY)
      return 'closed'
    return at < state.openUntil ? 'open' : 'half-open'
  }

  note(target: string, at: number, { kind, latencyMs }: Attempted): void {
    if (!this.#policy.on || kind === 'unknown') return
    if (kind === 'answered') {
      this.#states.delete(target)
      return
    }
    const state = this.#states.get(target) ?? {
      failures: 0,
      openUntil: Number.NEGATIVE_INFINITY,
    }
    this.#states.set(target, state)
    state.failures += 1
    if (state.failures >= this.#policy.failures)
      state.openUntil = at + latencyMs + this.#policy.openSeconds * 1000
  }
}
