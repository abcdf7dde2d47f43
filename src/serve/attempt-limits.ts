import type { Fault, TimeLimit } from '../domain/fault.ts'
import type { CallLimits } from '../domain/provider.ts'

/** The limits of time of one call. */
export type AttemptLimits = {
  /** Something came: the time between two chunks begins anew. */
  progress(): void
  firstContent(): void
  close(): void
}

/** Stops a call that takes too long; of a limit that is null nothing is watched. */
export function openAttemptLimits(
  limits: CallLimits,
  streamed: boolean,
  stop: (fault: Fault) => void,
): AttemptLimits {
  const after = (limit: TimeLimit) => {
    const ms = limits[limit]
    return ms === null ? null : setTimeout(() => stop(timedOut(limit, ms)), ms)
  }
  const total = after('totalMs')
  const first = streamed ? after('firstTokenMs') : null
  // A limit to the first content says how long the silence before it may be.
  let idle = first === null ? after('idleMs') : null
  return {
    progress() {
      if (idle === null) idle = after('idleMs')
      else idle.refresh()
    },
    firstContent() {
      if (first !== null) clearTimeout(first)
    },
    close() {
      for (const timer of [total, idle, first]) if (timer !== null) clearTimeout(timer)
    },
  }
}

const timedOut = (limit: TimeLimit, ms: number): Fault => ({
  kind: 'timeout',
  message: `${words[limit]} within ${ms} ms`,
  status: null,
  retryAfterMs: null,
  limit,
})

const words: Readonly<Record<TimeLimit, string>> = {
  firstTokenMs: 'no first token',
  idleMs: 'nothing came',
  totalMs: 'no whole answer',
}
