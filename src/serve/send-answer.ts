import type { Stamp } from '../dialects/dialect.ts'
import { dialectOf } from '../dialects/dialects.ts'
import { partsOfReply } from '../dialects/fold-parts.ts'
import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Receipt } from '../domain/receipt.ts'
import { noUsage } from '../domain/usage.ts'
import type { Decision } from '../engine/decide.ts'
import { writeCompletion } from './complete.ts'
import type { Exchange } from './exchange.ts'
import { returnedHeaders } from './forward-headers.ts'
import { LiveAnswer } from './live-answer.ts'
import { headersOfStream, headersOfWhole } from './our-headers.ts'
import { asksForUsage } from './outgoing.ts'

/** Gives the caller what was decided, unless they have it already; the status of it. */
export function sendDecision(exchange: Exchange, { receipt, answer }: Decision): number {
  const { outlet, servedStatus } = exchange
  if (servedStatus !== null) {
    if (exchange.isBroken) outlet.breakOff()
    else if (!exchange.hasEnded) outlet.end()
    return servedStatus
  }
  if (answer instanceof LiveAnswer) return sendAnswer(exchange, answer, receipt)
  if (receipt.outcome === 'blocked') return sendFault(exchange, blocked, receipt)
  return sendFailure(exchange, receipt)
}

/** Sends a whole answer; without a receipt, one that is still to be paid for. The status. */
export function sendAnswer(
  exchange: Exchange,
  answer: LiveAnswer,
  receipt: Receipt | null,
): number {
  const { inbound } = exchange
  const { dialect } = inbound.endpoint
  const isStream = inbound.request.streamed === true && dialect !== null
  const { wire } = answer
  if (inbound.endpoint.answers === 'completion' && receipt !== null)
    return sendCompletion(exchange, answer, receipt)
  // Only who asked for it gets the very answer: it is theirs in the provider's books.
  const isOwn = receipt === null || receipt.servedBy === null
  if (wire !== null && isOwn && wire.dialect === dialect && wire.isStream === isStream)
    return send(exchange, wire.status, wire.headers, wire.bytes, receipt)
  const name = dialect ?? 'openai-chat'
  const stamp = stampOf(exchange, name)
  // Nothing is billed for an answer that was there.
  const reply = isOwn ? answer.reply : { ...answer.reply, id: stamp.id, usage: noUsage }
  if (isStream) {
    const writer = dialectOf(name).openPartWriter(stamp)
    const text = partsOfReply(reply).map((part) => writer.write(part))
    return send(exchange, 200, streamHeaders, Buffer.from(text.join('')), receipt)
  }
  const body = JSON.stringify(dialectOf(name).writeReply(reply, stamp))
  return send(exchange, 200, jsonHeaders, Buffer.from(body), receipt)
}

function sendCompletion(exchange: Exchange, answer: LiveAnswer, receipt: Receipt): number {
  const body = writeCompletion(answer.text, receipt, answer.reply.model)
  return send(exchange, 200, jsonHeaders, Buffer.from(JSON.stringify(body)), receipt)
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

/** The provider's own words where the caller understands them, else the same in the caller's. */
function sendFailure(exchange: Exchange, receipt: Receipt): number {
  const { last, inbound } = exchange
  const refusal = last?.refusal ?? null
  if (last === undefined || last.fault === null) return sendFault(exchange, nobody, receipt)
  if (refusal === null || last.dialect !== inbound.endpoint.dialect || refusal.status < 400)
    return sendFault(exchange, last.fault, receipt)
  return send(exchange, refusal.status, refusal.headers, refusal.bytes, receipt)
}

/** An error in the caller's own dialect; its status. */
export function sendFault(exchange: Exchange, fault: Fault, receipt: Receipt | null): number {
  const dialect = dialectOf(exchange.inbound.endpoint.dialect ?? 'openai-chat')
  const { status, body } = dialect.writeFault(fault)
  return send(exchange, status, jsonHeaders, Buffer.from(JSON.stringify(body)), receipt)
}

function send(
  exchange: Exchange,
  status: number,
  headers: readonly string[],
  bytes: Buffer,
  receipt: Receipt | null,
): number {
  const ours =
    receipt === null ? headersOfStream(exchange, [], null) : headersOfWhole(exchange, receipt, null)
  const added = ['content-length', String(bytes.length), ...ours]
  exchange.outlet.begin(status, returnedHeaders(headers, added))
  exchange.outlet.end(bytes)
  exchange.hasEnded = true
  return status
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
