import type { Stamp } from '../dialects/dialect.ts'
import { dialectOf } from '../dialects/dialects.ts'
import { partsOfReply } from '../dialects/fold-parts.ts'
import { writeRetryAfter } from '../dialects/retry-after.ts'
import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import { objectOf } from '../domain/json.ts'
import { type NanoUsd, usdOf } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import { noUsage } from '../domain/usage.ts'
import type { Decision } from '../engine/decide.ts'
import { writeCompletion } from './complete.ts'
import type { Exchange } from './exchange.ts'
import { returnedHeaders } from './forward-headers.ts'
import type { LastResort } from './last-resort.ts'
import { LiveAnswer } from './live-answer.ts'
import { headersOfEarly, headersOfWhole } from './our-headers.ts'
import { asksForUsage } from './outgoing.ts'

/** Gives the caller what was decided, unless they have it already; the status of it. */
export function sendDecision(
  exchange: Exchange,
  { receipt, answer }: Decision,
  savedNanoUsd: NanoUsd | null,
): number {
  const { servedStatus } = exchange
  const done = { receipt, savedNanoUsd }
  if (servedStatus !== null) {
    endStream(exchange, done)
    return servedStatus
  }
  const { lastResort } = exchange
  if (lastResort !== null) return sendLastResort(exchange, lastResort, done)
  if (answer instanceof LiveAnswer) return sendAnswer(exchange, answer, done)
  if (receipt.outcome === 'blocked') return sendRefusal(exchange, exchange.refusal ?? blocked, done)
  return sendFailure(exchange, done)
}

/** Marked, so that a caller can tell it from an answer; nothing is billed for it. */
function sendLastResort(
  exchange: Exchange,
  { kind, answer, ageMs }: LastResort,
  done: Done,
): number {
  const age = ageMs === null ? [] : ['age', String(Math.floor(ageMs / 1000))]
  return sendAnswer(exchange, answer, { ...done, marks: ['x-llmcost-fallback', kind, ...age] })
}

/** What is known of a request when it is done. */
type Done = {
  readonly receipt: Receipt
  readonly savedNanoUsd: NanoUsd | null
  /** Headers that say that it is no answer of a model, now or before; absent: it is one. */
  readonly marks?: readonly string[]
}

/** What is known of a request whose answer is there, while another call for it is still to be paid for. */
type Early = { readonly stepsSoFar: readonly Step[] }

const isEarly = (done: Done | Early): done is Early => 'stepsSoFar' in done

function endStream(exchange: Exchange, done: Done): void {
  const { outlet, inbound, hasEnded, isBroken } = exchange
  if (hasEnded) return
  const isStream = inbound.request.streamed === true && inbound.endpoint.dialect !== null
  // Behind an error comes nothing.
  outlet.end(isStream && !isBroken ? usageEvent(exchange, done) : undefined)
}

/** A last event of what it came to, for those who ask for it: headers are gone before a stream is priced. */
function usageEvent({ inbound, tellsUsage }: Exchange, { receipt, savedNanoUsd }: Done): string {
  if (!(inbound.wishes.usageEvent ?? tellsUsage)) return ''
  const data = {
    request_id: inbound.id,
    cost_usd: receipt.steps.some(isUnpriced) ? null : usdOf(receipt.costNanoUsd),
    saved_usd: savedNanoUsd === null ? null : usdOf(savedNanoUsd),
    cached: receipt.servedBy !== null,
    latency_ms: receipt.latencyMs,
  }
  return `event: llmcost.usage\ndata: ${JSON.stringify(data)}\n\n`
}

/** A call that nobody knows the price of. */
export const isUnpriced = (step: Step): boolean =>
  step.kind === 'attempt' && step.costNanoUsd === null

/** Sends a whole answer. The status. */
export function sendAnswer(exchange: Exchange, answer: LiveAnswer, done: Done | Early): number {
  const { inbound } = exchange
  const { dialect } = inbound.endpoint
  const isStream = inbound.request.streamed === true && dialect !== null
  const { wire } = answer
  if (inbound.endpoint.answers === 'completion' && !isEarly(done))
    return sendCompletion(exchange, answer, done)
  // Only who asked for it gets the very answer: it is theirs in the provider's books.
  const isOwn = isEarly(done) || (done.receipt.servedBy === null && done.marks === undefined)
  if (wire !== null && isOwn && wire.dialect === dialect && wire.isStream === isStream)
    return isStream
      ? sendStream(exchange, wire.headers, wire.bytes, done)
      : send(exchange, wire.status, wire.headers, wire.bytes, done)
  const name = dialect ?? 'openai-chat'
  const stamp = stampOf(exchange, name)
  // Nothing is billed for an answer that was there.
  const reply = isOwn ? answer.reply : { ...answer.reply, id: stamp.id, usage: noUsage }
  if (isStream) {
    const writer = dialectOf(name).openPartWriter(stamp)
    const text = partsOfReply(reply).map((part) => writer.write(part))
    return sendStream(exchange, [], Buffer.from(text.join('')), done)
  }
  const body = JSON.stringify(dialectOf(name).writeReply(reply, stamp))
  return send(exchange, 200, jsonHeaders, Buffer.from(body), done)
}

