import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import type { Asked } from '../domain/world.ts'
import { type Decision, decide, type Seen } from '../engine/decide.ts'
import { RequestFacts } from '../engine/request-facts.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import { liveSurroundings } from './live-surroundings.ts'
import { LiveWorld } from './live-world.ts'
import { sendDecision } from './send-answer.ts'
import { servedRequest, settledOf } from './settled-of.ts'

/** Decides one request, gives the caller what was decided, and writes it down. */
export async function serveRequest(state: GatewayState, exchange: Exchange): Promise<void> {
  const { inbound } = exchange
  const { id, at, request, bypass } = inbound
  const facts = new RequestFacts(request, liveSurroundings(state, inbound))
  const world = new LiveWorld(state, exchange, facts)
  const asked = { id, at, request, bypass }
  const decision = await decideOne(state, exchange, asked, { facts, asks: world.asks }, world)
  const statusCode = sendDecision(exchange, decision)
  const served = servedRequest(exchange, decision, statusCode)
  state.journal.settle(settledOf(exchange, decision, served, state.fingerprint))
  state.onServed({
    request: served,
    receipt: decision.receipt,
    endpoint: inbound.endpoint.path,
    dialect: inbound.endpoint.dialect,
    statusCode,
    overheadMs: Math.max(0, state.now() - at - exchange.waitedMs),
    baselineNanoUsd: baselineOf(state, served, decision),
    auditAgrees: null,
  })
}

async function decideOne(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  seen: Seen,
  world: LiveWorld,
): Promise<Decision> {
  state.exchanges.set(exchange.inbound.id, exchange)
  try {
    return await decide(asked, seen, state.compiled, world)
  } finally {
    state.exchanges.delete(exchange.inbound.id)
  }
}

/** What the model that was asked for would have cost for what was used. */
function baselineOf(state: GatewayState, served: Request, { receipt }: Decision): NanoUsd | null {
  const { requestedModel, model, provider, usage } = served
  if (usage === undefined) return receipt.outcome === 'failed' ? receipt.costNanoUsd : null
  const pricing = state.prices.price(
    { model: requestedModel ?? model, provider, at: served.at },
    usage,
    served.fees,
  )
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}
