import { usdOf } from '../domain/money.ts'
import type { Step } from '../domain/receipt.ts'
import type { Served } from '../domain/served.ts'
import type { RecentReceipt } from './gateway-snapshot.ts'
import { faultIn, pathOf, type ServedFacts } from './served-facts.ts'

const keptReceipts = 100

/** Steps beyond these are a ladder gone wild; the receipt in the store has them all. */
const shownSteps = 60

/** The last receipts, without a word of what was asked or answered. */
export class RecentReceipts {
  readonly #ring: Recent[] = []
  #next = 0

  add(served: Served, facts: ServedFacts): void {
    const { request, receipt, statusCode, overheadMs } = served
    this.#ring[this.#next] = {
      id: String(receipt.id),
      at: receipt.at,
      endpoint: pathOf(served),
      statusCode,
      outcome: receipt.outcome,
      requestedModel: request.requestedModel ?? request.model ?? null,
      target: facts.target,
      route: facts.route,
      costNano: receipt.costNanoUsd,
      isUnpriced: facts.isUnpriced,
      savedNano: facts.savedNanoUsd,
      latencyMs: receipt.latencyMs,
      overheadMs,
      firstTokenMs: request.firstTokenMs ?? null,
      // Audits end later.
      auditAgrees: null,
      steps: receipt.steps,
      shown: null,
    }
    this.#next = (this.#next + 1) % keptReceipts
  }

  /** Says of a request that is still kept what an audit found. */
  setAudit(id: string, auditAgrees: boolean): void {
    const index = this.#ring.findIndex((recent) => recent.id === id)
    const recent = this.#ring[index]
    if (recent !== undefined) this.#ring[index] = { ...recent, auditAgrees }
  }

  /** Newest first. */
  list(): readonly RecentReceipt[] {
    const newest = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse()
    return newest.map((recent) => {
      recent.shown ??= shown(recent)
      return recent.shown
    })
  }
}

/** As it is kept: what takes time is done when somebody looks. */
type Recent = Omit<RecentReceipt, 'at' | 'costUsd' | 'savedUsd'> & {
  readonly at: number
  readonly costNano: number
  readonly savedNano: number | null
  /** Made once: a receipt does not change. */
  shown: RecentReceipt | null
}

const shown = ({ at, costNano, savedNano, steps, shown: _, ...rest }: Recent): RecentReceipt => ({
  ...rest,
  at: new Date(at).toISOString(),
  costUsd: usdOf(costNano),
  savedUsd: savedNano === null ? null : usdOf(savedNano),
  steps: steps.slice(0, shownSteps).map(shownStep),
})

/** Of a failure its kind alone: a provider's own words may quote the prompt. */
const shownStep = (step: Step): Step =>
  step.kind === 'attempt' && (step.outcome === 'failed' || step.outcome === 'timeout')
    ? { ...step, reason: faultIn(step.reason) ?? 'other' }
    : step
