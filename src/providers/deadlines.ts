import type { Fault, TimeLimit } from '../domain/fault.ts'
import type { CallLimits } from '../domain/provider.ts'
import type { Clock } from './clock.ts'

/** The limits of one attempt under way. */
export type Deadlines = {
  /** Aborted when a limit is reached, the caller goes away, or at the end. */
  readonly signal: AbortSignal
  /** Something has come. */
  progress(): void
  /** The first content of a stream has come. */
  firstContent(): void
  /** Why it was stopped; null: it was not. */
  stopped(): Fault | null
  /** Ends the limits, and whatever is still under way. */
  close(): void
}

/** Made once: an error for each attempt would cost more than the attempt's own bookkeeping. */
const over = new Error('the attempt is over')

/**
 * Starts the limits. The idle limit also holds for the silence before the first chunk, unless a limit to the first
 * content says how long that may be: a server that accepts and says nothing would else be waited for without end.
 */
export function openDeadlines(
  limits: CallLimits,
  streamed: boolean,
  caller: AbortSignal | undefined,
  clock: Clock,
): Deadlines {
  const controller = new AbortController()
  let fault: Fault | null = null
  const stop = (why: Fault) => {
    fault ??= why
    controller.abort(over)
  }
  const start = (limit: TimeLimit) => {
    const ms = limits[limit]
    return ms === null ? () => {} : clock.after(ms, () => stop(limitFault(limit, ms)))
  }
  const onCancel = () => stop(cancelled)
  if (caller?.aborted) onCancel()
  caller?.addEventListener('abort', onCancel, { once: true })

  const endTotal = start('totalMs')
  const hasFirst = streamed && limits.firstTokenMs !== null
  const endFirst = hasFirst ? start('firstTokenMs') : () => {}
  let endIdle = hasFirst ? () => {} : start('idleMs')
  return {
    signal: controller.signal,
    progress() {
      endIdle()
      endIdle = start('idleMs')
    },
    firstContent: endFirst,
    stopped: () => fault,
    close() {
      for (const end of [endTotal, endFirst, endIdle]) end()
      caller?.removeEventListener('abort', onCancel)
      controller.abort(over)
    },
  }
}

const limitFault = (limit: TimeLimit, ms: number): Fault => ({
  kind: 'timeout',
  message: `${limitPhrases[limit]} within ${ms} ms`,
  status: null,
  retryAfterMs: null,
  limit,
})

const limitPhrases: Readonly<Record<TimeLimit, string>> = {
  firstTokenMs: 'no content',
  idleMs: 'nothing more',
  totalMs: 'no whole answer',
}

/** The caller went away before an answer was there. */
export const cancelled: Fault = {
  kind: 'cancelled',
  message: 'cancelled by the caller',
  status: null,
  retryAfterMs: null,
}
