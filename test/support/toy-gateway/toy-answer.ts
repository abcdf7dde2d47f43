import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { dialectOf } from '../../../src/dialects/dialects.ts'
import { readAnyUsage } from '../../../src/dialects/usage.ts'
import type { Fault } from '../../../src/domain/fault.ts'
import type { Usage } from '../../../src/domain/usage.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import type { HasDefect } from './defects.ts'
import type { SentAnswer, ToyCache } from './toy-cache.ts'
import type { ToyLedger } from './toy-ledger.ts'
import { objectIn, type ToyRequest } from './toy-request.ts'
import { relayStream } from './toy-stream.ts'
import { askUpstream, passedOn, type ToyUpstream } from './toy-upstream.ts'
import { bookedUsage } from './toy-usage.ts'

export type Toy = {
  readonly policy: Policy
  readonly upstream: ToyUpstream
  readonly ledger: ToyLedger
  readonly cache: ToyCache
  readonly has: HasDefect
}

export type Answered = {
  readonly sent: SentAnswer
  /** It may be given to others. */
  readonly isWhole: boolean
  readonly hasLeft: boolean
  readonly model: string | null
  readonly usage: Usage | null
}

/** Asks one model after the other until one of them has begun to answer. */
export async function answer(
  asked: ToyRequest,
  response: ServerResponse,
  toy: Toy,
): Promise<Answered> {
  const leaving = watchLeaving(response, toy)
  const [first = null, ...others] = modelsFor(asked, toy.policy)
  let last = await attempt(asked, first, response, toy, leaving.signal)
  for (const model of others) {
    const goesOn = last.isSent
      ? last.isBroken && toy.has('goes on with another model')
      : isFailed(last)
    if (!goesOn || leaving.signal.aborted) break
    last = await attempt(asked, model, response, toy, leaving.signal)
  }
  if (last.isSent) response.end()
  else send(response, last.sent)
  const hasLeft = leaving.hasLeft()
  return { ...last, hasLeft, isWhole: !last.isBroken && !isFailed(last) && !hasLeft }
}

/** Notes when the client leaves, and tells upstream unless it is to go on to the usage. */
function watchLeaving(response: ServerResponse, { policy, has }: Toy) {
  const leaving = new AbortController()
  let hasLeft = false
  response.on('error', () => {})
  response.once('close', () => {
    hasLeft = !response.writableFinished
    const goesOn = policy.serve.onDisconnect.kind === 'drain' && !has('lets go of late usage')
    if (hasLeft && !goesOn) leaving.abort()
  })
  return { signal: leaving.signal, hasLeft: () => hasLeft }
}

function modelsFor(
  { dialect, model }: ToyRequest,
  { failure }: Policy,
): readonly (string | null)[] {
  if (!failure.fallback.on || dialect === null) return [model]
  const provider = dialect.name === 'anthropic-messages' ? 'anthropic' : 'openai'
  const others = failure.fallback.targets[`${provider}:${model}`] ?? []
  return [model, ...others.map((target) => target.replace(`${provider}:`, ''))]
}

type Attempt = {
  readonly sent: SentAnswer
  /** The client has it already. */
  readonly isSent: boolean
  /** It did not come to its end. */
  readonly isBroken: boolean
  readonly model: string | null
  readonly usage: Usage | null
}

/** No answer that anybody may be given in place of one. */
const isFailed = ({ sent }: Attempt): boolean => {
  const body = objectIn(sent.bytes)
  const isStream = /event-stream/.test(String(sent.headers['content-type']))
  const isEmpty = Object.keys(body).length === 0 && !isStream
  return sent.status >= 300 || (body['error'] ?? null) !== null || isEmpty
}

async function attempt(
  asked: ToyRequest,
  model: string | null,
  response: ServerResponse,
  toy: Toy,
  left: AbortSignal,
): Promise<Attempt> {
  const { has } = toy
  try {
    const upstream = await askUpstream(asked, model, toy.upstream, left)
    const headers = has('passes every header on')
      ? upstream.headers
      : passedOn(upstream.headers, answerHeaders)
    return isReadable(asked, upstream)
      ? await passOn(asked, model, upstream, headers, response, has)
      : await readWhole(asked, model, upstream, headers, has)
  } catch (error) {
    return broken(asked, model, { ...reset, message: `the connection broke: ${String(error)}` })
  }
}

const answerHeaders = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/
const reset = { kind: 'reset', message: '', status: null, retryAfterMs: null } as const

const isReadable = ({ dialect }: ToyRequest, { headers, statusCode }: IncomingMessage): boolean =>
  dialect !== null &&
  statusCode === 200 &&
  /^text\/event-stream/.test(headers['content-type'] ?? '') &&
  headers['content-encoding'] === undefined

async function passOn(
  asked: ToyRequest,
  model: string | null,
  upstream: IncomingMessage,
  headers: OutgoingHttpHeaders,
  response: ServerResponse,
  has: HasDefect,
): Promise<Attempt> {
  const dialect = asked.dialect ?? dialectOf('openai-chat')
  const relay = { asked, dialect, upstream, headers, response, has }
  const { sent, fault, usage, said } = await relayStream(relay)
  if (sent === null && fault !== null) return { ...broken(asked, model, fault), usage }
  return {
    sent: { status: 200, headers, bytes: sent ?? Buffer.alloc(0) },
    isSent: true,
    isBroken: fault !== null,
    model,
    usage: bookedUsage({ asked, usage, said, isWhole: fault === null }, has),
  }
}

async function readWhole(
  asked: ToyRequest,
  model: string | null,
  upstream: IncomingMessage,
  headers: OutgoingHttpHeaders,
  has: HasDefect,
): Promise<Attempt> {
  const chunks: Buffer[] = []
  for await (const chunk of upstream as AsyncIterable<Buffer>) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const status = upstream.statusCode ?? 0
  const usage = readAnyUsage(objectIn(bytes)['usage']).usage ?? null
  return {
    sent: { status, headers, bytes },
    isSent: false,
    isBroken: false,
    model,
    usage: usage && bookedUsage({ asked, usage, said: bytes.length, isWhole: true }, has),
  }
}

const broken = (asked: ToyRequest, model: string | null, fault: Fault): Attempt => ({
  sent: refusal(asked.dialect, fault),
  isSent: false,
  isBroken: true,
  model,
  usage: null,
})

/** An error in the words of a wire format. */
export function refusal(dialect: Dialect | null, fault: Fault): SentAnswer {
  const { status, body } = (dialect ?? dialectOf('openai-chat')).writeFault(fault)
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': bytes.length },
    bytes,
  }
}

export function send(response: ServerResponse, { status, headers, bytes }: SentAnswer): void {
  if (response.destroyed) return
  if (!response.headersSent) response.writeHead(status, headers)
  response.end(bytes)
}
