import type { ShadowHit, ShadowNote, ShadowRoute } from '../domain/comparison.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import { UserError } from '../domain/user-error.ts'
import type { RouteDecision } from '../engine/compile-routes.ts'
import type { Decision } from '../engine/decide.ts'
import { compareAnswers } from './compare-answers.ts'
import type { GatewayState } from './gateway-state.ts'
import type { RequestTrial, WatchedHit } from './request-trial.ts'

/** What layers that only watched a request would have done for it. */
export type Sighted = {
  readonly notes: readonly ShadowNote[]
  /** Of the notes: one of which computing cannot tell, and a judge may. */
  readonly open: ShadowHit | null
}

export const nothingSighted: Sighted = { notes: [], open: null }

/** Holds what would have been served against what was. `served` is the request as it is written down. */
export function sightedBy(
  state: GatewayState,
  { hit, route }: RequestTrial,
  decision: Decision,
  served: Request,
): Sighted {
  if (hit === null && route === null) return nothingSighted
  const noted = hit === null ? null : noteHit(state, hit, decision, served)
  const routed = route === null ? null : noteRoute(state, route, served)
  return {
    notes: [noted?.note, routed].filter((each) => each != null),
    open: noted?.isOpen === true ? noted.note : null,
  }
}

function noteHit(
  state: GatewayState,
  { layer, entry, similarity }: WatchedHit,
  { receipt, answer }: Decision,
  { feature }: Request,
): { readonly note: ShadowHit; readonly isOpen: boolean } {
  // An answer from another cache layer is no fresh one.
  const fresh = receipt.outcome === 'hit' ? null : answer
  const found = compareAnswers(state, entry.answer, fresh)
  const isOpen = found?.verdict === 'unsettled' && state.compiled.policy.serve.audit.judge !== null
  const note: ShadowHit = {
    kind: 'hit',
    layer,
    group: feature ?? null,
    entry: entry.id,
    similarity,
    ageMs: receipt.at - entry.bornMs,
    verdict: isOpen ? null : (found?.verdict ?? null),
    by: found?.rung ?? null,
  }
  return { note, isOpen }
}

/** Null: it would have gone where it went. */
function noteRoute(
  state: GatewayState,
  decision: RouteDecision,
  served: Request,
): ShadowRoute | null {
  if (decision.kind === 'needs-label')
    return { kind: 'route', route: null, targets: [], classifier: decision.classifier }
  const { ladder, route } = decision
  if (ladder === null || ladder.length === 0) return null
  const targets = ladder.map(({ target }) => ({
    target,
    costNanoUsd: costAt(state, target, served),
  }))
  return { kind: 'route', route, targets }
}

/** What a target would take for what the model used that was asked; null: nobody knows. */
function costAt(
  { prices, upstreams }: GatewayState,
  target: string,
  { usage, fees, at }: Request,
): NanoUsd | null {
  if (usage === undefined) return null
  try {
    const { upstream, model } = upstreams.find(target)
    const pricing = prices.price({ provider: upstream.provider.name, model, at }, usage, fees)
    return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}
