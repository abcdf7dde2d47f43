import { type Fault, passingFaults } from '../domain/fault.ts'
import type { Retries } from '../policy/governance.ts'

/**
 * How long to wait before a failed call is made again, milliseconds; null where that is no use. It doubles with each
 * attempt; the second half of it is by chance (from 0 to 1), so that callers who failed together do not come back
 * together. What the provider asks for is waited for where it is within the policy's total.
 */
export function retryDelayMs(
  { attempts, initialMs, maxMs, totalMs }: Retries,
  /** Attempts made so far, 1 at least. */
  made: number,
  { kind, retryAfterMs }: Pick<Fault, 'kind' | 'retryAfterMs'>,
  chance: () => number,
): number | null {
  if (made > attempts || !passingFaults.has(kind)) return null
  const longest = Math.min(maxMs, initialMs * 2 ** (made - 1))
  const spreadMs = chance() * (longest / 2)
  const delayMs = Math.ceil((retryAfterMs ?? longest / 2) + spreadMs)
  return delayMs <= totalMs ? delayMs : null
}
