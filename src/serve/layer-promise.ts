import type { Comparison } from '../domain/comparison.ts'
import type { Promotion, ShadowLayer } from '../policy/serving.ts'
import { ComparedEntries } from './compared-entries.ts'
import { advanceHits, type HitEvidence, noHits, promiseBet } from './hit-evidence.ts'
import {
  advanceRoutes,
  comparedRoutes,
  lossBet,
  noRoutes,
  type RouteEvidence,
} from './route-group.ts'

export type LayerPromiseState = {
  readonly layer: ShadowLayer
  readonly isPromoted: boolean
  readonly isTold: boolean
  readonly hits: HitEvidence
  readonly routes: RouteEvidence
  readonly entries: readonly string[]
}

/**
 * Whether a layer that some callers get, and others only watch, may be given to all. It is looked at after every
 * comparison, so that no bound for a number of labels fixed beforehand holds here, exact or not; a bet may be looked at
 * at any time (Ville 1939).
 */
export class LayerPromise {
  readonly layer: ShadowLayer
  #isPromoted: boolean
  #isTold: boolean
  #hits: HitEvidence
  #routes: RouteEvidence
  #entries: ComparedEntries

  constructor(layer: ShadowLayer, known?: LayerPromiseState) {
    this.layer = layer
    this.#isPromoted = known?.isPromoted ?? false
    this.#isTold = known?.isTold ?? false
    this.#hits = known?.hits ?? noHits
    this.#routes = known?.routes ?? noRoutes
    this.#entries = new ComparedEntries(known?.entries)
  }

  /** All get it. */
  get isPromoted(): boolean {
    return this.#isPromoted
  }

  get hits(): HitEvidence {
    return this.#hits
  }

  get routes(): RouteEvidence {
    return this.#routes
  }

  /** Takes in one more comparison of its layer. True: now, and not before, it has kept its promise. */
  note(comparison: Comparison, promotion: Promotion): boolean {
    const { minHits, maxWrongPerHit, confidence, auto } = promotion
    let isProved: boolean
    if (comparison.kind === 'route') {
      this.#routes = advanceRoutes(this.#routes, comparison, lossBet(maxWrongPerHit, confidence))
      const { decided } = this.#routes.margin
      isProved = decided?.verdict === 'non-inferior' && comparedRoutes(this.#routes) >= minHits
    } else {
      if (!this.#entries.isFirst(comparison.entry)) return false
      this.#hits = advanceHits(this.#hits, comparison.verdict, promiseBet(promotion), 'wrong')
      isProved = this.#hits.bet.rejectedAt !== null && this.#hits.compared >= minHits
    }
    if (this.#isTold || !isProved) return false
    this.#isTold = true
    this.#isPromoted = auto
    return true
  }

  /** Begins anew: the layer is another one from now on. What was promoted stays so. */
  forget(): void {
    if (this.#isTold) return
    this.#hits = noHits
    this.#routes = noRoutes
    this.#entries = new ComparedEntries()
  }

  state(): LayerPromiseState {
    return {
      layer: this.layer,
      isPromoted: this.#isPromoted,
      isTold: this.#isTold,
      hits: this.#hits,
      routes: this.#routes,
      entries: this.#entries.list(),
    }
  }
}
