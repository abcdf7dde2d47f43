import type { NanoUsd } from '../domain/money.ts'
import type {
  BypassReason,
  CacheLayer,
  Outcome,
  Receipt,
  RequestId,
  Step,
} from '../domain/receipt.ts'
import type { Asked, CacheEntry } from '../domain/world.ts'

/** What a look-up takes until its answer can be sent, milliseconds: see docs/methods.md, "Latency". */
export const lookUpMs = 1

/** Why a layer that was to be asked was not, in the end. */
const asked: ReadonlySet<BypassReason> = new Set(['no-text', 'no-vector', 'long-conversation'])

/** A receipt in the making. */
export class Course {
  readonly #asked: Asked
  readonly #steps: Step[] = []
  #cost = 0
  latencyMs = 0

  constructor(asked: Asked) {
    this.#asked = asked
  }

  /** Spent so far, nano-dollars. */
  get cost(): NanoUsd {
    return this.#cost as NanoUsd
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  add(step: Step): void {
    this.#steps.push(step)
  }

  spend(costNanoUsd: number | null): void {
    this.#cost += costNanoUsd ?? 0
  }

  /** Says of both layers that this request was none for a cache, which shows only in its answer. */
  bypass(reason: BypassReason): void {
    const steps = this.#steps.splice(0)
    for (const step of steps) {
      if (step.kind === 'guarded') continue
      const isLookUp = step.kind === 'miss' || (step.kind === 'bypass' && asked.has(step.reason))
      this.#steps.push(isLookUp ? { kind: 'bypass', layer: step.layer, reason } : step)
    }
  }

  /** Takes over what was written down aside. */
  absorb(other: Course): void {
    for (const step of other.#steps) this.#steps.push(step)
    this.#cost += other.#cost
    this.latencyMs += other.latencyMs
  }

  hit(layer: CacheLayer, entry: CacheEntry, similarity: number): Receipt {
    const ageMs = this.#asked.at - entry.bornMs
    this.add({ kind: 'hit', layer, entry: entry.id, similarity, ageMs })
    this.latencyMs += lookUpMs
    return this.end('hit', entry.id)
  }

  /** `at` is when the other request's answer was there. */
  coalesced(id: RequestId, at: number): Receipt {
    const waitMs = at - this.#asked.at
    this.add({ kind: 'coalesced', with: id, waitMs })
    this.latencyMs += waitMs
    return this.end('coalesced', id)
  }

  end(outcome: Outcome, servedBy: RequestId | null = null): Receipt {
    const { id, at } = this.#asked
    const { cost, latencyMs } = this
    return { id, at, outcome, servedBy, steps: this.#steps, costNanoUsd: cost, latencyMs }
  }
}
