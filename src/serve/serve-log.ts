import pino from 'pino'
import { redactKeys } from '../dialects/redact-keys.ts'
import { usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import { cacheWord } from './cache-word.ts'
import { type LineFile, openLineFile } from './line-file.ts'
import {
  faultIn,
  isAnswered,
  isFailed,
  pathOf,
  plainPath,
  type ServedFacts,
  servedFacts,
} from './served-facts.ts'
import type { TurnedAway } from './turned-away.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type ServeLogOptions = {
  readonly level: LogLevel | 'silent'
  /** One-line text for people, made of a line's JSON; null: JSON. */
  readonly format: ((line: LogRecord) => string) | null
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Where lines go: an open file, 2 for standard error, or whoever takes whole lines. */
  readonly to: number | ((line: string) => void)
}

/** A line as it is written in JSON: `level`, `time` and `msg`, and its own fields. */
export type LogRecord = Readonly<Record<string, unknown>>

export type ServeLog = {
  /** One line for a request that is done: no word of it, no name of a user, no key. */
  request(served: Served, facts?: ServedFacts): void
  /** One line for a request that nobody decided. */
  turnedAway(turned: TurnedAway): void
  /** What happens to the gateway itself: started, reloaded, a budget crossed. */
  event(level: LogLevel, message: string, fields?: LogRecord): void
  /** Writes what is still held back, before the process ends; takes a second at most and never rejects. */
  flush(): Promise<void>
}

/** Lines of requests a second, of those that went well and of those that did not; more are counted and left out. */
const mostLines = 200
const windowMs = 1000

/** Lines as JSON, or as text for a terminal. Nobody waits for them to be written. */
export function openServeLog(options: ServeLogOptions): ServeLog {
  const { level, now } = options
  const destination = destinationOf(options)
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const guard = new FloodGuard(now, (fields) => logger.warn(fields, 'request lines left out'))
  return {
    request(served, facts = servedFacts(served)) {
      const lineLevel = levelOf(served)
      if (!logger.isLevelEnabled(lineLevel) || !guard.admits(lineLevel)) return
      logger[lineLevel](requestFields(served, facts), 'request')
    },
    turnedAway({ reason, statusCode, endpoint, message }) {
      const lineLevel = statusCode >= 500 ? 'error' : 'warn'
      if (!logger.isLevelEnabled(lineLevel) || !guard.admits(lineLevel)) return
      const path = safeName(plainPath(endpoint))
      logger[lineLevel](
        { status: statusCode, reason, endpoint: path, said: redactKeys(message) },
        'turned away',
      )
    },
    event(lineLevel, message, fields = {}) {
      logger[lineLevel](safeFields(fields), redactKeys(message))
    },
    flush() {
      guard.report()
      return destination.flush()
    },
  }
}

/** Lines as they are written: JSON, or made readable. */
function destinationOf({ format, to }: ServeLogOptions): LineFile {
  const file =
    typeof to === 'number' ? openLineFile(to) : { write: to, flush: () => Promise.resolve() }
  if (format === null) return file
  return {
    write: (line) => file.write(`${format(JSON.parse(line) as LogRecord)}\n`),
    flush: () => file.flush(),
  }
}

/** Refusals and what a caller did wrong are warnings; what nobody could answer is an error. */
function levelOf(served: Served): LogLevel {
  if (served.request.status === 'cancelled') return 'info'
  if (served.receipt.outcome === 'blocked') return 'warn'
  if (isFailed(served)) return served.statusCode >= 500 ? 'error' : 'warn'
  return 'info'
}

function requestFields(served: Served, facts: ServedFacts): LogRecord {
  const { request, receipt, statusCode } = served
  const { target, route, refusedBy, attempts } = facts
  return {
    id: receipt.id,
    status: statusCode,
    outcome: request.status === 'cancelled' ? 'cancelled' : receipt.outcome,
    endpoint: pathOf(served),
    model: safeName(request.requestedModel ?? request.model),
    ...(target !== null && { target: safeName(target) }),
    ...(route !== null && { route }),
    cache: cacheWord(facts),
    ...(attempts.length > 1 && { attempts: attempts.length }),
    ...(refusedBy !== null && { refusedBy }),
    ...(!isAnswered(served) &&
      attempts.length > 0 && { reason: faultIn(attempts.at(-1)?.reason ?? null) ?? 'other' }),
    costUsd: facts.isUnpriced ? null : usdOf(receipt.costNanoUsd),
    ms: Math.round(receipt.latencyMs * 10) / 10,
  }
}

/** Names repeat; a key that somebody put in the place of a model must not be written. */
function safeName(name: string): string {
  let safe = safeNames.get(name)
  if (safe === undefined) {
    if (safeNames.size >= keptNames) safeNames.clear()
    safe = redactKeys(name.slice(0, longestName))
    safeNames.set(name, safe)
  }
  return safe
}

const safeNames = new Map<string, string>()
const keptNames = 500
const longestName = 120

/** Headers that say nothing of who asks. */
const plainHeaders: ReadonlySet<string> = new Set([
  'accept',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'retry-after',
  'user-agent',
])

/** Fields without keys; of headers only the plain ones keep their value. What lies deeper than a line is for is left out. */
function safeFields(fields: LogRecord, depth = 0): LogRecord {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name.toLowerCase().endsWith('headers') ? safeHeaders(value) : safeValue(value, depth + 1),
    ]),
  )
}

const deepest = 4

function safeHeaders(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return '[hidden]'
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      plainHeaders.has(name.toLowerCase()) ? safeValue(value, deepest) : '[hidden]',
    ]),
  )
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactKeys(value)
  if (value instanceof Error) return { name: value.name, message: redactKeys(value.message) }
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return '[deeper]'
  if (Array.isArray(value)) return value.map((each) => safeValue(each, depth + 1))
  return safeFields(value as LogRecord, depth)
}

/** Counts lines by the second, those that went well apart from the others, so that no flood hides an error. */
class FloodGuard {
  readonly #now: () => number
  readonly #tell: (fields: LogRecord) => void
  #window = Number.NEGATIVE_INFINITY
  #written = { well: 0, badly: 0 }
  #leftOut = { well: 0, badly: 0 }
  #timer: NodeJS.Timeout | null = null

  constructor(now: () => number, tell: (fields: LogRecord) => void) {
    this.#now = now
    this.#tell = tell
  }

  admits(level: LogLevel): boolean {
    const window = Math.floor(this.#now() / windowMs)
    if (window !== this.#window) {
      this.report()
      this.#window = window
      this.#written = { well: 0, badly: 0 }
    }
    const kind = level === 'info' || level === 'debug' ? 'well' : 'badly'
    if (this.#written[kind] < mostLines) {
      this.#written[kind]++
      return true
    }
    this.#leftOut[kind]++
    // Should nothing follow, somebody still has to say it.
    this.#timer ??= setTimeout(() => this.report(), windowMs).unref()
    return false
  }

  report(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { well, badly } = this.#leftOut
    if (well + badly === 0) return
    this.#leftOut = { well: 0, badly: 0 }
    this.#tell({ leftOut: well + badly, failedOrRefused: badly })
  }
}
