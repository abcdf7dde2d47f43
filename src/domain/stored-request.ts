import type { StoredMessage } from './columns.ts'
import type { Profile } from './row.ts'
import type { Usage } from './usage.ts'

/** One request as a store holds it, with everything it knows of it. Null where the log did not say. */
export type StoredRequest = {
  readonly seq: number
  readonly id: string | null
  readonly responseId: string | null
  /** Milliseconds since 1970 UTC. */
  readonly at: number | null
  readonly profile: Profile
  readonly user: string | null
  readonly session: string | null
  readonly trace: string | null
  readonly usage: Usage
  readonly latencyMs: number | null
  readonly firstTokenMs: number | null
  readonly loggedCostNanoUsd: number | null
  /** Bits of `flag`. */
  readonly flags: number
  /** What few requests have: error, fees, embedding, tags that did not fit the profile … */
  readonly extra: Readonly<Record<string, unknown>>
  /** First to last; the leading links may have the roles "tools" and "system". */
  readonly prompt: readonly StoredMessage[]
  readonly answer: StoredMessage | null
}
