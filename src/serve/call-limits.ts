import type { CallLimits } from '../domain/provider.ts'
import { limitsOf } from '../engine/time-limits.ts'
import type { TimeoutClass } from '../policy/governance.ts'

/** Milliseconds. */
export type RungTime = {
  /** Of the rung; null: it has none of its own. */
  readonly rungMs: number | null
  /** What the caller wishes at most; infinite: nothing. */
  readonly wishedMs: number
}

/**
 * The limits of one call, milliseconds. A rung's time is how long it may take until nothing can come of it but to climb:
 * of an answer that is shown while it comes that is its first content, and from then on the class ends it alone.
 */
export function callLimits(
  timeout: TimeoutClass,
  streamed: boolean,
  isShown: boolean,
  { rungMs, wishedMs }: RungTime,
): CallLimits {
  if (rungMs === null) return limitsOf(timeout, streamed, null)
  if (!streamed || !isShown) return limitsOf(timeout, streamed, Math.min(rungMs, wishedMs))
  const { firstTokenMs, streamMs } = timeout
  const shown = {
    ...timeout,
    firstTokenMs: Math.min(firstTokenMs ?? rungMs, rungMs),
    // A rung may be given more time than its class has in all.
    streamMs: streamMs === null ? null : Math.min(Math.max(streamMs, rungMs), wishedMs),
  }
  return limitsOf(shown, streamed, null)
}
