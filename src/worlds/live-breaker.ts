import { type FaultKind, passingFaults } from '../domain/fault.ts'
import type { Breaker } from '../policy/governance.ts'
import type { BreakerState } from '../policy/when.ts'

/** A call that a breaker let pass. */
export type Pass = {
  /** Whether the breaker has opened or closed since. */
  readonly turn: number
  readonly isProbe: boolean
}

/**
 * The breaker of one target. So many failures in a row open it; after its time one call passes as the probe that closes
 * it or opens it again, and until that has ended the others see it open. What says nothing of the target, as a bad
 * request or a caller who left, changes nothing. Times are milliseconds since 1970 UTC.
 */
export class LiveBreaker {
  /** Failures in a row. */
  failures = 0
  openUntil = Number.NEGATIVE_INFINITY
  #turn = 0
  #isOpened = false
  #probeSince: number | null = null

  stateAt(now: number, policy: Breaker): BreakerState {
    if (!policy.on || !this.#isOpened) return 'closed'
    if (now < this.openUntil || this.#isProbed(now, policy)) return 'open'
    return 'half-open'
  }

  /** Null: it is open. A call that passes must be ended. */
  begin(now: number, policy: Breaker): Pass | null {
    const state = this.stateAt(now, policy)
    if (state === 'open') return null
    const isProbe = state === 'half-open'
    if (isProbe) this.#probeSince = now
    return { turn: this.#turn, isProbe }
  }

  /** For a call that is made whatever its state: it is no probe, but its end counts like that of any other. */
  watch(): Pass {
    return { turn: this.#turn, isProbe: false }
  }

  /** An answer, or its first content: the target is well. */
  succeed({ turn }: Pass): void {
    // A call that began before says nothing of now.
    if (turn === this.#turn) this.reset()
  }

  /** A call that ended without an answer. */
  fail({ turn, isProbe }: Pass, kind: FaultKind, now: number, policy: Breaker): void {
    if (turn !== this.#turn) return
    if (isProbe) this.#probeSince = null
    if (!policy.on || !passingFaults.has(kind)) return
    this.failures += 1
    if (this.failures < policy.failures) return
    this.#isOpened = true
    this.openUntil = now + policy.openSeconds * 1000
    this.#probeSince = null
    this.#turn += 1
  }

  /** Closes it, whatever was. */
  reset(): void {
    this.failures = 0
    if (!this.#isOpened) return
    this.#isOpened = false
    this.openUntil = Number.NEGATIVE_INFINITY
    this.#probeSince = null
    this.#turn += 1
  }

  /** A probe of which nobody hears for as long as the breaker stays open is given up. */
  #isProbed(now: number, { openSeconds }: Breaker): boolean {
    return this.#probeSince !== null && now - this.#probeSince < openSeconds * 1000
  }
}
