import type { Asked, BudgetWord, Ledger } from '../domain/world.ts'
import type { BudgetScope } from '../policy/governance.ts'
import type { Policy } from '../policy/policy.ts'
import {
  accountsOf,
  claimOf,
  type Hold,
  type Member,
  release,
  type Spending,
  settle,
  wordOf,
  worstOf,
} from './budget-account.ts'
import type { History } from './history.ts'
import type { FactsAt } from './history-facts.ts'
import { guardsLoops, LoopTraces, loopWord } from './loop-traces.ts'
import { unnamedIn } from './spender-of.ts'

/** What a call may cost at most, and what it probably will: what budgets reserve before it. */
export type Reservation = { readonly hard: number; readonly soft: number }

export type LedgerOptions = {
  readonly policy: Pick<Policy, 'budgets' | 'loopGuard' | 'timezone'>
  readonly factsAt: FactsAt
  readonly reserve: (place: number) => Reservation
}

/** What became of one budget over a history. */
export type BudgetState = {
  readonly budget: string
  /** Requests that found it used up. */
  readonly refused: number
  /** The most that one member spent in one window. */
  readonly mostSpentNanoUsd: number
}

export type HistoryLedger = Ledger & {
  budgets(): readonly BudgetState[]
}

/**
 * Budgets as they would have been while a history happened: spend of each member of a scope in each window of the
 * calendar, reserved before a call and settled with what it came to. The requests of a history are decided one after the
 * other, so that a reservation never outlives its own request.
 */
export function openHistoryLedger(
  history: History,
  { policy, factsAt, reserve }: LedgerOptions,
): HistoryLedger {
  const accounts = accountsOf(policy)
  const loops = loopWords(history, policy)
  let open: { readonly place: number; readonly holds: readonly Hold[] } | null = null
  const claim = ({ id, at }: Asked): readonly BudgetWord[] => {
    const place = id as number
    const facts = factsAt(place)
    const reservation = reserve(place)
    const { holds, over } = claimOf(accounts, {
      at,
      memberOf: (scope) => memberAt(history, scope, place) ?? unnamedIn(scope),
      isUnder: (account) => account.matches(facts),
      amountOf: (mode) => reservation[mode],
    } satisfies Spending)
    open = { place, holds }
    for (const { account } of over) account.refused++
    return over.map(wordOf)
  }
  return {
    admit(asked) {
      const looping = loops?.(asked) ?? null
      const words = accounts.length === 0 ? [] : claim(asked)
      const word = worstOf(looping === null ? words : [looping, ...words])
      if (word?.action === 'block' && open !== null) {
        release(open.holds)
        open = null
      }
      return word
    },
    settle(asked, costNanoUsd) {
      if (open?.place !== asked.id) return
      settle(open.holds, costNanoUsd)
      open = null
    },
    budgets: () =>
      accounts
        .filter(({ budget }) => policy.budgets.includes(budget))
        .map(({ budget, refused, mostSpent }) => ({
          budget: budget.name,
          refused,
          mostSpentNanoUsd: mostSpent,
        })),
  }
}

/** Who spends; null where the log does not say. */
function memberAt(
  { columns, profiles }: History,
  scope: BudgetScope,
  place: number,
): Member | null {
  switch (scope) {
    case 'all':
      return ''
    case 'user':
    case 'session':
    case 'trace':
      return keyAt(columns[scope], place)
    case 'key':
    case 'team':
    case 'feature':
      return profiles[columns.profile[place] as number]?.[scope] ?? null
  }
}

function keyAt(column: Float64Array, place: number): number | null {
  const key = column[place] as number
  return Number.isNaN(key) ? null : key
}

/** Stops a trace that calls without end, or takes nearly the same step again and again; null where it is off. */
function loopWords(
  { columns }: History,
  { loopGuard }: Pick<Policy, 'loopGuard'>,
): ((asked: Asked) => BudgetWord | null) | null {
  if (!guardsLoops(loopGuard)) return null
  const traces = new LoopTraces()
  return ({ id }) => {
    const place = id as number
    const trace = keyAt(columns.trace, place)
    if (trace === null) return null
    return loopWord(traces.note(trace, keyAt(columns.stepKey, place)), loopGuard)
  }
}
