import type { ServerResponse } from 'node:http'
import type { Dialect } from '../dialects/dialect.ts'
import { writeRetryAfter } from '../dialects/retry-after.ts'
import type { Fault } from '../domain/fault.ts'
import type { Exchange, Said, Sent } from './mock-exchange.ts'
import { mockFaults } from './mock-faults.ts'
import type { MockAnswer } from './mock-model.ts'
import { breakOff, departure, flood, writeTo } from './mock-pace.ts'
import { sendStream } from './mock-stream.ts'
import { billedUsage } from './mock-usage.ts'

/** Answers in full, in part, or with what goes wrong. */
export async function sendAnswer(exchange: Exchange): Promise<Sent> {
  const { answer, call, left } = exchange
  const { outcome, usage } = await (isInstead(answer)
    ? sendInstead(exchange, answer.name, answer.fault)
    : call.streamed
      ? sendStream(exchange)
      : sendBody(exchange))
  const hasLeft = left.aborted && !outcome.startsWith('reset')
  const isFine = outcome === 'answered' || outcome === 'slow'
  return { outcome: hasLeft && isFine ? 'disconnected' : outcome, usage, hasLeft }
}

type Failed = Extract<MockAnswer, { kind: 'failed' }>

const isInstead = (answer: MockAnswer): answer is Failed =>
  answer.kind === 'failed' && mockFaults[answer.name].stage === 'instead'

async function sendInstead(exchange: Exchange, name: string, fault: Fault): Promise<Said> {
  const { response, pacer, answer, left } = exchange
  await pacer.until(answer.firstTokenMs)
  if (left.aborted) return { outcome: name, usage: null }
  if (name === 'reset') await breakOff(response)
  else if (name === 'wrong-type') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<!doctype html><title>Welcome</title><p>Not the page you are looking for.')
  } else sendFault(response, exchange.dialect, fault)
  // Any status can be forced, also one that no fault is named after.
  return { outcome: name === '400' ? String(fault.status) : name, usage: null }
}

/** An error in the dialect's own words, with the status that was asked for. */
export function sendFault(
  response: ServerResponse,
  dialect: Pick<Dialect, 'writeFault'>,
  fault: Fault,
): void {
  const { status, body } = dialect.writeFault(fault)
  const { retryAfterMs } = fault
  sendJson(
    response,
    fault.status ?? status,
    body,
    retryAfterMs === null ? {} : writeRetryAfter(retryAfterMs),
  )
}

/** Sends a JSON body of known length. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  const length = Buffer.byteLength(text)
  response.writeHead(status, { ...headers, ...jsonType, 'content-length': length })
  response.end(text)
}

const jsonType = { 'content-type': 'application/json' }

async function sendBody(exchange: Exchange): Promise<Said> {
  const { response, dialect, answer, stamp, pacer, left } = exchange
  const text = JSON.stringify(dialect.writeReply({ ...answer.reply, id: null }, stamp))
  const name = answer.kind === 'failed' ? answer.name : 'answered'
  if (name === 'stall' || name === 'endless' || name === 'huge') {
    await sendWithoutEnd(exchange, name, text)
    return { outcome: name, usage: answer.reply.usage }
  }
  await pacer.until(answer.latencyMs)
  if (left.aborted) return { outcome: name, usage: billedUsage(answer.reply, 0) }
  if (answer.kind === 'failed' && name === 'error-event') {
    sendFault(response, dialect, { ...answer.fault, status: 529 })
    return { outcome: name, usage: null }
  }
  await writeWhole(response, name, text)
  return { outcome: name, usage: answer.reply.usage }
}

async function writeWhole(response: ServerResponse, name: string, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
  if (name === 'cut-off' || name === 'malformed') {
    response.writeHead(200, jsonType)
    response.end(name === 'malformed' ? `${half.toString()}\ufffd{,` : half)
    return
  }
  response.writeHead(200, { ...jsonType, 'content-length': bytes.length })
  if (name !== 'reset-within') response.end(bytes)
  else {
    response.write(half)
    await breakOff(response)
  }
}

async function sendWithoutEnd(exchange: Exchange, name: string, text: string): Promise<void> {
  const { response, pacer, answer, left } = exchange
  await pacer.until(answer.firstTokenMs)
  if (left.aborted) return
  response.writeHead(200, jsonType)
  await writeTo(response, name === 'stall' ? text.slice(0, text.length / 2) : '{"id":"', left)
  if (name === 'stall') return departure(left)
  await flood((filler) => writeTo(response, filler, left), name === 'endless', left)
  response.end('"}')
}
