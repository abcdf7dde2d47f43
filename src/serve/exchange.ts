import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Part, Reply } from '../domain/reply.ts'
import type { Usage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import type { Budget } from '../policy/governance.ts'
import type { DisconnectAction } from '../policy/serving.ts'
import type { Forwarding } from '../providers/forward.ts'
import type { Refusal } from './attempt.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { LastResort } from './last-resort.ts'
import type { LiveAnswer } from './live-answer.ts'
import type { Outlet } from './outlet.ts'
import { disconnectUnderWishes } from './under-wishes.ts'

/** One call that was made for a request. */
export type AttemptNote = {
  /** "openai:gpt-4o-mini" */
  readonly target: string
  readonly provider: string
  /** As it was asked for. */
  readonly model: string
  /** What the provider speaks. */
  readonly dialect: DialectName | null
  /** What was changed in the caller's request, by name. */
  readonly rewrites: readonly string[]
  readonly answer: LiveAnswer | null
  /** What had come of an answer that broke off. */
  readonly partial: Reply | null
  readonly fault: Fault | null
  readonly refusal: Refusal | null
  readonly usage: Usage
  /** True where the provider did not say, and it was guessed from the text. */
  readonly isEstimated: boolean
  /** The provider did not say, and there is nothing to guess it from: `usage` is none. */
  readonly isUnknown: boolean
  readonly costNanoUsd: NanoUsd | null
  readonly latencyMs: number
  readonly firstTokenMs: number | null
}

/** What one call may cost, nano-dollars, as budgets of a mode hold it back; null: nobody can tell. */
export type CallBound = (mode: Budget['mode']) => number | null

/** A request that waits for another one's answer. */
export type Follower = {
  /** Parts of a streamed answer, as they come. */
  readonly parts: (parts: readonly Part[]) => void
}

/** One request and its answer while they are under way. */
export class Exchange {
  readonly inbound: Inbound
  readonly outlet: Outlet
  /** Of the policy that decides it. */
  readonly policy: string
  /** Whether streams end with an event of what they came to, unless the caller says. */
  readonly tellsUsage: boolean
  /** What is told of rate limits: names and values in turn. */
  readonly rateHeaders: readonly string[]
  readonly attempts: AttemptNote[] = []
  /** Calls under way. */
  readonly forwardings = new Set<Forwarding>()
  /** Until a model was waited for no more, milliseconds in all. */
  waitedMs = 0
  /** By all calls so far, as budgets count it. */
  spentNanoUsd = 0
  /** What calls under way may still cost. */
  readonly bounds = new Set<CallBound>()
  /** The request as the engine has it; null before it is decided. */
  asked: Asked | null = null
  /** Calls that were begun. */
  begun = 0
  /** What was handed on so far of a stream, for those who come to wait for it later. */
  readonly shown: Part[] = []
  /** Whoever is given the same answer as it comes. */
  readonly followers = new Set<Follower>()
  /** Status and body of the answer have been said, by handing an answer on while it came. */
  servedStatus: number | null = null
  /** What it was answered with where no model answered; null: there was nothing, or no need. */
  lastResort: LastResort | null = null
  /** Why a budget or another rule of the policy refused it, or its last call; null: none did. */
  refusal: Fault | null = null
  /** What was handed on is not the whole of it. */
  isBroken = false
  /** The caller has all of it. */
  hasEnded = false

  constructor(
    inbound: Inbound,
    outlet: Outlet,
    policy: Pick<GatewayState, 'fingerprint' | 'compiled'>,
    rateHeaders: readonly string[],
  ) {
    this.inbound = inbound
    this.outlet = outlet
    this.policy = policy.fingerprint
    this.tellsUsage = policy.compiled.policy.serve.usageEvent
    this.rateHeaders = rateHeaders
  }

  /** Whether nobody waits for another model's answer any more. */
  get isSettled(): boolean {
    return this.outlet.hasBegun || this.outlet.isGone
  }

  /** What is done when the caller leaves. */
  onDisconnect(action: DisconnectAction): DisconnectAction {
    return disconnectUnderWishes(action, this.inbound.wishes)
  }

  /** Hands parts of a stream on to whoever waits for the same answer. */
  show(parts: readonly Part[]): void {
    this.shown.push(...parts)
    for (const follower of this.followers) follower.parts(parts)
  }

  /** Ends the calls under way where nobody is left to whom their answers would be of use. */
  leave(action: DisconnectAction): void {
    if (!this.outlet.isGone || this.followers.size > 0) return
    const abort = () => {
      for (const forwarding of this.forwardings) forwarding.abort()
    }
    if (action.kind === 'abort') abort()
    else setTimeout(abort, action.maxMs).unref()
  }

  get last(): AttemptNote | undefined {
    return this.attempts.at(-1)
  }
}
