import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../domain/call.ts'
import type { ReplyStore } from '../domain/kept-reply.ts'
import { atListPrice, isBounded, upperBoundOf, withOutputCap } from '../engine/upper-bound.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { type Asker, openAsker } from '../replay/asker.ts'
import type { Affected, Planned } from '../replay/plan.ts'
import type { SpendCap } from '../replay/spend-cap.ts'
import { unpricedUnderBudget } from '../replay/unpriced-under-budget.ts'
import { nowMs } from './clock.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { callKeys, type ReplayModels } from './replay-models.ts'
import type { SessionJob } from './replay-session.ts'

/** The same replay under the same name: what it has asked before is not asked again. */
export function runName(
  { files, flags, policy }: SessionJob,
  models: string,
  baseline: string,
): string {
  const { since, until, where, suite, scorer, judge, sample, fixed, seed } = flags
  const { margin, marginOverall, power, discordant } = flags
  const parts = [
    [...files].sort(),
    { since, until, where, suite, scorer, judge, sample, fixed, seed },
    { margin, marginOverall, power, discordant, baseline, models },
    policyFingerprint(policy),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, nameDigits)
}

const nameDigits = 12

export type AskerJob = {
  readonly run: string
  readonly replies: ReplyStore
  readonly cap: SpendCap
  readonly models: ReplayModels
  readonly keyOf: (call: Call) => string
}

/**
 * Keys of calls at the list price. The largest output that a budget sets is no part of the question: what was asked
 * without a budget is known with one, in the store and in a cassette.
 */
export function questionKeys(secret: string): (call: Call) => string {
  const keyOf = callKeys(secret)
  return (call) => keyOf(atListPrice(call))
}

export function askerOf(
  { costOf, terminal, signal }: SessionJob,
  { run, replies, cap, models, keyOf }: AskerJob,
): Asker {
  const now = nowMs(terminal)
  return openAsker({
    run,
    replies,
    cap,
    signal,
    send: models.send,
    costOf: (target, usage) => costOf(target, usage, now),
    mostOf: (target, call) =>
      upperBoundOf(withOutputCap(call), (usage) => costOf(target, usage, now)),
    callKeyOf: keyOf,
    wait: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
    madeOf: atListPrice,
  })
}

const usualMargin = 0.05

/** Over changed requests; a loss over all requests is the larger over the changed ones the fewer they are. */
export function marginOf({ margin, marginOverall }: ReplayFlags, affected: Affected): number {
  if (marginOverall === undefined) return margin ?? usualMargin
  const { routed, cached, rewritten } = affected.changes
  const changed = routed + cached + rewritten
  return changed === 0
    ? marginOverall
    : Math.min(0.99, (marginOverall * affected.requests) / changed)
}

/** Throws a UserError where a call of the plan has no price under a budget. */
export function refuseUnpriced({ plan }: Planned, hasLimit: boolean): void {
  const [first] = plan.unpricedTargets
  if (hasLimit && first !== undefined) throw unpricedUnderBudget(first)
}

/** Under a budget a call whose price has no bound is not asked. */
export const withinBudget = (cases: Affected, { budget }: ReplayFlags): Affected =>
  budget === undefined
    ? cases
    : {
        ...cases,
        async caseAt(index) {
          const built = await cases.caseAt(index)
          if (typeof built === 'string') return built
          const isSure = isBounded(built.call) && isBounded(built.candidateCall)
          return isSure ? built : 'what it costs at most cannot be told, which a budget needs'
        },
      }
