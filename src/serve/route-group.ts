import type { RouteComparison } from '../domain/comparison.ts'
import type { AuditPolicy } from '../policy/serving.ts'
import {
  advanceMargin,
  type MarginBet,
  type MarginEvidence,
  marginBet,
  noMarginEvidence,
} from '../stats/sequential-pairs.ts'

/** How cheaper answers of a route did against the strongest model's. */
export type RouteEvidence = {
  readonly better: number
  readonly same: number
  readonly worse: number
  readonly unsettled: number
  readonly margin: MarginEvidence
}

export const noRoutes: RouteEvidence = {
  better: 0,
  same: 0,
  worse: 0,
  unsettled: 0,
  margin: noMarginEvidence,
}

/** Share of pairs that are expected to differ, which sets the stake, as in the plan of a replay. */
const discordantShare = 0.1

export const lossBet = (maxLoss: number, confidence: number): MarginBet =>
  marginBet({ margin: maxLoss, discordantShare, delta: 1 - confidence })

export function advanceRoutes(
  before: RouteEvidence,
  { difference }: Pick<RouteComparison, 'difference'>,
  bet: MarginBet,
): RouteEvidence {
  return {
    better: before.better + Number(difference === 1),
    same: before.same + Number(difference === 0),
    worse: before.worse + Number(difference === -1),
    unsettled: before.unsettled + Number(difference === null),
    margin: advanceMargin(before.margin, [{ difference, weight: 1 }], bet),
  }
}

/** What comparisons of a route came to, without the bet on them. */
export type RouteCounts = Omit<RouteEvidence, 'margin'>

export const comparedRoutes = ({ better, same, worse, unsettled }: RouteCounts): number =>
  better + same + worse + unsettled

/** Answers worse less answers better, of those that could be told; null: none could. */
export function lossOf({ better, same, worse }: RouteCounts): number | null {
  const settled = better + same + worse
  return settled === 0 ? null : (worse - better) / settled
}

export type RouteGroupState = {
  readonly group: string
  readonly isOff: boolean
  readonly isTold: boolean
  readonly evidence: RouteEvidence
}

export type RouteAction = {
  readonly kind: 'exceeded' | 'disabled'
  readonly evidence: RouteEvidence
}

/** Whether a route loses more against the strongest model than it may. */
export class RouteGroup {
  readonly name: string
  #isOff: boolean
  #isTold: boolean
  #evidence: RouteEvidence

  constructor(name: string, known?: RouteGroupState) {
    this.name = name
    this.#isOff = known?.isOff ?? false
    this.#isTold = known?.isTold ?? false
    this.#evidence = known?.evidence ?? noRoutes
  }

  get isOff(): boolean {
    return this.#isOff
  }

  get evidence(): RouteEvidence {
    return this.#evidence
  }

  note(comparison: RouteComparison, audit: AuditPolicy, isServed: boolean): RouteAction | null {
    const bet = lossBet(audit.maxLoss, audit.confidence)
    this.#evidence = advanceRoutes(this.#evidence, comparison, bet)
    const isLost = this.#evidence.margin.decided?.verdict === 'inferior'
    if (this.#isTold || !isLost) return null
    const evidence = this.#evidence
    this.#isTold = true
    // A route has no threshold to raise.
    if (audit.action !== 'disable' || !isServed || this.#isOff)
      return { kind: 'exceeded', evidence }
    this.#isOff = true
    return { kind: 'disabled', evidence }
  }

  forget(): void {
    this.#evidence = noRoutes
    this.#isTold = false
  }

  state(): RouteGroupState {
    return {
      group: this.name,
      isOff: this.#isOff,
      isTold: this.#isTold,
      evidence: this.#evidence,
    }
  }
}
