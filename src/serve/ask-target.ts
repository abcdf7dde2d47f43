import { dialectOf } from '../dialects/dialects.ts'
import { readAnyUsage } from '../dialects/usage.ts'
import { type Fault, passingFaults } from '../domain/fault.ts'
import { isObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { Attempted, AttemptTerms } from '../domain/world.ts'
import { limitsOf } from '../engine/time-limits.ts'
import type { TimeoutClass } from '../policy/governance.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { Forwarding } from '../providers/forward.ts'
import type { AttemptResult, LiveSend } from './attempt.ts'
import { cancelled, headerIn } from './attempt-faults.ts'
import { runAttempt } from './attempt-run.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { LiveAnswer } from './live-answer.ts'
import { type Outgoing, outgoingOf } from './outgoing.ts'
import type { Rewrites } from './rewrites.ts'
import type { Destination } from './upstreams.ts'

/** What a call is made for. */
export type Asking = {
  readonly target: string | null
  readonly terms: AttemptTerms
  readonly rewrites: Rewrites
  readonly timeout: TimeoutClass
  /** Until it is asked again, milliseconds; null: it is not. */
  readonly backoffMs: (attempt: number, retryAfterMs: number | null) => number | null
  /** Hands the answer on while it comes; null: it is kept until it is whole. */
  readonly live: (outgoing: Outgoing) => LiveSend | null
}

/** Makes one call for a request, pays for it and writes it down. */
export async function askTarget(
  state: GatewayState,
  exchange: Exchange,
  asking: Asking,
): Promise<Attempted> {
  const { inbound } = exchange
  const { home } = inbound
  const destination = asking.target === null ? home : state.upstreams.find(asking.target)
  const { prefix } = state.compiled.policy
  const isHome = destination.upstream === home.upstream
  const options = { prefix, rewrites: asking.rewrites, isHome }
  const outgoing = outgoingOf(inbound, destination, options)
  if ('fault' in outgoing) return refused(exchange, destination, outgoing.fault)
  if (isUnpricedRefused(state, inbound, destination))
    return refused(exchange, destination, unpriced(destination.target))
  const attempt = ++exchange.begun
  await state.journal.begin({
    kind: 'begun',
    id: inbound.id,
    attempt,
    at: state.now(),
    target: destination.target,
    reservedNanoUsd: null,
    spender: exchange.spender,
  })
  if (exchange.isSettled) return refused(exchange, destination, cancelled)
  state.targets.begin(destination.target)
  const result = await run(state, exchange, asking, outgoing)
  const attempted = attemptedOf(state, exchange, destination, outgoing, result, asking, attempt)
  state.targets.note(destination.target, attempted)
  return attempted
}

const oneToken = { ...noUsage, inputTokens: 1 }

/** A model without a price would switch every budget off; a policy may refuse it. */
function isUnpricedRefused(
  { compiled, prices }: GatewayState,
  { endpoint, at }: Inbound,
  { upstream, model }: Destination,
): boolean {
  if (compiled.policy.serve.onUnpriced !== 'refuse' || endpoint.operation === 'other') return false
  return prices.price({ provider: upstream.provider.name, model, at }, oneToken).kind === 'unpriced'
}

const unpriced = (target: string): Fault => ({
  kind: 'bad-request',
  message: `The price of ${target} is not known, and this gateway refuses such models (serve.onUnpriced).`,
  status: 400,
  retryAfterMs: null,
})

async function run(
  state: GatewayState,
  exchange: Exchange,
  asking: Asking,
  outgoing: Outgoing,
): Promise<AttemptResult> {
  const { request } = exchange.inbound
  const streamed = request.streamed === true
  const open: { forwarding: Forwarding | null } = {
    forwarding: null,
  }
  const result = await runAttempt({
    forwarder: state.forwarder,
    request: outgoing.request,
    dialect: outgoing.dialect === null ? null : dialectOf(outgoing.dialect),
    streamed,
    limits: limitsOf(asking.timeout, streamed, asking.terms.timeoutMs),
    now: state.now,
    scrub: state.scrub,
    live: asking.terms.isHeld ? null : asking.live(outgoing),
    onStart(forwarding) {
      open.forwarding = forwarding
      exchange.forwardings.add(forwarding)
    },
  })
  if (open.forwarding !== null) exchange.forwardings.delete(open.forwarding)
  exchange.waitedMs += result.latencyMs
  return state.isReplay ? toldTimes(result) : result
}

/** The times that a mock tells in place of letting them pass. */
function toldTimes(result: AttemptResult): AttemptResult {
  const told = (name: string) => Number(headerIn(result.headers, name) ?? 0)
  return {
    ...result,
    latencyMs: told('x-mock-latency-ms'),
    firstTokenMs: result.firstTokenMs === null ? null : told('x-mock-first-token-ms'),
  }
}

/** What cannot be asked costs nothing, and is no fault of the target. */
function refused(exchange: Exchange, destination: Destination, fault: Fault): Attempted {
  exchange.attempts.push({
    target: destination.target,
    provider: destination.upstream.provider.name,
    model: destination.model,
    dialect: null,
    rewrites: [],
    answer: null,
    partial: null,
    fault,
    refusal: null,
    usage: noUsage,
    isEstimated: false,
    costNanoUsd: 0 as NanoUsd,
    latencyMs: 0,
    firstTokenMs: null,
  })
  return {
    kind: 'failed',
    reason: fault.kind,
    usage: noUsage,
    costNanoUsd: 0 as NanoUsd,
    latencyMs: 0,
    retryAfterMs: null,
  }
}

function attemptedOf(
  state: GatewayState,
  exchange: Exchange,
  { upstream, model, target }: Destination,
  { dialect, rewrites }: Outgoing,
  result: AttemptResult,
  asking: Asking,
  attempt: number,
): Attempted {
  const { answer, partial, fault, refusal, latencyMs, firstTokenMs } = result
  const used = usedOf(exchange, answer, partial, fault)
  const provider = upstream.provider.name
  const costNanoUsd = costOf(
    state,
    provider,
    model,
    answer?.reply ?? partial,
    used.usage,
    latencyMs,
  )
  const note: AttemptNote = {
    target,
    provider,
    model,
    dialect,
    rewrites,
    answer,
    partial,
    fault,
    refusal,
    ...used,
    costNanoUsd,
    latencyMs,
    firstTokenMs,
  }
  exchange.attempts.push(note)
  const { usage } = used
  if (fault === null) return { kind: 'answered', answer, usage, costNanoUsd, latencyMs }
  return {
    kind: fault.kind === 'timeout' ? 'timeout' : 'failed',
    reason: fault.kind,
    usage,
    costNanoUsd,
    latencyMs,
    // Nobody else's answer may follow what the caller has begun to read.
    retryAfterMs:
      result.isServed || exchange.isSettled || !passingFaults.has(fault.kind)
        ? null
        : asking.backoffMs(attempt, fault.retryAfterMs),
  }
}

type Used = Pick<AttemptNote, 'usage' | 'isEstimated'>

/** What the provider says was used; guessed from the texts where an answer broke off before it said so. */
function usedOf(
  { inbound }: Exchange,
  answer: LiveAnswer | null,
  partial: Reply | null,
  fault: Fault | null,
): Used {
  const reply = answer?.reply ?? partial
  const told = reply?.usage ?? usageInBody(answer)
  if (told !== null && (fault === null || told.outputTokens > 0)) {
    return { usage: told, isEstimated: false }
  }
  const wasAnswered = answer !== null || (partial !== null && partial.blocks.length > 0)
  if (!wasAnswered) return { usage: told ?? noUsage, isEstimated: false }
  const outputTokens = estimateTokens(textOf(reply))
  if (told !== null) return { usage: { ...told, outputTokens }, isEstimated: true }
  const inputTokens = estimateTokens(inbound.bytes.toString('utf8'))
  return { usage: { ...noUsage, inputTokens, outputTokens }, isEstimated: true }
}

/** Of endpoints that speak no dialect, such as embeddings. */
function usageInBody(answer: LiveAnswer | null): Usage | null {
  if (answer === null || answer.wire === null || answer.wire.dialect !== null) return null
  try {
    const body: unknown = JSON.parse(answer.wire.bytes.toString('utf8'))
    return isObject(body) && isObject(body['usage'])
      ? (readAnyUsage(body['usage']).usage ?? noUsage)
      : noUsage
  } catch {
    return noUsage
  }
}

const textOf = (reply: Reply | null): string =>
  (reply?.blocks ?? [])
    .map((block) =>
      block.kind === 'text' || block.kind === 'reasoning'
        ? block.text
        : block.kind === 'tool-call'
          ? block.input
          : '',
    )
    .join('')

/** Null: nobody knows the price. A call that used nothing costs nothing, whatever its model. */
function costOf(
  { prices, now }: GatewayState,
  provider: string,
  model: string,
  reply: Reply | null,
  usage: Usage,
  latencyMs: number,
): NanoUsd | null {
  if (usage === noUsage && reply?.fees === undefined) return 0 as NanoUsd
  const query = {
    provider,
    model: reply?.model ?? model,
    at: now(),
    serviceTier: reply?.serviceTier,
    latencyMs,
  }
  const pricing = prices.price(query, usage, reply?.fees)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}
