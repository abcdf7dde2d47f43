/** Why no whole answer came. Whether to ask again, and of whom, depends on the kind alone. */
export type Fault = {
  readonly kind: FaultKind
  /** In the provider's words, without keys; for people. */
  readonly message: string
  /** The HTTP status, where one came. */
  readonly status: number | null
  /** What the provider asked to wait, milliseconds. */
  readonly retryAfterMs: number | null
  /** Of a timeout: which limit of the call was reached; absent: none, its provider says so. */
  readonly limit?: TimeLimit
}

/** The limits of time that a call may have. */
export type TimeLimit = 'firstTokenMs' | 'idleMs' | 'totalMs'

export const faultKinds = [
  /** Nobody listens, or the name is unknown. */
  'unreachable',
  /** The connection broke before the answer was whole. */
  'reset',
  /** A limit of time of the policy was reached. */
  'timeout',
  'rate-limit',
  /** Out of credit or quota: waiting does not help. */
  'quota',
  /** 529, or 503 with such words. */
  'overloaded',
  /** Any other 5xx. */
  'server',
  'authentication',
  'permission',
  'not-found',
  'bad-request',
  /** The prompt is longer than the model's context. */
  'context-length',
  /** The provider's policy forbids an answer. */
  'content-policy',
  'too-large',
  /** What came is not what the dialect says: a broken event, another content type, no JSON. */
  'malformed',
  /** The stream ended before its last event. */
  'cut-off',
  /** The caller went away. */
  'cancelled',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Kinds where the same call may succeed a little later. */
export const passingFaults: ReadonlySet<FaultKind> = new Set([
  'unreachable',
  'reset',
  'timeout',
  'rate-limit',
  'overloaded',
  'server',
  'malformed',
  'cut-off',
])

/** The same by an HTTP status alone, which is all that a log has. */
export const isPassingStatus = (status: number): boolean =>
  status >= 500 || status === 408 || status === 429

/** Kinds that say of a target that it does not answer now, whatever it is asked; not that it, or the caller, is in the wrong. */
export const outageFaults: ReadonlySet<FaultKind> = new Set([...passingFaults, 'quota'])

/** Kinds after which the provider may have done, and billed, the work: no answer came, and nobody said that none was made. */
export const maybeBilledFaults: ReadonlySet<FaultKind> = new Set([
  'reset',
  'timeout',
  'malformed',
  'cut-off',
  'cancelled',
  // Also said of an answer that is larger than is read.
  'too-large',
])
