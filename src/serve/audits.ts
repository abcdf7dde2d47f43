import type { AuditNote } from '../domain/comparison.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { SidePurpose } from './gateway-figures.ts'

export type AuditsOptions = {
  /** A mistake of the gateway's own. */
  readonly onBug: (error: unknown) => void
  /** Told of what was paid for an audit, or a judge. */
  readonly onCost: (purpose: SidePurpose, costNanoUsd: NanoUsd) => void
  /** Told of what an answer that was given came to, held against a fresh one. */
  readonly onCompared: (note: AuditNote) => void
}

export type AuditCounts = {
  readonly inFlight: number
  /** Those that brought a comparison. */
  readonly compared: number
  /** Left out because too many were under way. */
  readonly dropped: number
  /** Left out because a budget had no room. */
  readonly refused: number
  /** No fresh answer came. */
  readonly failed: number
}

export const noAudits: AuditCounts = { inFlight: 0, compared: 0, dropped: 0, refused: 0, failed: 0 }

/** How an audit ended. */
export type AuditEnd = 'compared' | 'refused' | 'failed'

/** Questions that the gateway asks for its own sake, a bounded number at a time. No caller waits for them. */
export class Audits {
  readonly #options: AuditsOptions
  readonly #underWay = new Set<Promise<void>>()
  readonly #ends: Record<AuditEnd, number> = { compared: 0, refused: 0, failed: 0 }
  #dropped = 0

  constructor(options: AuditsOptions) {
    this.#options = options
  }

  get counts(): AuditCounts {
    return { inFlight: this.#underWay.size, dropped: this.#dropped, ...this.#ends }
  }

  /** Begins an audit in a later turn, unless `most` are under way. */
  start(most: number, audit: () => Promise<AuditEnd>): void {
    if (this.#underWay.size >= most) {
      this.#dropped++
      return
    }
    const running = this.#run(audit)
    this.#underWay.add(running)
    void running.then(() => this.#underWay.delete(running))
  }

  paid(purpose: SidePurpose, costNanoUsd: NanoUsd): void {
    this.#options.onCost(purpose, costNanoUsd)
  }

  compared(note: AuditNote): void {
    this.#options.onCompared(note)
  }

  /** When none is under way any more. */
  async ended(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #run(audit: () => Promise<AuditEnd>): Promise<void> {
    await new Promise(setImmediate)
    try {
      this.#ends[await audit()]++
    } catch (error) {
      this.#ends.failed++
      this.#options.onBug(error)
    }
  }
}
