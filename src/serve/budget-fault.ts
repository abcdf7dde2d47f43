import type { Fault } from '../domain/fault.ts'
import type { Refusal } from '../worlds/budget-words.ts'

/** A budget's no, as callers are told it. */
export const budgetFault = (refusal: Refusal | null, at: number): Fault => ({
  // Not "quota": vendors say that with other statuses, and about their own bill.
  kind: 'rate-limit',
  message: refusal?.text ?? 'A budget is used up.',
  status: 429,
  retryAfterMs: refusal?.retryAt == null ? null : Math.max(0, refusal.retryAt - at),
})
