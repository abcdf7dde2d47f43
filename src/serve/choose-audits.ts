import type { Step } from '../domain/receipt.ts'
import { type Audited, auditHit, auditRoute, judgeShadow, type RoutedDown } from './audit-served.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { RequestTrial } from './request-trial.ts'
import type { Sighted } from './shadow-notes.ts'

/** A request that is done, and what was seen of it. */
export type Done = Audited & {
  readonly exchange: Exchange
  readonly trial: RequestTrial | null
  readonly sighted: Sighted
  /** What the model that was asked for would have cost; null: nobody knows. */
  readonly baselineNanoUsd: number | null
}

/** Draws whether a request is audited, and begins it where it is. The caller has the answer. */
export function chooseAudits(state: GatewayState, done: Done): void {
  const { inbound, exchange, decision } = done
  const { auditShare, audit } = state.compiled.policy.serve
  const { judge, routeShare, maxInFlight } = audit
  const { open } = done.sighted
  if (judge !== null && open !== null) {
    const given = done.trial?.hit?.entry.answer ?? null
    state.audits.start(maxInFlight, () => judgeShadow(state, judge, done, open, given))
  }
  // Who leaves, or wants nothing asked, is not asked for.
  if (exchange.outlet.isGone || inbound.wishes.onlyIfCached || decision.answer === null) return
  const hit = decision.receipt.steps.find(isSemanticHit)
  if (hit !== undefined) {
    if (isDrawn(state, auditShare))
      state.audits.start(maxInFlight, () => auditHit(state, done, hit))
    return
  }
  const down = routeShare === 0 || exchange.isBroken ? null : routedDown(done)
  if (down !== null && isDrawn(state, routeShare))
    state.audits.start(maxInFlight, () => auditRoute(state, done, down))
}

const isDrawn = ({ chance }: GatewayState, share: number): boolean => share > 0 && chance() < share

const isSemanticHit = (step: Step): step is Extract<Step, { kind: 'hit' }> =>
  step.kind === 'hit' && step.layer === 'semantic'

/** Whether a cheaper model answered than its ladder ends with, or than was asked for; null: none did. */
function routedDown({ decision, inbound, baselineNanoUsd }: Done): RoutedDown | null {
  const { outcome, steps, costNanoUsd } = decision.receipt
  const route = steps.find((step) => step.kind === 'route')
  if (outcome !== 'answered' || route === undefined) return null
  const answered = steps.findLast((step) => step.kind === 'attempt' && step.outcome === 'accepted')
  const strong = route.targets.at(-1)
  if (answered?.kind !== 'attempt' || strong === undefined) return null
  const { target } = answered
  if (target !== strong) return { route: route.route, target, strong }
  const isCheaper = baselineNanoUsd !== null && baselineNanoUsd > costNanoUsd
  return isCheaper && target !== inbound.home.target
    ? { route: route.route, target, strong: null }
    : null
}
