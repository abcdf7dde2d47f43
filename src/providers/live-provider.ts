import type { Dialect } from '../dialects/dialect.ts'
import type { DialectName, Loss } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Provider, ProviderAnswer } from '../domain/provider.ts'
import { type Clock, realClock } from './clock.ts'
import { cancelled, openDeadlines } from './deadlines.ts'
import type { Scrub } from './keys.ts'
import { type Outcome, readRefusal, readStream, readWhole } from './read-answer.ts'
import { transportFault } from './transport-fault.ts'
import type { Upstream } from './upstream.ts'

export type LiveProviderOptions = {
  readonly name: string
  readonly dialect: Dialect
  readonly upstream: Upstream
  /** Takes keys out of whatever is said of a failure. */
  readonly scrub: Scrub
  /** Told of what the dialect could not say and went without. */
  readonly onLoss?: ((loss: Loss, model: string) => void) | undefined
  /** The largest answer, bytes after decompression. */
  readonly mostAnswerBytes?: number
  readonly clock?: Clock
}

/**
 * An answer of 128k tokens is some 30 MB as a stream of an event each; twice that keeps an endless one from filling
 * the memory.
 */
export const mostAnswerBytes = 64 * 2 ** 20

/** Asks over the network: one request for one attempt, whose every failure is a value. */
export function openLiveProvider(options: LiveProviderOptions): Provider {
  const { name, dialect, upstream, scrub, onLoss, clock = realClock } = options
  const mostBytes = options.mostAnswerBytes ?? mostAnswerBytes
  const scrubbed = (fault: Fault): Fault => ({ ...fault, message: scrub(fault.message) })
  return {
    name,
    async ask(call, { signal, limits, onPart }) {
      const startedMs = clock.now()
      const answer = ({ reply, fault, firstTokenMs }: Outcome): ProviderAnswer => {
        const times = { latencyMs: clock.now() - startedMs, firstTokenMs }
        if (fault !== null)
          return { kind: 'failed', fault: scrubbed(fault), partial: reply, ...times }
        return { kind: 'answered', reply, ...times }
      }
      const { body, losses } = dialect.writeCall(call)
      const refused = losses.filter(({ level }) => level === 'refused')
      if (refused.length > 0) return answer(failed(refusedFault(dialect.name, refused)))
      if (signal?.aborted) return answer(failed(cancelled))
      for (const loss of losses) onLoss?.(loss, call.model)
      const deadlines = openDeadlines(limits, call.streamed, signal, clock)
      try {
        const response = await upstream(dialect.path, body, deadlines.signal).catch(transportFault)
        if ('kind' in response) return answer(failed(deadlines.stopped() ?? response))
        deadlines.progress()
        const reading = { response, dialect, scrub, mostBytes, deadlines, onPart, clock, startedMs }
        if (!response.ok) return answer(await readRefusal(reading))
        return answer(await (call.streamed ? readStream(reading) : readWhole(reading)))
      } finally {
        deadlines.close()
      }
    },
  }
}

const failed = (fault: Fault): Outcome => ({ reply: null, fault, firstTokenMs: null })

const refusedFault = (dialect: DialectName, losses: readonly Loss[]): Fault => ({
  kind: 'bad-request',
  message: `${dialect} cannot say ${losses.map(({ field, why }) => `${field}: ${why}`).join('; ')}`,
  status: null,
  retryAfterMs: null,
})
