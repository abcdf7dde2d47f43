import { dialectOf } from '../dialects/dialects.ts'
import type { Fault } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked, Attempted, AttemptTerms } from '../domain/world.ts'
import type { TimeoutClass } from '../policy/governance.ts'
import type { Forwarding } from '../providers/forward.ts'
import type { CallEnd } from '../worlds/live-targets.ts'
import type { AttemptResult, LiveSend, Refusal } from './attempt.ts'
import { costOf, usedOf } from './attempt-cost.ts'
import { cancelled, headerIn, outOfTime } from './attempt-faults.ts'
import { runAttempt } from './attempt-run.ts'
import { callLimits, type LimitSetter } from './call-limits.ts'
import type { AttemptNote, CallBound, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import { type Outgoing, outgoingOf } from './outgoing.ts'
import { refusalBefore } from './refuse-call.ts'
import { toldToMock } from './replay-headers.ts'
import type { Rewrites } from './rewrites.ts'
import { UnwrittenError } from './turn-writer.ts'
import type { Destination } from './upstreams.ts'

/** What a call is made for. */
export type Asking = {
  readonly target: string | null
  readonly terms: AttemptTerms
  readonly rewrites: Rewrites
  readonly timeout: TimeoutClass
  /** Whether a breaker may keep it from being asked. */
  readonly isGuarded: boolean
  /** Until it is asked again after so many attempts, milliseconds; null: it is not. */
  readonly retryDelayMs: (made: number, fault: Fault) => number | null
  /** Hands the answer on while it comes; null: it is kept until it is whole. */
  readonly live: (outgoing: Outgoing) => LiveSend | null
}

/** Makes one call for a request, pays for it and writes it down. */
export async function askTarget(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  asking: Asking,
): Promise<Attempted> {
  const { inbound } = exchange
  const destination = destinationOf(state, inbound, asking.target)
  const outgoing = outgoingOf(inbound, destination, {
    prefix: state.compiled.policy.prefix,
    rewrites: asking.rewrites,
    isHome: destination.upstream === inbound.home.upstream,
    capsOutput: state.reserving.capsOutput,
  })
  if ('fault' in outgoing) return refused(exchange, destination, outgoing.fault)
  const bound: CallBound = (mode) => state.reserving.ofCall(inbound, destination.target, mode)
  const over = refusalBefore(state, exchange, asked, destination, bound)
  if (over !== null) return refusedByUs(exchange, destination, over)
  try {
    return await makeCall(state, exchange, asked, asking, destination, outgoing)
  } finally {
    exchange.bounds.delete(bound)
  }
}

async function makeCall(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  asking: Asking,
  destination: Destination,
  outgoing: Outgoing,
): Promise<Attempted> {
  const call = state.targets.begin(destination.target, asking.isGuarded)
  if (call === null) return refused(exchange, destination, outOfOrder(destination.target))
  const unwritten = await writeDown(state, exchange, asked, destination.target)
  if (unwritten !== null || exchange.isSettled) {
    state.targets.end(call, { kind: 'failed', fault: 'cancelled' })
    return unwritten === null
      ? refused(exchange, destination, cancelled)
      : refusedByUs(exchange, destination, unwritten)
  }
  const result = await run(state, exchange, asking, outgoing, () => state.targets.answers(call))
  const answer = state.backgrounds.read(exchange.inbound, result.answer)
  const told = { ...result, answer }
  const attempted = attemptedOf(state, exchange, destination, outgoing, told, asking)
  state.targets.end(call, endOf(result, isOfCaller(exchange.inbound, destination, result)))
  return attempted
}

/** Of a target that is busier than the policy wants another one takes the call. */
function destinationOf(
  { targets, upstreams }: GatewayState,
  { home }: Inbound,
  target: string | null,
): Destination {
  const wanted = target ?? home.target
  const place = targets.placeFor(wanted)
  return place === wanted && target === null ? home : upstreams.find(place)
}

/** Null once it is written down that a call is about to be made. */
async function writeDown(
  { journal, ledger, reserving }: GatewayState,
  exchange: Exchange,
  asked: Asked,
  target: string,
): Promise<Fault | null> {
  const intent = ledger.begin(asked, target, ++exchange.begun)
  try {
    await journal.begin(intent, { isHard: reserving.capsOutput })
    return null
  } catch (error) {
    if (error instanceof UnwrittenError) return { ...unwritable, message: error.message }
    throw error
  }
}

const unwritable: Fault = {
  kind: 'server',
  message: '',
  status: 503,
  retryAfterMs: null,
}

const outOfOrder = (target: string): Fault => ({
  kind: 'overloaded',
  message: `${target} has failed too often of late; it is tried again soon.`,
  status: 503,
  retryAfterMs: null,
})

const endOf = ({ answer, fault }: AttemptResult, isOfCaller: boolean): CallEnd =>
  fault === null
    ? { kind: 'answered', outputTokens: answer?.reply.usage?.outputTokens ?? null }
    : { kind: 'failed', fault: fault.kind, isOfCaller }

/** Whether a failure is the caller's own: the limit of their key, or that they wait no longer. */
function isOfCaller(
  { credential, home }: Inbound,
  { upstream }: Destination,
  { fault, timeUpBy }: CallResult,
): boolean {
  if (timeUpBy === 'wish') return true
  return fault?.kind === 'rate-limit' && credential !== null && upstream === home.upstream
}

/** `timeUpBy`: who set the limit of time that ended it; null: none did. */
type CallResult = AttemptResult & { readonly timeUpBy: LimitSetter | null }

async function run(
  state: GatewayState,
  exchange: Exchange,
  asking: Asking,
  outgoing: Outgoing,
  onContent: () => void,
): Promise<CallResult> {
  const { request, rawHeaders, wishes } = exchange.inbound
  const streamed = request.streamed === true
  const open: { forwarding: Forwarding | null } = {
    forwarding: null,
  }
  const live = asking.terms.isHeld ? null : asking.live(outgoing)
  const rungMs = asking.terms.timeoutMs
  const { limits, setBy } = callLimits(asking.timeout, streamed, live !== null, rungMs, wishes)
  const result = await runAttempt({
    forwarder: state.forwarder,
    request: state.replay === null ? outgoing.request : toldToMock(outgoing.request, rawHeaders),
    dialect: outgoing.dialect === null ? null : dialectOf(outgoing.dialect),
    streamed,
    limits,
    now: state.now,
    scrub: state.scrub,
    onContent,
    live,
    onStart(forwarding) {
      open.forwarding = forwarding
      exchange.forwardings.add(forwarding)
    },
  })
  if (open.forwarding !== null) exchange.forwardings.delete(open.forwarding)
  exchange.waitedMs += result.latencyMs
  const limit = result.fault?.limit
  const ended = { ...result, timeUpBy: limit === undefined ? null : setBy[limit] }
  if (state.replay === null) return ended
  const told = toldTimes(ended, rungMs)
  state.replay.pass(told.latencyMs)
  return told
}

/** The times that a mock tells in place of letting them pass; a rung's limit of time ends what would have taken longer. */
function toldTimes(result: CallResult, limitMs: number | null): CallResult {
  const told = (name: string) => Number(headerIn(result.headers, name) ?? 0)
  const latencyMs = told('x-mock-latency-ms')
  const firstTokenMs = result.firstTokenMs === null ? null : told('x-mock-first-token-ms')
  if (limitMs === null || latencyMs <= limitMs) return { ...result, latencyMs, firstTokenMs }
  return { ...result, answer: null, fault: outOfTime, latencyMs: limitMs, firstTokenMs: null }
}

function refusedByUs(exchange: Exchange, destination: Destination, fault: Fault): Attempted {
  exchange.refusal = fault
  return refused(exchange, destination, fault)
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
    isUnknown: false,
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
  result: CallResult,
  asking: Asking,
): Attempted {
  const { answer, partial, fault, refusal, latencyMs, firstTokenMs } = result
  const { isOpenEnded, ...used } = usedOf(exchange.inbound, result)
  const provider = upstream.provider.name
  const reply = answer?.reply ?? partial
  const costNanoUsd = used.isUnknown
    ? null
    : costOf(state, exchange.inbound, provider, model, reply, used.usage, latencyMs)
  const note: AttemptNote = {
    target,
    provider,
    model,
    dialect,
    rewrites,
    answer,
    partial,
    fault,
    refusal: refusal && shownRefusal(state, exchange, target, refusal),
    ...used,
    costNanoUsd,
    latencyMs,
    firstTokenMs,
  }
  exchange.attempts.push(note)
  const { capsOutput, ofCall } = state.reserving
  const mostNanoUsd = isOpenEnded && capsOutput ? ofCall(exchange.inbound, target, 'hard') : null
  exchange.spentNanoUsd += Math.max(costNanoUsd ?? 0, mostNanoUsd ?? 0)
  state.onAttempt(note)
  const { usage } = used
  if (fault === null) return { kind: 'answered', answer, usage, costNanoUsd, latencyMs }
  const made = exchange.attempts.filter((each) => each.target === target).length
  // Nobody else's answer may follow what the caller has begun to read; a rung's own time is up once, and is climbed over.
  const isFinal = result.isServed || exchange.isSettled || result.timeUpBy === 'rung'
  return {
    kind: fault.kind === 'timeout' ? 'timeout' : 'failed',
    reason: fault.kind,
    usage,
    costNanoUsd,
    latencyMs,
    retryAfterMs: isFinal ? null : asking.retryDelayMs(made, fault),
  }
}

/** Some providers repeat the key in an error about it: that of the caller they may see, and no other. */
function shownRefusal(
  { scrub }: GatewayState,
  { inbound }: Exchange,
  target: string,
  refusal: Refusal,
): Refusal {
  if (inbound.credential !== null && target === inbound.home.target) return refusal
  const text = refusal.bytes.toString('utf8')
  const shown = scrub(text)
  return shown === text ? refusal : { ...refusal, bytes: Buffer.from(shown) }
}
