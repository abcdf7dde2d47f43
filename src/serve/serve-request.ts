import type { ShadowNote } from '../domain/comparison.ts'
import { type Json, textOf } from '../domain/json.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import { totalTokens } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { type Decision, decide, type Seen } from '../engine/decide.ts'
import { RequestFacts } from '../engine/request-facts.ts'
import { chooseAudits } from './choose-audits.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import { keptTextOf } from './kept-text.ts'
import { type LastResort, lastResortFor } from './last-resort.ts'
import { LiveAnswer } from './live-answer.ts'
import { LiveWorld } from './live-world.ts'
import { comparisonOf } from './noted-comparisons.ts'
import { openTrial, policyUnderTrial, type RequestTrial } from './request-trial.ts'
import { isNotCached, isUnpriced, sendDecision } from './send-answer.ts'
import { servedRequest, servingCall, settledOf } from './settled-of.ts'
import { nothingSighted, sightedBy } from './shadow-notes.ts'
import { policyUnderWishes, worldUnderWishes } from './under-wishes.ts'

/**
 * Decides one request, gives the caller what was decided, and writes it down. Tokens that models took and gave for it;
 * none for what a cache had.
 */
export async function serveRequest(state: GatewayState, exchange: Exchange): Promise<number> {
  const { inbound } = exchange
  const { id, at, request } = inbound
  const bypass = inbound.bypass ?? personal(state, request)
  const facts = new RequestFacts(request, state.surroundingsOf(inbound))
  const trial = openTrial(state, inbound)
  const compiled = compiledFor(state, inbound, trial)
  const world = new LiveWorld(state, exchange, facts, trial)
  const asked = { id, at, request, bypass }
  exchange.asked = asked
  const seen = { facts, asks: world.asks }
  const decision = await decideOne(state, exchange, asked, seen, compiled, world)
  const baselineNanoUsd = baselineOf(state, exchange, decision)
  exchange.lastResort = resortFor(state, exchange, seen, trial, decision)
  const statusCode = sendDecision(exchange, decision, savedOf(decision, baselineNanoUsd))
  const plain = servedRequest(exchange, decision, statusCode)
  const sighted = trial === null ? nothingSighted : sightedBy(state, trial, decision, plain)
  const { notes } = sighted
  const served = notes.length === 0 ? plain : { ...plain, shadow: notes }
  const kept = keptTextOf(state.compiled.policy, inbound)
  state.journal.settle(settledOf(state, exchange, decision, served, kept))
  state.onServed({
    request: served,
    receipt: decision.receipt,
    endpoint: inbound.endpoint.path,
    dialect: inbound.endpoint.dialect,
    statusCode,
    ...(isNotCached(exchange, decision.receipt) && { isNotCached: true }),
    overheadMs: Math.max(0, state.now() - at - exchange.waitedMs),
    baselineNanoUsd,
  })
  for (const note of notes) noteComparison(state, note)
  const audited = { inbound, facts, compiled, decision }
  chooseAudits(state, { ...audited, exchange, trial, sighted, baselineNanoUsd })
  const { usage } = served
  return usage === undefined || served.servedFromCache === true ? 0 : totalTokens(usage)
}

/** Nobody answered: what the policy has for that. */
function resortFor(
  state: GatewayState,
  exchange: Exchange,
  { facts }: Seen,
  trial: RequestTrial | null,
  decision: Decision,
): LastResort | null {
  const { inbound, asked } = exchange
  if (decision.receipt.outcome !== 'failed' || asked === null) return null
  // What is only watched answers nobody, however old.
  const terms =
    trial?.watch.exact === true
      ? null
      : policyUnderWishes(state.compiled, inbound.wishes).termsOf(facts)
  return lastResortFor(state, exchange, asked, terms, decision)
}

const personal = ({ isPersonal }: GatewayState, request: Request) =>
  request.prompt !== undefined && isPersonal?.(request.prompt as Json, request) === true
    ? 'pii'
    : null

/** The policy as it decides this request: no more generous than its client wishes and than audits have left it. */
function compiledFor(
  { compiled, trials }: GatewayState,
  { wishes }: Inbound,
  trial: RequestTrial | null,
): CompiledPolicy {
  const wished = policyUnderWishes(compiled, wishes)
  return trial === null ? wished : policyUnderTrial(wished, trials, trial)
}

function noteComparison({ trials }: GatewayState, note: ShadowNote): void {
  const comparison = comparisonOf(note)
  if (comparison !== null) trials.note(comparison)
}

async function decideOne(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  seen: Seen,
  compiled: CompiledPolicy,
  world: LiveWorld,
): Promise<Decision> {
  state.exchanges.set(exchange.inbound.id, exchange)
  try {
    return await decide(asked, seen, compiled, worldUnderWishes(world, exchange.inbound.wishes))
  } finally {
    // Whatever went wrong: nothing stays held back for it.
    state.ledger.settle(asked, exchange.spentNanoUsd as NanoUsd)
    state.exchanges.delete(exchange.inbound.id)
  }
}

/** What the model that was asked for would have cost for what was used; null: nobody knows. */
function baselineOf(
  { prices }: GatewayState,
  { inbound, attempts }: Exchange,
  { receipt, answer }: Decision,
): NanoUsd | null {
  const { home, at, request } = inbound
  const isCached = receipt.servedBy !== null
  const reply = answer instanceof LiveAnswer ? answer.reply : null
  const call = isCached ? undefined : servingCall(attempts, answer)
  // What the caller chose themselves, a cheaper tier say, is no saving of ours.
  if (call?.target === home.target) return call.costNanoUsd
  const usage = isCached ? (reply?.usage ?? null) : (call?.usage ?? null)
  if (usage === null) return isCached ? null : zeroNanoUsd
  const serviceTier = textOf(request.params?.['service_tier'])
  const query = { provider: home.upstream.provider.name, model: home.model, at, serviceTier }
  const pricing = prices.price(query, usage, reply?.fees)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}

/** Baseline less cost, as reports have it; null: one of them is not known. */
function savedOf({ receipt }: Decision, baselineNanoUsd: NanoUsd | null): NanoUsd | null {
  const { outcome, costNanoUsd, steps } = receipt
  if (outcome === 'blocked') return zeroNanoUsd
  if (baselineNanoUsd === null || steps.some(isUnpriced)) return null
  const baseline = outcome === 'failed' ? Math.min(baselineNanoUsd, costNanoUsd) : baselineNanoUsd
  return (baseline - costNanoUsd) as NanoUsd
}
