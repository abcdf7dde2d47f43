import { dialectOf } from '../dialects/dialects.ts'
import type { Fault } from '../domain/fault.ts'
import type { Reply } from '../domain/reply.ts'
import type { Forwarding, ForwardSink } from '../providers/forward.ts'
import { isErrorBody, isNoAnswer, jsonObjectIn } from '../providers/read-answer.ts'
import type { AttemptOptions, AttemptResult, Refusal } from './attempt.ts'
import { cancelled, headerIn, malformed, redirected, stalled, tooLarge } from './attempt-faults.ts'
import { openAttemptLimits } from './attempt-limits.ts'
import { emptyReply, LiveAnswer } from './live-answer.ts'
import { StreamRun } from './stream-run.ts'
import { openUsageTap, type UsageTap } from './usage-tap.ts'

/** Makes one call. Whatever goes wrong upstream is in the result; the promise is always kept. */
export const runAttempt = (options: AttemptOptions): Promise<AttemptResult> =>
  new Promise((resolve) => {
    const run = new AttemptRun(options, resolve)
    run.start()
  })

/** An answer of 128k tokens is some 30 MB as a stream of an event each; twice that is read of any answer. */
const mostAnswerBytes = 64 * 2 ** 20
/** Errors are passed on whole up to this size. */
const mostRefusalBytes = 2 ** 20

/** What a provider may take to end a stream in which it has told an error. */
const lingerMs = 100

type Mode = 'waiting' | 'refusal' | 'whole' | 'stream' | 'raw'

class AttemptRun implements ForwardSink {
  readonly #options: AttemptOptions
  readonly #resolve: (result: AttemptResult) => void
  readonly #startMs: number
  readonly #limits: ReturnType<typeof openAttemptLimits>
  #forwarding: Forwarding | null = null
  #mode: Mode = 'waiting'
  #status = 0
  #headers: readonly string[] = []
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #stream: StreamRun | null = null
  #tap: UsageTap | null = null
  #hasBegun = false
  #firstTokenMs: number | null = null
  #isDone = false
  #wasSent = false
  /** The caller is behind: what does not come is not the provider's doing. */
  #isPaused = false
  #lingering: NodeJS.Timeout | null = null

  constructor(options: AttemptOptions, resolve: (result: AttemptResult) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#startMs = options.now()
    const stop = (fault: Fault) => this.#stop(this.#isPaused ? stalled : fault)
    this.#limits = openAttemptLimits(options.limits, options.streamed, stop)
  }

  start(): void {
    const { forwarder, request, onStart } = this.#options
    this.#forwarding = forwarder.send(request, this)
    onStart({
      abort: () => this.#stop(cancelled),
      resume: () => {
        this.#isPaused = false
        this.#forwarding?.resume()
      },
    })
  }

  sent(): void {
    this.#wasSent = true
  }

