import type { Dialect, StreamEvent } from '../dialects/dialect.ts'
import { openPartFolder } from '../dialects/fold-parts.ts'
import { openEventReader } from '../dialects/sse.ts'
import { cutOff } from '../dialects/stream-faults.ts'
import type { Fault } from '../domain/fault.ts'
import { isObject, type JsonObject } from '../domain/json.ts'
import type { Part, Reply } from '../domain/reply.ts'
import type { Clock } from './clock.ts'
import type { Deadlines } from './deadlines.ts'
import type { Scrub } from './keys.ts'
import { type BodyReader, isFault, openBodyReader, readText } from './read-body.ts'

/** What an attempt came to: an answer, or a fault with what had come before it. */
export type Outcome =
  | { readonly reply: Reply; readonly fault: null; readonly firstTokenMs: number | null }
  | Failure
type Failure = {
  readonly reply: Reply | null
  readonly fault: Fault
  readonly firstTokenMs: number | null
}

export type Reading = {
  readonly response: Response
  readonly dialect: Dialect
  readonly scrub: Scrub
  readonly mostBytes: number
  readonly deadlines: Deadlines
  readonly onPart: ((part: Part) => void) | undefined
  readonly clock: Clock
  readonly startedMs: number
}

const failed = (fault: Fault): Failure => ({ reply: null, fault, firstTokenMs: null })

/** As much of an error as is read; what it says stands at its beginning. */
const mostFaultBytes = 64 * 1024

/** An answer with a status that is no success. The status counts, however little of the body came. */
export async function readRefusal(reading: Reading): Promise<Outcome> {
  const { response, deadlines } = reading
  if (response.status < 400) return failed(redirected(response))
  const body = openBodyReader(response, mostFaultBytes)
  const { text } = await readText(body, deadlines.progress)
  const stopped = deadlines.stopped()
  return failed(stopped?.kind === 'cancelled' ? stopped : faultIn(reading, text))
}

/** The key is taken out before the dialect shortens the text: half a key would no longer be known. */
function faultIn({ response, dialect, scrub }: Reading, text: string): Fault {
  const headers = [...response.headers].map(([name, value]) => [name, scrub(value)])
  return dialect.readFault(response.status, Object.fromEntries(headers), scrub(text))
}

const redirected = ({ status }: Response): Fault => ({
  kind: 'not-found',
  message: `HTTP ${status}: a redirect, which is not followed; check the address of the provider`,
  status,
  retryAfterMs: null,
})

const malformed = (message: string, { status }: Response): Fault => ({
  kind: 'malformed',
  message,
  status,
  retryAfterMs: null,
})

/** An answer in one piece. */
export async function readWhole(reading: Reading): Promise<Outcome> {
  const { response, dialect, deadlines, mostBytes } = reading
  const { text, fault } = await readText(openBodyReader(response, mostBytes), deadlines.progress)
  if (fault !== null) return failed(deadlines.stopped() ?? fault)
  const body = jsonObjectIn(text)
  if (body === null) return failed(malformed(`${typeOf(response)} is no JSON object`, response))
  const reply = dialect.readReply(body)
  const isEmpty = isNoAnswer(reply)
  if (isErrorBody(body)) return { ...failed(faultIn(reading, text)), reply: isEmpty ? null : reply }
  if (isEmpty) return failed(malformed(`${typeOf(response)} holds none`, response))
  return { reply, fault: null, firstTokenMs: null }
}

/** Dialects read leniently: a body in which they find nothing at all is another one. */
export const isNoAnswer = ({ id, blocks, usage }: Reply): boolean =>
  id === null && blocks.length === 0 && usage === null

/** Gateways put an error into an answer that has begun with status 200; a response of OpenAI can fail with what it used. */
export const isErrorBody = (body: JsonObject): boolean =>
  isObject(body['error']) &&
  (body['type'] === 'error' || body['object'] === undefined || body['status'] === 'failed')