function sendStream(
  exchange: Exchange,
  headers: readonly string[],
  bytes: Buffer,
  done: Done | Early,
): number {
  const last = isEarly(done) ? '' : usageEvent(exchange, done)
  const whole = last === '' ? bytes : Buffer.concat([bytes, Buffer.from(last)])
  return send(exchange, 200, returnedHeaders(headers, streamHeaders), whole, done)
}

function sendCompletion(exchange: Exchange, answer: LiveAnswer, done: Done): number {
  const body = writeCompletion(answer.text, done.receipt, answer.reply.model)
  return send(exchange, 200, jsonHeaders, Buffer.from(JSON.stringify(body)), done)
}

const jsonHeaders: readonly string[] = ['content-type', 'application/json']
export const streamHeaders: readonly string[] = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
]

const idPrefixes: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'chatcmpl-',
  'openai-responses': 'resp_',
  'anthropic-messages': 'msg_',
}

export function stampOf({ inbound }: Exchange, dialect: DialectName): Stamp {
  const { id, at, request, body } = inbound
  return {
    id: `${idPrefixes[dialect]}${id.replace(/^req_/, '')}`,
    model: request.requestedModel ?? request.model,
    createdAt: Math.floor(at / 1000),
    usageInStream: body !== null && asksForUsage(body),
  }
}

/** Whether a request was to be answered from a cache or not at all, and no cache had it. */
export const isNotCached = ({ last, inbound }: Exchange, { outcome }: Receipt): boolean =>
  outcome === 'failed' && last === undefined && inbound.wishes.onlyIfCached

/** The provider's own words where the caller understands them, else the same in the caller's. */
function sendFailure(exchange: Exchange, done: Done): number {
  const { last, inbound } = exchange
  const refusal = last?.refusal ?? null
  if (isNotCached(exchange, done.receipt))
    return sendFault(exchange, notCached, done, { code: 'not_cached', retries: false })
  if (last === undefined || last.fault === null) return sendFault(exchange, nobody, done)
  if (last.fault === exchange.refusal) return sendRefusal(exchange, last.fault, done)
  if (refusal === null || last.dialect !== inbound.endpoint.dialect || refusal.status < 400)
    return sendFault(exchange, last.fault, done)
  return send(exchange, refusal.status, refusal.headers, refusal.bytes, done)
}

/** What the gateway itself refuses. Of a budget that has no time at which it would have room: asking again is no use. */
const sendRefusal = (exchange: Exchange, fault: Fault, done: Done): number =>
  sendFault(exchange, fault, done, {
    retries: fault.kind !== 'rate-limit' || fault.retryAfterMs !== null,
  })

type FaultWords = {
  /** In the place of the code that its kind has. */
  readonly code?: string
  /** False: the SDKs of both vendors are told not to ask again. */
  readonly retries: boolean
}

/** An error in the caller's own dialect; its status. */
function sendFault(
  exchange: Exchange,
  fault: Fault,
  done: Done,
  { code, retries }: FaultWords = { retries: true },
): number {
  const dialect = dialectOf(exchange.inbound.endpoint.dialect ?? 'openai-chat')
  const { status, body } = dialect.writeFault(fault)
  const { retryAfterMs } = fault
  const retry = retryAfterMs === null ? [] : Object.entries(writeRetryAfter(retryAfterMs)).flat()
  const lines = retries ? retry : ['x-should-retry', 'false']
  const error = objectOf(body['error'])
  const told = code === undefined ? body : { ...body, error: { ...error, code } }
  const bytes = Buffer.from(JSON.stringify(told))
  return send(exchange, status, [...jsonHeaders, ...lines], bytes, done)
}

function send(
  exchange: Exchange,
  status: number,
  headers: readonly string[],
  bytes: Buffer,
  done: Done | Early,
): number {
  const ours = isEarly(done)
    ? headersOfEarly(exchange, done.stepsSoFar)
    : headersOfWhole(exchange, done.receipt, done.savedNanoUsd)
  const marks = isEarly(done) ? [] : (done.marks ?? [])
  const added = ['content-length', String(bytes.length), ...ours, ...marks]
  exchange.outlet.begin(status, returnedHeaders(headers, added))
  exchange.outlet.end(bytes)
  exchange.hasEnded = true
  return status
}

/** As caches answer on the way to a server that they may not ask. */
const notCached: Fault = {
  kind: 'timeout',
  message: 'no cache has an answer to this, and the request asks for no other (only-if-cached)',
  status: 504,
  retryAfterMs: null,
}

const nobody: Fault = {
  kind: 'overloaded',
  message: 'no model could be asked: all of them are out of order or too busy',
  status: 503,
  retryAfterMs: null,
}

const blocked: Fault = {
  kind: 'rate-limit',
  message: 'a budget is used up',
  status: 429,
  retryAfterMs: null,
}
