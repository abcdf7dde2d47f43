import type { HitComparison } from '../domain/comparison.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type { AuditPolicy } from '../policy/serving.ts'
import { ComparedEntries } from './compared-entries.ts'
import { advanceHits, alarmBet, type HitEvidence, noHits, thresholdAbove } from './hit-evidence.ts'

/** What a group has come to, as plain JSON. */
export type HitGroupState = {
  readonly layer: CacheLayer
  readonly group: string | null
  /** Raised by audits; null: as the policy has it. */
  readonly threshold: number | null
  /** Back in the shadow. */
  readonly isOff: boolean
  /** The limit is passed, and it was told. */
  readonly isTold: boolean
  readonly evidence: HitEvidence
  /** The most similar wrong hit, those of entries that were compared before among them. */
  readonly highestWrong: number | null
  /** Entries that were compared, the latest last. */
  readonly entries: readonly string[]
}

/** What followed from a comparison, with what was known when it did. */
export type HitAction = {
  readonly kind: 'exceeded' | 'tightened' | 'disabled'
  readonly evidence: HitEvidence
}

/**
 * Whether the hits of one layer and feature are wrong too often. Hits of one entry are right and wrong together, so that
 * only the first of each entry counts: a bet on every hit would lose its level, up to a false alarm in every third run.
 * What is tested is therefore how many entries serve wrongly, each weighing the same.
 */
export class HitGroup {
  readonly layer: CacheLayer
  readonly name: string | null
  #threshold: number | null
  #isOff: boolean
  #isTold: boolean
  #evidence: HitEvidence
  #highestWrong: number | null
  #entries: ComparedEntries

  constructor(layer: CacheLayer, name: string | null, known?: HitGroupState) {
    this.layer = layer
    this.name = name
    this.#threshold = known?.threshold ?? null
    this.#isOff = known?.isOff ?? false
    this.#isTold = known?.isTold ?? false
    this.#evidence = known?.evidence ?? noHits
    this.#highestWrong = known?.highestWrong ?? null
    this.#entries = new ComparedEntries(known?.entries)
  }

  get threshold(): number | null {
    return this.#threshold
  }

  get isOff(): boolean {
    return this.#isOff
  }

  get evidence(): HitEvidence {
    return this.#evidence
  }

  /** Takes in one more comparison. `isServed`: callers get the layer, so that something may be done about it. */
  note(comparison: HitComparison, audit: AuditPolicy, isServed: boolean): HitAction | null {
    const { entry, similarity, verdict } = comparison
    // A hit that was served before the threshold was raised says nothing of those that still are.
    if (similarity < (this.#threshold ?? Number.NEGATIVE_INFINITY)) return null
    if (verdict === 'wrong')
      this.#highestWrong = Math.max(similarity, this.#highestWrong ?? similarity)
    if (!this.#entries.isFirst(entry)) return null
    this.#evidence = advanceHits(this.#evidence, verdict, alarmBet(audit), 'left-out')
    if (this.#isTold || this.#evidence.bet.rejectedAt === null) return null
    return this.#act(isServed && !this.#isOff ? audit.action : 'alert')
  }

  /** Counts anew, under another bet; what was done stays. */
  forget(): void {
    this.#evidence = noHits
    this.#isTold = false
    this.#highestWrong = null
    this.#entries = new ComparedEntries()
  }

  state(): HitGroupState {
    return {
      layer: this.layer,
      group: this.name,
      threshold: this.#threshold,
      isOff: this.#isOff,
      isTold: this.#isTold,
      evidence: this.#evidence,
      highestWrong: this.#highestWrong,
      entries: this.#entries.list(),
    }
  }

  #act(action: AuditPolicy['action']): HitAction {
    const evidence = this.#evidence
    if (action === 'alert' || (action === 'tighten' && this.layer === 'exact')) {
      this.#isTold = true
      return { kind: 'exceeded', evidence }
    }
    const above = action === 'tighten' ? thresholdAbove(this.#highestWrong ?? 1) : null
    if (above === null) this.#isOff = true
    else this.#threshold = above
    // What is served from now on is another layer, of which nothing is known yet.
    this.forget()
    return { kind: above === null ? 'disabled' : 'tightened', evidence }
  }
}
