import type { Fault } from '../domain/fault.ts'
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
  { firstTokenMs, idleMs, totalMs }: CallLimits,
  streamed: boolean,
  stop: (fault: Fault) => void,
): AttemptLimits {
  const after = (ms: number | null, what: string) =>
    ms === null ? null : setTimeout(() => stop(timedOut(`${what} within ${ms} ms`)), ms)
  const total = after(totalMs, 'no whole answer')
  const first = streamed ? after(firstTokenMs, 'no first token') : null
  // A limit to the first content says how long the silence before it may be.
  let idle = first === null ? after(idleMs, 'nothing came') : null
  return {
    progress() {
      if (idle === null) idle = after(idleMs, 'nothing came')
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

const timedOut = (message: string): Fault => ({
  kind: 'timeout',
  message,
  status: null,
  retryAfterMs: null,
})
