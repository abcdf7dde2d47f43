import type { AuditNote } from '../domain/comparison.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Request } from '../domain/request.ts'
import type { Asked, Ledger, World } from '../domain/world.ts'
import { after } from '../engine/after.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { type Decision, decide } from '../engine/decide.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import { Exchange } from './exchange.ts'
import type { SidePurpose } from './gateway-figures.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import { keptTextOf } from './kept-text.ts'
import { LiveWorld } from './live-world.ts'
import { Outlet } from './outlet.ts'
import { ownQuestion } from './own-question.ts'
import { servedRequest, settledOf } from './settled-of.ts'

/** A request as it is asked again. */
export type AskedAgain = {
  readonly inbound: Inbound
  readonly facts: RequestFacts
  /** The policy that decided it, or the part of it that is to be compared with. */
  readonly compiled: CompiledPolicy
}

export type FreshAnswer = { readonly exchange: Exchange; readonly decision: Decision }

/**
 * Decides a request once more, past all caches and for nobody: with the caller's own bytes and, in pass-through, the
 * caller's own key. It is paid for by no user, key or team, only by budgets of all.
 */
export async function askAgain(
  state: GatewayState,
  { inbound, facts, compiled }: AskedAgain,
): Promise<FreshAnswer> {
  const own: Inbound = { ...inbound, id: ownId(state, 'audit'), at: state.now() }
  const exchange = new Exchange(own, new Outlet(null), state, [])
  const world = new LiveWorld(state, exchange, facts, null)
  const asked: Asked = {
    id: own.id,
    at: own.at,
    request: ofNobody(own.request),
    bypass: 'audit',
  }
  exchange.asked = asked
  state.exchanges.set(own.id, exchange)
  try {
    const decision = await decide(asked, { facts, asks: world.asks }, compiled, unheard(world))
    return { exchange, decision }
  } finally {
    // Whatever went wrong: nothing stays held back for it.
    state.ledger.settle(asked, exchange.spentNanoUsd as NanoUsd)
    state.exchanges.delete(own.id)
  }
}

/** An id of the same kind as those of requests. */
export const ownId = ({ newId }: Pick<GatewayState, 'newId'>, purpose: SidePurpose): string =>
  `${purpose}_${newId().replace(/^req_/, '')}`

/** Without those on whose account it was: budgets of members do not count it. */
function ofNobody(request: Request): Request {
  const { user: _, key: _k, team: _t, feature: _f, session: _s, trace: _r, ...rest } = request
  return rest
}

/** Nobody hears the answer while it comes. */
function unheard(world: LiveWorld): World {
  return {
    cache: world.cache,
    ledger: withoutNeed(world.ledger),
    ask: (target, asked, terms) => world.ask(target, asked, { ...terms, isHeld: true }),
    fallbacksOf: () => world.fallbacksOf(),
    isUp: (target) => world.isUp(target),
    classify: (classifier) => world.classify(classifier),
    wait: (ms) => world.wait(ms),
  }
}

/** Nobody needs it: where a budget would have it done more cheaply, it is not done. */
export const withoutNeed = (ledger: Ledger): Ledger => ({
  admit: (asked) =>
    after(ledger.admit(asked), (word) => {
      if (word?.action !== 'downgrade') return word
      ledger.settle(asked, zeroNanoUsd)
      return { ...word, action: 'block' }
    }),
  settle: (asked, costNanoUsd) => ledger.settle(asked, costNanoUsd),
})

/** Writes down what asking again took, with what it found out. What was never asked leaves nothing. */
export function settleAgain(
  state: GatewayState,
  { exchange, decision }: FreshAnswer,
  note: AuditNote | null,
): void {
  if (exchange.begun === 0) return
  const { inbound } = exchange
  const statusCode = decision.answer === null ? (exchange.last?.refusal?.status ?? 502) : 200
  const served = ownQuestion(
    { ...servedRequest(exchange, decision, statusCode), at: inbound.at },
    'audit',
    note,
  )
  const kept = keptTextOf(state.compiled.policy, inbound)
  state.journal.settle(settledOf(state, exchange, decision, served, kept))
  state.audits.paid('audit', decision.receipt.costNanoUsd)
}