  head(status: number, headers: readonly string[]): void {
    if (this.#isDone) return
    this.#limits.progress()
    this.#status = status
    this.#headers = headers
    this.#mode = this.#modeOf(status, headers)
    if (this.#mode === 'stream') this.#stream = this.#openStream()
    if (this.#mode === 'raw' && isEventStream(headers)) this.#tap = openUsageTap()
  }

  #modeOf(status: number, headers: readonly string[]): Mode {
    if (status >= 300) return 'refusal'
    if (this.#options.dialect !== null) return isEventStream(headers) ? 'stream' : 'whole'
    const isJson = /json/i.test(headerIn(headers, 'content-type') ?? '')
    return isJson || this.#options.live === null ? 'whole' : 'raw'
  }

  #openStream(): StreamRun {
    const { dialect, live } = this.#options
    if (dialect === null) throw new Error('a stream of no dialect')
    return new StreamRun(dialect, live, {
      begin: () => this.#begin(),
      content: () => {
        this.#firstTokenMs = this.#options.now() - this.#startMs
        this.#limits.firstContent()
        this.#options.onContent()
      },
    })
  }

  #begin(): void {
    this.#hasBegun = true
    this.#options.live?.begin(this.#status, this.#headers)
  }

  chunk(bytes: Buffer): boolean {
    this.#isPaused = !this.#take(bytes)
    return !this.#isPaused
  }

  /** False: the caller is behind. */
  #take(bytes: Buffer): boolean {
    if (this.#isDone) return true
    this.#limits.progress()
    this.#bytes += bytes.length
    if (this.#bytes > (this.#mode === 'refusal' ? mostRefusalBytes : mostAnswerBytes)) {
      if (this.#mode === 'refusal') this.end()
      else this.#stop(tooLarge)
      this.#forwarding?.abort()
      return true
    }
    if (this.#mode === 'stream' && this.#stream !== null)
      return this.#readStream(this.#stream, bytes)
    if (this.#mode !== 'raw') {
      this.#chunks.push(bytes)
      return true
    }
    if (!this.#hasBegun) this.#begin()
    this.#tap?.read(bytes)
    return this.#options.live?.write(bytes) ?? true
  }

  #readStream(stream: StreamRun, bytes: Buffer): boolean {
    const isWritable = stream.read(bytes)
    const fault = stream.fault
    if (fault !== null && !stream.hasToldFault) {
      if (this.#hasBegun) this.#streamed(null)
      else this.#finish(null, stream.reply, fault)
      this.#forwarding?.abort()
    } else if (fault !== null) this.#lingering ??= setTimeout(() => this.#stop(fault), lingerMs)
    return isWritable
  }

  end(): void {
    if (this.#isDone) return
    switch (this.#mode) {
      case 'refusal':
        this.#refused()
        return
      case 'stream':
        this.#streamed(null)
        return
      case 'raw':
        if (!this.#hasBegun) this.#begin()
        this.#finish(null, null, null)
        return
      default:
        this.#whole()
        return
    }
  }

  fault(fault: Fault): void {
    if (this.#isDone) return
    if (this.#mode === 'stream') this.#streamed(fault)
    else if (this.#mode === 'refusal') this.#refused()
    else this.#finish(null, null, fault)
  }

  /** Ends it from this side. */
  #stop(fault: Fault): void {
    if (this.#isDone) return
    if (this.#mode === 'stream') this.#streamed(fault)
    else this.#finish(null, null, fault)
    this.#forwarding?.abort()
  }

  #refused(): void {
    const bytes = Buffer.concat(this.#chunks)
    const refusal = { status: this.#status, headers: this.#headers, bytes }
    this.#finish(null, null, this.#faultOf(bytes.toString('utf8')), refusal)
  }

  #faultOf(text: string): Fault {
    const { scrub } = this.#options
    const dialect = this.#options.dialect ?? dialectOf('openai-chat')
    if (this.#status < 400) return { ...redirected, status: this.#status }
    const headers: Record<string, string> = {}
    for (let index = 0; index < this.#headers.length; index += 2)
      headers[this.#headers[index] as string] = scrub(this.#headers[index + 1] as string)
    return dialect.readFault(this.#status, headers, scrub(text))
  }

  #whole(): void {
    const { dialect } = this.#options
    const bytes =
      this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    const wire = { isStream: false, status: this.#status, headers: this.#headers, bytes }
    if (dialect === null) {
      this.#finish(new LiveAnswer(emptyReply, { ...wire, dialect: null }), null, null)
      return
    }
    const body = jsonObjectIn(bytes.toString('utf8'))
    if (body === null) {
      this.#finish(null, null, malformed)
      return
    }
    const reply = dialect.readReply(body)
    if (isErrorBody(body)) {
      const refusal = { status: this.#status, headers: this.#headers, bytes }
      const partial = isNoAnswer(reply) ? null : reply
      this.#finish(null, partial, this.#faultOf200(bytes), refusal)
    } else if (isNoAnswer(reply)) this.#finish(null, null, malformed)
    else this.#finish(new LiveAnswer(reply, { ...wire, dialect: dialect.name }), null, null)
  }

  /** Gateways put an error into an answer that has begun with status 200. */
  #faultOf200(bytes: Buffer): Fault {
    const { dialect, scrub } = this.#options
    return dialect?.readFault(500, {}, scrub(bytes.toString('utf8'))) ?? malformed
  }

  #streamed(why: Fault | null): void {
    const stream = this.#stream
    if (stream === null) return
    stream.end(why)
    const { reply, fault } = stream
    // All had been said, and only the end is missing: the answer is whole, unless nobody wants it any more.
    const isWhole = fault === null && why?.kind !== 'cancelled'
    if (isWhole && reply !== null) {
      const { dialect, live } = this.#options
      const wire = {
        dialect: dialect?.name ?? null,
        isStream: true,
        status: this.#status,
        headers: this.#headers,
        bytes: Buffer.concat(stream.kept),
      }
      this.#finish(new LiveAnswer(reply, live === null ? wire : null), null, null)
      return
    }
    const said = why ?? fault ?? malformed
    const { live } = this.#options
    if (this.#hasBegun && !stream.hasToldFault && live !== null) live.write(live.broken(said))
    this.#finish(null, reply, said)
  }

  #finish(
    answer: LiveAnswer | null,
    partial: Reply | null,
    fault: Fault | null,
    refusal: Refusal | null = null,
  ): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#limits.close()
    if (this.#lingering !== null) clearTimeout(this.#lingering)
    this.#resolve({
      answer,
      partial,
      fault,
      refusal,
      tapped: this.#tap?.end() ?? null,
      wasSent: this.#wasSent,
      isServed: this.#hasBegun,
      headers: this.#headers,
      firstTokenMs: this.#firstTokenMs,
      latencyMs: this.#options.now() - this.#startMs,
    })
  }
}

const isEventStream = (headers: readonly string[]): boolean =>
  /^text\/event-stream\b/i.test(headerIn(headers, 'content-type') ?? '')
