import type { NanoUsd } from '../domain/money.ts'
import type { Asked, BudgetWord, Ledger } from '../domain/world.ts'
import { compileWhen, type Matcher } from '../engine/match-rule.ts'
import { offsetReader } from '../engine/time-window.ts'
import type { Budget, BudgetScope, LoopGuard } from '../policy/governance.ts'
import type { Policy } from '../policy/policy.ts'
import type { History } from './history.ts'
import type { FactsAt } from './history-facts.ts'

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
  const accounts = policy.budgets.map(
    (budget) => new Account(history, budget, windowReader(budget.window, policy.timezone)),
  )
  const loops = loopGuardOf(history, policy.loopGuard)
  const admitted = (asked: Asked): readonly BudgetWord[] => {
    const facts = factsAt(asked.id as number)
    const reservation = reserve(asked.id as number)
    const matching = accounts.filter((account) => account.matches(facts))
    return matching.flatMap((account) => account.admit(asked, reservation) ?? [])
  }
  const isIdle = accounts.length === 0 && loops === null
  return {
    admit(asked) {
      if (isIdle) return null
      const looping = loops?.(asked) ?? null
      const words = accounts.length === 0 ? [] : admitted(asked)
      return worst(looping === null ? words : [looping, ...words])
    },
    settle(asked, costNanoUsd) {
      for (const account of accounts) account.settle(asked, costNanoUsd)
    },
    budgets: () => accounts.map((account) => account.state()),
  }
}

const severity = { alert: 0, downgrade: 1, block: 2 } as const

/** The first of the severest. */
const worst = (words: readonly BudgetWord[]): BudgetWord | null =>
  words.reduce<BudgetWord | null>(
    (most, word) => (most === null || severity[word.action] > severity[most.action] ? word : most),
    null,
  )

/** One budget: what each member has spent in the window that it was last seen in. */
class Account {
  readonly matches: Matcher
  readonly #history: History
  readonly #budget: Budget
  readonly #windowAt: (at: number) => number
  readonly #spent = new Map<number | string, { window: number; spent: number }>()
  /** The entry that the request being decided is charged to. */
  #open: { readonly place: number; readonly entry: { spent: number } } | null = null
  #refused = 0
  #mostSpent = 0

  constructor(history: History, budget: Budget, windowAt: (at: number) => number) {
    this.matches = compileWhen(budget.when)
    this.#history = history
    this.#budget = budget
    this.#windowAt = windowAt
  }

  admit({ id, at }: Asked, reservation: Reservation): BudgetWord | null {
    const place = id as number
    const member = memberAt(this.#history, this.#budget.scope, place)
    if (member === null) return null
    const entry = this.#entryOf(member, this.#windowAt(at))
    this.#open = { place, entry }
    const { name, limitNanoUsd, action, mode } = this.#budget
    if (entry.spent + reservation[mode] <= limitNanoUsd) return null
    this.#refused++
    return { budget: name, action }
  }

  settle({ id }: Asked, costNanoUsd: NanoUsd): void {
    if (this.#open?.place !== id) return
    this.#open.entry.spent += costNanoUsd
    this.#mostSpent = Math.max(this.#mostSpent, this.#open.entry.spent)
    this.#open = null
  }

  state(): BudgetState {
    return {
      budget: this.#budget.name,
      refused: this.#refused,
      mostSpentNanoUsd: this.#mostSpent,
    }
  }

  /** A new window begins at nothing. Requests come in time order, so a window that is over never comes back. */
  #entryOf(member: number | string, window: number): { window: number; spent: number } {
    let entry = this.#spent.get(member)
    if (entry === undefined || !Object.is(entry.window, window)) {
      entry = { window, spent: 0 }
      this.#spent.set(member, entry)
    }
    return entry
  }
}

/** Who spends; null where the log does not say, and the budget does not apply. */
function memberAt(
  { columns, profiles }: History,
  scope: BudgetScope,
  place: number,
): number | string | null {
  switch (scope) {
    case 'all':
      return ''
    case 'user':
    case 'session':
    case 'trace': {
      const key = columns[scope][place] as number
      return Number.isNaN(key) ? null : key
    }
    case 'key':
    case 'team':
    case 'feature':
      return profiles[columns.profile[place] as number]?.[scope] ?? null
  }
}

const dayMs = 86_400_000
/** Day 0 of the epoch was a Thursday; weeks begin on Monday. */
const mondayShift = 3

/** The number of the calendar window that a moment lies in; undated requests share one. */
function windowReader(window: Budget['window'], timezone: string): (at: number) => number {
  if (window === 'lifetime') return () => 0
  const offsetAt = offsetReader(timezone)
  return (at) => {
    if (Number.isNaN(at)) return Number.NaN
    const day = Math.floor((at + offsetAt(at)) / dayMs)
    if (window === 'day') return day
    if (window === 'week') return Math.floor((day + mondayShift) / 7)
    const date = new Date(day * dayMs)
    return date.getUTCFullYear() * 12 + date.getUTCMonth()
  }
}

/** Stops a trace that calls without end, or sends the very same conversation again and again; null where it is off. */
function loopGuardOf(
  { columns, exact }: History,
  { maxCalls, maxSimilarInRow, action }: LoopGuard,
): ((asked: Asked) => BudgetWord | null) | null {
  if (maxCalls === null && maxSimilarInRow === null) return null
  const traces = new Map<number, { calls: number; last: number; inRow: number }>()
  return ({ id }) => {
    const trace = columns.trace[id as number] as number
    if (Number.isNaN(trace)) return null
    const state = traces.get(trace) ?? { calls: 0, last: -1, inRow: 0 }
    traces.set(trace, state)
    const key = exact[id as number] as number
    state.inRow = key !== -1 && key === state.last ? state.inRow + 1 : 1
    state.last = key
    state.calls++
    const isOver =
      (maxCalls !== null && state.calls > maxCalls) ||
      (maxSimilarInRow !== null && state.inRow > maxSimilarInRow)
    return isOver ? { budget: 'loop guard', action } : null
  }
}