export function jsonObjectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const typeOf = ({ headers }: Response): string =>
  `the answer, of type ${headers.get('content-type') ?? 'unknown'},`

/** An answer in parts. */
export const readStream = (reading: Reading): Promise<Outcome> =>
  /^text\/event-stream\b/i.test(reading.response.headers.get('content-type') ?? '')
    ? readEvents(reading)
    : readNoStream(reading)

async function readEvents(reading: Reading): Promise<Outcome> {
  const { response, deadlines, mostBytes } = reading
  const answer = openStreamedAnswer(reading)
  const body = openBodyReader(response, mostBytes)
  const events = openEventReader()
  for (;;) {
    const chunk = await body.next()
    if (isFault(chunk)) return answer.outcome(deadlines.stopped() ?? chunk)
    for (const event of chunk === null ? events.end() : events.read(chunk)) answer.take(event)
    if (chunk === null) return answer.outcome(null)
    deadlines.progress()
    if (answer.last() === 'finish') await readEnd(body, reading)
    if (answer.last() !== null) return answer.outcome(null)
  }
}

/** The end of a body comes with the last event, and lets the connection be used again; it is not waited for longer. */
const longestEndMs = 50

async function readEnd(body: BodyReader, { clock, deadlines }: Reading): Promise<void> {
  const endTimer = clock.after(longestEndMs, deadlines.close)
  let chunk = await body.next()
  while (chunk !== null && !isFault(chunk)) chunk = await body.next()
  endTimer()
}

/** What was to be a stream: an error that the provider gives in one piece, or a page of something in between. */
async function readNoStream(reading: Reading): Promise<Outcome> {
  const { response, deadlines } = reading
  const { text } = await readText(openBodyReader(response, mostFaultBytes), deadlines.progress)
  const stopped = deadlines.stopped()
  if (stopped !== null) return failed(stopped)
  const body = jsonObjectIn(text)
  if (body !== null && isErrorBody(body)) return failed(faultIn(reading, text))
  return failed(malformed(`${typeOf(response)} is no stream of events`, response))
}

/** The parts of a stream: told to whoever listens, and folded into an answer. */
function openStreamedAnswer({ dialect, scrub, onPart, deadlines, clock, startedMs }: Reading) {
  const reader = dialect.openPartReader()
  const folder = openPartFolder()
  let firstTokenMs: number | null = null
  let last: 'finish' | 'error' | null = null

  function add(part: Part): void {
    if (last !== null) return
    if (part.kind === 'finish' || part.kind === 'error') last = part.kind
    else if (part.kind !== 'start' && firstTokenMs === null) {
      firstTokenMs = clock.now() - startedMs
      deadlines.firstContent()
    }
    folder.add(part)
    onPart?.(part)
  }

  const clean = (part: Part, why: Fault | null): Part => {
    if (part.kind !== 'error') return part
    const fault = why ?? part.fault
    return { ...part, fault: { ...fault, message: scrub(fault.message) } }
  }

  return {
    last: () => last,
    take(event: StreamEvent) {
      const { data } = event
      // The key is taken out before the dialect shortens what an error says; answers stay as they are.
      const said = errorEvent.test(data) ? { ...event, data: scrub(data) } : event
      for (const part of reader.read(said)) add(clean(part, null))
    },
    /** `why`: what broke the stream, if the stream itself does not say. */
    outcome(why: Fault | null): Outcome {
      for (const part of reader.end()) add(clean(part, why))
      const { reply, fault } = folder.folded()
      // All had been said, and only the end is missing: the answer is whole, unless nobody wants it any more.
      const isWhole = fault === null && why?.kind !== 'cancelled'
      if (isWhole && reply !== null) return { reply, fault: null, firstTokenMs }
      return { reply, fault: why ?? fault ?? cutOff, firstTokenMs }
    },
  }
}

const errorEvent = /^\s*\{\s*"(?:error"|type"\s*:\s*"(?:error|response\.failed)")/
