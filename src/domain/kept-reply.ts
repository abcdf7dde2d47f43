import type { NanoUsd } from './money.ts'
import type { ProviderAnswer } from './provider.ts'

/** Which call: what was asked of whom, and which time. */
export type ReplyKey = {
  /** Hash of the call without its model. */
  readonly callKey: string
  /** "provider:model" as the policy names it. */
  readonly target: string
  /** Equal calls of different turns are different answers; the first is 0. */
  readonly turn: number
}

/** What came of a call that was paid for. */
export type KeptReply = ReplyKey & {
  readonly answer: ProviderAnswer
  /** Null: unpriced. */
  readonly costNanoUsd: NanoUsd | null
  /** Asked through a provider's batch service. */
  readonly isBatch: boolean
}

/** Where a call comes from: so that what is erased there is erased here. */
export type ReplyOrigin = {
  readonly run: string
  /** The request's number in the store; null where it came from a suite. */
  readonly seq: number | null
}

/** What a run has spent, nano-dollars. */
export type RunSpend = {
  readonly settled: NanoUsd
  /**
   * Reserved for calls that were begun and never settled, a killed run's, which the provider may have billed, and for
   * answers that came without usage.
   */
  readonly maybeBilled: NanoUsd
  /** Calls of the run, begun or settled. */
  readonly calls: number
}

/** Answers that were asked for. Each is stored when it arrives; nothing that is stored is paid for again. */
export type ReplyStore = {
  /** Settled calls only. */
  find(key: ReplyKey): KeptReply | null
  /** Says that a call is about to be made and what it may cost at most; durable when it returns. */
  begin(key: ReplyKey, origin: ReplyOrigin, reservedNanoUsd: NanoUsd): void
  settle(reply: KeptReply, origin: ReplyOrigin): void
  /** The call was never made: what was reserved is free again. */
  cancel(key: ReplyKey): void
  spendOf(run: string): RunSpend
  /** Forgets failures, of whichever run they are, so that they are asked again; how many they were. */
  forgetFailures(): number
}
