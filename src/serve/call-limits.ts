import type { TimeLimit } from '../domain/fault.ts'
import type { CallLimits } from '../domain/provider.ts'
import { limitsOf } from '../engine/time-limits.ts'
import type { TimeoutClass } from '../policy/governance.ts'
import type { Wishes } from './wishes.ts'

/** The limits of one call, and who set those that end it: what follows depends on whose time was up. */
export type LimitedCall = {
  readonly limits: CallLimits
  readonly setBy: Readonly<Record<TimeLimit, LimitSetter>>
}

export type LimitSetter = 'class' | 'rung' | 'wish'

/** Milliseconds; infinite: none. */
type Limit = { readonly ms: number; readonly by: LimitSetter }

/**
 * The limits of one call, no longer than its caller wishes; `rungMs` is the rung's own time, null where it has none. That
 * is how long it may take until nothing can come of it but to climb: of an answer that is shown while it comes that is
 * its first content, and from then on the class ends it alone.
 */
export function callLimits(
  timeout: TimeoutClass,
  streamed: boolean,
  isShown: boolean,
  rungMs: number | null,
  wishes: Pick<Wishes, 'firstTokenMs' | 'totalMs'>,
): LimitedCall {
  const mayBegin = streamed && isShown
  const { firstTokenMs, idleMs, totalMs } = limitsOf(timeout, streamed, mayBegin ? null : rungMs)
  let first = limit(firstTokenMs, 'class')
  let total = limit(totalMs, rungMs === null || mayBegin ? 'class' : 'rung')
  if (rungMs !== null && mayBegin) {
    const rung = limit(rungMs, 'rung')
    first = shorter(rung, first)
    // A rung may be given more time than its class has in all.
    if (rungMs >= total.ms) total = rung
  }
  if (streamed) first = shorter(first, limit(wishes.firstTokenMs, 'wish'))
  total = shorter(total, limit(wishes.totalMs, 'wish'))
  return {
    limits: { firstTokenMs: msOf(first), idleMs, totalMs: msOf(total) },
    setBy: { firstTokenMs: first.by, idleMs: 'class', totalMs: total.by },
  }
}

const limit = (ms: number | null, by: LimitSetter): Limit => ({ ms: ms ?? never, by })
const never = Number.POSITIVE_INFINITY

/** Of equal ones the first. */
const shorter = (one: Limit, other: Limit): Limit => (other.ms < one.ms ? other : one)

const msOf = ({ ms }: Limit): number | null => (ms === never ? null : ms)
