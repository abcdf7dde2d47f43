/**
 * What one request wishes for itself. Wishes only make things stricter than the policy: less from caches, kept for
 * less long and for fewer, less time, fewer attempts, less in logs.
 */
export type Wishes = {
  /** Layers that may answer it. */
  readonly exact: boolean
  readonly semantic: boolean
  /** Its answer may be kept for others. */
  readonly mayStore: boolean
  /** A cache answers it, or nobody does: 504. */
  readonly onlyIfCached: boolean
  /** Older answers do not serve it, milliseconds; infinite: any age. */
  readonly maxAgeMs: number
  /** Its answer is kept for no longer, milliseconds; infinite: as long as the policy says. */
  readonly ttlMs: number
  /** Least similarity of a semantic hit. */
  readonly threshold: number
  /** A part of the policy's namespace that it shares with those that wish the same; '': the whole. */
  readonly namespace: string
  /** Limits of time, milliseconds; infinite: those of the policy. */
  readonly totalMs: number
  readonly firstTokenMs: number
  /** Calls of one target, the first among them. */
  readonly maxAttempts: number
  /** What of its text may be kept. */
  readonly logRequest: boolean
  readonly logAnswer: boolean
  /** A last event with usage and cost on streams; null: as the policy says. */
  readonly usageEvent: boolean | null
  /** Nothing is read on when its client leaves. */
  readonly abortOnDisconnect: boolean
}

export const noWishes: Wishes = {
  exact: true,
  semantic: true,
  mayStore: true,
  onlyIfCached: false,
  maxAgeMs: Number.POSITIVE_INFINITY,
  ttlMs: Number.POSITIVE_INFINITY,
  threshold: Number.NEGATIVE_INFINITY,
  namespace: '',
  totalMs: Number.POSITIVE_INFINITY,
  firstTokenMs: Number.POSITIVE_INFINITY,
  maxAttempts: Number.POSITIVE_INFINITY,
  logRequest: true,
  logAnswer: true,
  usageEvent: null,
  abortOnDisconnect: false,
}
