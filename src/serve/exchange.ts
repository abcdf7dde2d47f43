import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Reply } from '../domain/reply.ts'
import type { Usage } from '../domain/usage.ts'
import type { Forwarding } from '../providers/forward.ts'
import type { Refusal } from './attempt.ts'
import type { Inbound } from './inbound.ts'
import type { LiveAnswer } from './live-answer.ts'
import type { Outlet } from './outlet.ts'

/** One call that was made for a request. */
export type AttemptNote = {
  /** "openai:gpt-4o-mini" */
  readonly target: string
  readonly provider: string
  /** As it was asked for. */
  readonly model: string
  /** What the provider speaks. */
  readonly dialect: DialectName | null
  readonly answer: LiveAnswer | null
  /** What had come of an answer that broke off. */
  readonly partial: Reply | null
  readonly fault: Fault | null
  readonly refusal: Refusal | null
  readonly usage: Usage
  /** True where the provider did not say, and it was guessed from the text. */
  readonly isEstimated: boolean
  readonly costNanoUsd: NanoUsd | null
  readonly latencyMs: number
  readonly firstTokenMs: number | null
}

/** One request and its answer while they are under way. */
export class Exchange {
  readonly inbound: Inbound
  readonly outlet: Outlet
  readonly attempts: AttemptNote[] = []
  /** Calls under way. */
  readonly forwardings = new Set<Forwarding>()
  /** Until a model was waited for no more, milliseconds in all. */
  waitedMs = 0
  /** Calls that were begun. */
  begun = 0
  /** Status and body of the answer have been said, by handing an answer on while it came. */
  servedStatus: number | null = null

  constructor(inbound: Inbound, outlet: Outlet) {
    this.inbound = inbound
    this.outlet = outlet
  }

  /** Whether nobody waits for another model's answer any more. */
  get isSettled(): boolean {
    return this.outlet.hasBegun || this.outlet.isGone
  }

  get last(): AttemptNote | undefined {
    return this.attempts.at(-1)
  }
}
