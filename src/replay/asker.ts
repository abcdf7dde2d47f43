import type { Call } from '../domain/call.ts'
import { maybeBilledFaults } from '../domain/fault.ts'
import type { KeptReply, ReplyKey, ReplyOrigin, ReplyStore } from '../domain/kept-reply.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { AskOptions, CallLimits, ProviderAnswer } from '../domain/provider.ts'
import type { Usage } from '../domain/usage.ts'
import type { SpendCap } from './spend-cap.ts'
import { unpricedUnderBudget } from './unpriced-under-budget.ts'

/** One call on behalf of a case. */
export type Question = {
  readonly target: string
  /** Its model is the target's. */
  readonly call: Call
  /** Equal calls of different turns are asked for anew. */
  readonly turn: number
  readonly seq: number | null
  readonly limits: CallLimits
}

export type Asking =
  | { readonly kind: 'answered'; readonly reply: KeptReply; readonly isNew: boolean }
  /** The cap leaves no room, or the run was stopped: nothing was asked. */
  | { readonly kind: 'not-asked'; readonly why: 'budget' | 'stopped' }

/** Asks models for a run: what is stored is not paid for again, what is paid for is stored. */
export type Asker = {
  ask(question: Question): Promise<Asking>
  /** Lets time pass before something is asked again; cut short when the run is stopped. */
  wait(ms: number): Promise<void>
}

export type AskerOptions = {
  readonly run: string
  readonly replies: ReplyStore
  readonly cap: SpendCap
  /** Asks a target once, when its turn has come among the calls under way. */
  readonly send: (target: string, call: Call, options: AskOptions) => Promise<ProviderAnswer>
  /** Null: the target has no price. */
  readonly costOf: (target: string, usage: Usage) => NanoUsd | null
  /** What a call may cost at most; null where it has no price. */
  readonly mostOf: (target: string, call: Call) => NanoUsd | null
  readonly callKeyOf: (call: Call) => string
  /** The call as it is made: at the list price, and under a budget with a largest output. */
  readonly madeOf: (call: Call) => Call
  readonly wait: (ms: number) => Promise<void>
  readonly signal?: AbortSignal | undefined
}

export function openAsker(options: AskerOptions): Asker {
  const underWay = new Map<string, Promise<Asking>>()
  return {
    wait: options.wait,
    ask(asked) {
      const { target, call, turn } = asked
      const key = { callKey: options.callKeyOf(call), target, turn }
      const known = options.replies.find(key)
      if (known !== null) return Promise.resolve({ kind: 'answered', reply: known, isNew: false })
      const name = `${key.callKey}\n${target}\n${turn}`
      const same = underWay.get(name)
      if (same !== undefined) return same
      const asking = askOnce(options, { ...asked, call: options.madeOf(call) }, key).finally(() =>
        underWay.delete(name),
      )
      underWay.set(name, asking)
      return asking
    },
  }
}

/** Reserve, begin, ask, settle: a run killed in between leaves a call that counts as spent. */
async function askOnce(
  { run, replies, cap, send, costOf, mostOf, signal }: AskerOptions,
  { target, call, turn, seq, limits }: Question,
  key: ReplyKey,
): Promise<Asking> {
  const bound = mostOf(target, call)
  if (bound === null && cap.hasLimit) throw unpricedUnderBudget(target)
  const most = bound ?? zeroNanoUsd
  if (!(await cap.reserve(most, signal))) {
    return { kind: 'not-asked', why: signal?.aborted === true ? 'stopped' : 'budget' }
  }
  const origin: ReplyOrigin = { run, seq }
  replies.begin(key, origin, most)
  const answer = await send(target, call, { signal, limits, turn }).catch((error: unknown) => {
    // Whatever went wrong on the way is a value: what throws was never sent.
    replies.cancel(key)
    cap.settle(most, zeroNanoUsd)
    throw error
  })
  if (answer.kind === 'failed' && answer.fault.kind === 'cancelled') {
    // Nobody knows whether the provider billed it: it stays begun, and its reservation spent.
    cap.settle(most, null)
    return { kind: 'not-asked', why: 'stopped' }
  }
  const costNanoUsd = costOfAnswer(answer, target, costOf, most)
  const reply: KeptReply = { ...key, answer, costNanoUsd, isBatch: false }
  replies.settle(reply, origin)
  cap.settle(most, costNanoUsd)
  return { kind: 'answered', reply, isNew: true }
}

/** Whether nobody knows what a failure cost: all that it may have is then spent from the cap, and is no measurement. */
export const isCostUnknown = (answer: ProviderAnswer): boolean =>
  answer.kind === 'failed' &&
  answer.partial?.usage == null &&
  maybeBilledFaults.has(answer.fault.kind)

/** By the usage that came; null where an answer came without: its reservation stays. */
function costOfAnswer(
  answer: ProviderAnswer,
  target: string,
  costOf: AskerOptions['costOf'],
  most: NanoUsd,
): NanoUsd | null {
  const reply = answer.kind === 'answered' ? answer.reply : answer.partial
  if (reply?.usage != null) return costOf(target, reply.usage)
  if (answer.kind === 'answered') return null
  return isCostUnknown(answer) ? most : zeroNanoUsd
}
