import { usdOf } from '../domain/money.ts'
import type { Budget, BudgetScope, LoopGuard } from '../policy/governance.ts'
import type { AlertEvent } from './alert-event.ts'
import type { Hold, Member, Spending } from './budget-account.ts'
import { isLooping, type LoopState } from './loop-traces.ts'

/** Why a budget or the loop guard refuses a request, for the caller's error. */
export type Refusal = {
  readonly budget: string
  /** When it is worth asking again, milliseconds since 1970 UTC; null: never. */
  readonly retryAt: number | null
  /** Null where calls were counted, not dollars. */
  readonly amounts: {
    readonly limitNanoUsd: number
    readonly spentNanoUsd: number
    /** For calls under way. */
    readonly reservedNanoUsd: number
    /** What this request may cost; null: nobody can tell. */
    readonly askedNanoUsd: number | null
  } | null
  /** For people. */
  readonly text: string
}

/** Where others' calls stand in the way, a moment may be enough. */
const momentMs = 1000

/** `hold` is what the request would have held back. */
export function budgetRefusal({ account, member, tally }: Hold, spending: Spending): Refusal {
  const { budget } = account
  const { spent, reserved, window } = tally
  const asked = spending.amountOf(budget.mode)
  const { limitNanoUsd: limit, name } = budget
  const resetsAt = account.window.endOf(window)
  const isTooLarge = asked === null || asked > limit
  const isHeld = !isTooLarge && spent + asked <= limit
  const retryAt = isTooLarge ? null : isHeld ? spending.at + momentMs : resetsAt
  const state = `${whose(budget.scope, member)} spent ${usdText(spent)} of ${usdText(limit)}${windowWords[budget.window]}, ${usdText(reserved)} more is held for calls under way`
  const wish =
    asked === null
      ? 'nobody can tell beforehand what this request costs'
      : `this request may cost ${usdText(asked)}${isTooLarge ? ', more than the whole limit: it will never fit' : ''}`
  const next =
    resetsAt === null || isTooLarge ? '' : `; begins anew ${new Date(resetsAt).toISOString()}`
  return {
    budget: name,
    retryAt,
    amounts: {
      limitNanoUsd: limit,
      spentNanoUsd: spent,
      reservedNanoUsd: reserved,
      askedNanoUsd: asked,
    },
    text: `budget ${name}: ${state}; ${wish}${next}`,
  }
}

/** Null: it does not speak against the trace. */
export function loopRefusal(
  budget: string,
  trace: Member,
  state: LoopState,
  guard: LoopGuard,
): Refusal | null {
  if (!isLooping(state, guard)) return null
  const { maxCalls } = guard
  const what =
    maxCalls !== null && state.calls > maxCalls
      ? `made ${state.calls} calls, of ${maxCalls} that it may`
      : `took nearly the same step ${state.inRow} times in a row, of ${guard.maxSimilarInRow} that it may`
  return { budget, retryAt: null, amounts: null, text: `${budget}: trace ${trace} ${what}` }
}

/** From this share of a hard limit on there is an alert: it stops requests before it is passed. */
const nearShare = 0.8

/** Nano-dollars from which a member's spend is worth an alert. */
export const alertFrom = ({ mode, limitNanoUsd }: Budget): number =>
  mode === 'hard' ? limitNanoUsd * nearShare : limitNanoUsd

export function budgetAlert({ account, member, tally }: Hold, at: number): AlertEvent {
  const { name, scope, limitNanoUsd, window } = account.budget
  const { spent } = tally
  return {
    metric: 'budget',
    value: usdOf(spent),
    limit: usdOf(limitNanoUsd),
    at,
    text: `budget ${name}: ${whose(scope, member)} spent ${usdText(spent)} of ${usdText(limitNanoUsd)}${windowWords[window]}`,
  }
}

const windowWords = {
  day: ' a day',
  week: ' a week',
  month: ' a month',
  lifetime: '',
} as const satisfies Record<Budget['window'], string>

function whose(scope: BudgetScope, member: Member): string {
  if (scope === 'all') return 'all together'
  return member === '' ? `all who name no ${scope} together` : `${scope} ${member}`
}

/** Cents, and of less than ten of them four digits that matter. */
export function usdText(nanoUsd: number): string {
  const usd = usdOf(Math.round(nanoUsd))
  if (usd === 0 || usd >= 0.1) return `$${usd.toFixed(2)}`
  const decimals = Math.min(9, 3 - Math.floor(Math.log10(Math.abs(usd))))
  return `$${usd.toFixed(decimals).replace(/0+$/, '')}`
}
