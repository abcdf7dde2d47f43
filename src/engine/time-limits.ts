import { type CallLimits, noCallLimits } from '../domain/provider.ts'
import type { TimeoutClass } from '../policy/governance.ts'

/** Between two chunks of an answer, and in all, where nobody names a time: a call that hangs ends some day. */
export const usualLimits: CallLimits = { ...noCallLimits, idleMs: 120_000, totalMs: 600_000 }

/**
 * The limits of one attempt by its class, milliseconds; `timeoutMs` is the rung's own, in the place of the class's in
 * all, null where it has none.
 */
export function limitsOf(
  { firstTokenMs, streamMs, wholeMs, idleMs }: TimeoutClass,
  streamed: boolean,
  timeoutMs: number | null,
): CallLimits {
  const totalMs = timeoutMs ?? (streamed ? streamMs : wholeMs)
  const limits = { firstTokenMs: streamed ? firstTokenMs : null, idleMs, totalMs }
  const isOpen = idleMs === null && totalMs === null
  return isOpen ? { ...usualLimits, firstTokenMs: limits.firstTokenMs } : limits
}
