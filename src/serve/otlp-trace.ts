import type { Served } from '../domain/served.ts'
import type { OtlpSettings } from './otlp-settings.ts'
import { type OtlpSpan, otlpSpans, spanCount } from './otlp-spans.ts'
import { type ServedFacts, servedFacts } from './served-facts.ts'

/** Posts a body and resolves with the status; rejects where nobody answered in time. */
export type PostSpans = (post: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
}) => Promise<number>

export type OtlpTraceOptions = {
  readonly settings: OtlpSettings
  readonly post: PostSpans
  /** Of the program. */
  readonly version: string
  /** Whether the policy keeps prompts and answers in full. */
  readonly isContentFull: boolean
  /** How often a batch goes out that is not full. */
  readonly everyMs?: number
}

export type OtlpTrace = {
  /** Queues the spans of a request; where the queue is full they are dropped and counted. */
  add(served: Served, facts?: ServedFacts): void
  /** Sends what is queued; never rejects. */
  flush(): Promise<void>
  counts(): SpanCounts
  /** The last flush; nothing is taken after it. */
  close(): Promise<void>
}

export type SpanCounts = {
  readonly queued: number
  readonly sent: number
  /** No room, refused by the receiver, or nobody answered twice. */
  readonly dropped: number
}

/** As OpenTelemetry's batch processor has them. */
const mostQueued = 2048
const batchSize = 512
const defaultEveryMs = 5000

/** Exports requests as traces in batches, one at a time, and keeps no request waiting for it. */
export const openOtlpTrace = (options: OtlpTraceOptions): OtlpTrace => new Exporter(options)

class Exporter implements OtlpTrace {
  readonly #options: OtlpTraceOptions
  readonly #hasContent: boolean
  readonly #timer: NodeJS.Timeout
  readonly #queue: OtlpSpan[] = []
  #again: readonly OtlpSpan[] = []
  #sending: Promise<void> | null = null
  #sent = 0
  #dropped = 0
  #isClosed = false

  constructor(options: OtlpTraceOptions) {
    this.#options = options
    this.#hasContent = options.isContentFull && options.settings.wantsContent
    this.#timer = setInterval(() => void this.flush(), options.everyMs ?? defaultEveryMs)
    this.#timer.unref()
  }

  add(served: Served, facts = servedFacts(served)): void {
    if (this.#isClosed) return
    if (this.#queue.length >= mostQueued) {
      this.#dropped += spanCount(served)
      return
    }
    this.#queue.push(...otlpSpans(served, facts, this.#hasContent))
    if (this.#queue.length >= batchSize && this.#sending === null) void this.flush()
  }

  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
    return this.#sending
  }

  counts(): SpanCounts {
    return {
      queued: this.#queue.length + this.#again.length,
      sent: this.#sent,
      dropped: this.#dropped,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.flush()
    await this.flush()
  }

  /** Batch after batch; one that may be sent again waits for the next flush, once. */
  async #sendAll(): Promise<void> {
    for (;;) {
      const isSecondTry = this.#again.length > 0
      const batch = isSecondTry ? this.#again : this.#queue.splice(0, batchSize)
      this.#again = []
      if (batch.length === 0) return
      const outcome = await this.#send(batch)
      if (outcome === 'sent') this.#sent += batch.length
      else if (outcome === 'refused' || isSecondTry) this.#dropped += batch.length
      else {
        this.#again = batch
        return
      }
    }
  }

  async #send(batch: readonly OtlpSpan[]): Promise<'sent' | 'refused' | 'again'> {
    const { settings, post, version } = this.#options
    const { url, headers, timeoutMs, resource } = settings
    const status = await post({
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(batch, resource, version)),
      timeoutMs,
    }).catch(() => null)
    if (status === null || passing.has(status)) return 'again'
    return status >= 200 && status < 300 ? 'sent' : 'refused'
  }
}

/** What the protocol says may be sent again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

const bodyOf = (
  spans: readonly OtlpSpan[],
  resource: Readonly<Record<string, string>>,
  version: string,
): unknown => ({
  resourceSpans: [
    {
      resource: {
        attributes: Object.entries(resource).map(([key, stringValue]) => ({
          key,
          value: { stringValue },
        })),
      },
      scopeSpans: [{ scope: { name: 'llmcost', version }, spans }],
    },
  ],
})
