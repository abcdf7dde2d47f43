import type { BudgetWord } from '../domain/world.ts'
import { compileWhen, type Matcher } from '../engine/match-rule.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import type { Budget, BudgetScope, LoopGuard } from '../policy/governance.ts'
import type { Policy } from '../policy/policy.ts'
import { type BudgetWindow, budgetWindow } from './budget-window.ts'
import { RecentlyUsed } from './recently-used.ts'

/** Who spends, in one scope; '': all, or all who name nobody. */
export type Member = string | number

/** What one member has spent in one window, and what is held back for its calls under way. Nano-dollars. */
export type Tally = {
  readonly window: number
  spent: number
  reserved: number
  /** An alert has told of it. */
  isAlerted: boolean
}

/** A request as budgets see it. */
export type Spending = {
  /** Milliseconds since 1970 UTC; NaN where nobody knows. */
  readonly at: number
  /** Null: a budget of that scope does not apply. */
  memberOf(scope: BudgetScope): Member | null
  /** Whether it meets the condition of an account's budget. */
  isUnder(account: BudgetAccount): boolean
  /** What it may cost at most (`hard`), or will probably (`soft`), nano-dollars; null: nobody can tell. */
  amountOf(mode: Budget['mode']): number | null
}

/** What one budget holds back for one request. */
export type Hold = {
  readonly account: BudgetAccount
  readonly tally: Tally
  readonly member: Member
  /** Nano-dollars. */
  amount: number
}

export type Claim = {
  readonly holds: readonly Hold[]
  /** Those of them that do not fit, in the order of the budgets. */
  readonly over: readonly Hold[]
}

/** What the loop guard is called where a budget has its name. */
export const loopGuardName = 'loop guard'

/** The accounts of a policy: the loop guard's dollars, which are a budget of each trace, and its budgets. */
export function accountsOf(
  { budgets, loopGuard, timezone }: Pick<Policy, 'budgets' | 'loopGuard' | 'timezone'>,
  mostBriefMembers = Number.POSITIVE_INFINITY,
): readonly BudgetAccount[] {
  const all = loopGuard.maxNanoUsd === null ? budgets : [traceBudget(loopGuard), ...budgets]
  return all.map((budget) => new BudgetAccount(budget, timezone, mostBriefMembers))
}

const traceBudget = ({ maxNanoUsd, action }: LoopGuard): Budget => ({
  name: loopGuardName,
  scope: 'trace',
  window: 'lifetime',
  limitNanoUsd: maxNanoUsd ?? (0 as Budget['limitNanoUsd']),
  action,
  mode: 'soft',
  when: {},
})

/** Reserves in every budget that a request falls under, whether it fits or not. Undone by `release`. */
export function claimOf(accounts: readonly BudgetAccount[], spending: Spending): Claim {
  const holds: Hold[] = []
  const over: Hold[] = []
  for (const account of accounts) {
    const hold = account.holdFor(spending)
    if (hold === null) continue
    holds.push(hold)
    const amount = spending.amountOf(account.budget.mode)
    if (!account.fits(hold.tally, amount)) over.push(hold)
    hold.tally.reserved += hold.amount
  }
  return { holds, over }
}

export const wordOf = ({ account: { budget } }: Hold): BudgetWord => ({
  budget: budget.name,
  action: budget.action,
})

export function release(holds: readonly Hold[]): void {
  for (const { tally, amount } of holds) tally.reserved -= amount
}

/** Puts what was really spent, nano-dollars, in the place of what was held back. */
export function settle(holds: readonly Hold[], costNanoUsd: number): void {
  release(holds)
  for (const { account, tally } of holds) account.spend(tally, costNanoUsd)
}

/**
 * What a call is to its request: the `first` of its calls, a `further` one (again, or to another model), or a `question`
 * beside them, of a classifier or a judge.
 */
export type CallKind = 'first' | 'further' | 'question'

/**
 * Whether a budget speaks against a call. One that downgrades keeps a request where it is, and never from being answered:
 * the first rung may be asked, and asked again where nothing else can be.
 */
export function isAgainst(
  { action }: BudgetWord,
  call: CallKind,
  admitted: BudgetWord | null,
): boolean {
  if (action !== 'downgrade') return action === 'block'
  return call === 'question' || (call === 'further' && admitted?.action !== 'downgrade')
}

const severity = { alert: 0, downgrade: 1, block: 2 } as const

/** The first of the severest. */
export const worstOf = (words: readonly BudgetWord[]): BudgetWord | null =>
  words.reduce<BudgetWord | null>(
    (most, word) => (most === null || severity[word.action] > severity[most.action] ? word : most),
    null,
  )

export type Window = { readonly number: number; readonly tallies: RecentlyUsed<Member, Tally> }

/**
 * The newest, and two that were asked about last: a request may have come before midnight and be admitted, or settled,
 * after it; and a clock may have been ahead for a while.
 */
const keptWindows = 3

/** One budget: what each member has spent in the windows that matter. */
export class BudgetAccount {
  readonly budget: Budget
  readonly window: BudgetWindow
  /** Two budgets that count the same have the same. */
  readonly counts: string
  /** Requests that found it used up. */
  refused = 0
  /** The most that one member spent in one window, nano-dollars. */
  mostSpent = 0
  /** Null: it holds for every request. */
  readonly #matches: Matcher | null
  readonly #mostMembers: number
  /** The one used last comes first. */
  #windows: Window[] = []

  constructor(budget: Budget, timezone: string, mostBriefMembers: number) {
    const { scope, window, when } = budget
    this.budget = budget
    this.window = budgetWindow(window, timezone)
    this.counts = JSON.stringify([scope, window, window === 'lifetime' ? null : timezone, when])
    this.#matches = Object.keys(when).length === 0 ? null : compileWhen(when)
    this.#mostMembers = isBrief[scope] ? mostBriefMembers : Number.POSITIVE_INFINITY
  }

  isForAll(): boolean {
    return this.#matches === null
  }

  matches(facts: RequestFacts): boolean {
    return this.#matches === null || this.#matches(facts)
  }

  /** What a request would hold here, not yet reserved; null where it does not fall under the budget. */
  holdFor(spending: Spending): Hold | null {
    const member = spending.memberOf(this.budget.scope)
    if (member === null || !spending.isUnder(this)) return null
    const amount = spending.amountOf(this.budget.mode) ?? 0
    return { account: this, member, tally: this.tallyOf(member, spending.at), amount }
  }

  /** Whether so much more may be held back for a member; null: nobody can tell how much. */
  fits({ spent, reserved }: Tally, amount: number | null): boolean {
    const { mode, limitNanoUsd } = this.budget
    // What nobody can bound would break a promise, and no estimate.
    if (amount === null && mode === 'hard') return false
    return spent + reserved + (amount ?? 0) <= limitNanoUsd
  }

  spend(tally: Tally, costNanoUsd: number): void {
    tally.spent += costNanoUsd
    if (tally.spent > this.mostSpent) this.mostSpent = tally.spent
  }

  /** A member's tally in the window of a moment. */
  tallyOf(member: Member, at: number): Tally {
    return this.tallyIn(member, this.window.numberOf(at))
  }

  tallyIn(member: Member, window: number): Tally {
    const { tallies } = this.#windowOf(window)
    const known = tallies.get(member)
    if (known !== undefined) return known
    const tally = { window, spent: 0, reserved: 0, isAlerted: false }
    tallies.set(member, tally)
    return tally
  }

  /** All that is kept, the window used last at the end. */
  windows(): readonly Window[] {
    return [...this.#windows].reverse()
  }

  #windowOf(number: number): Window {
    const [last] = this.#windows
    if (last?.number === number) return last
    const found = this.#windows.find((each) => each.number === number) ?? this.#opened(number)
    const windows = [found, ...this.#windows.filter((each) => each !== found)]
    if (windows.length > keptWindows) {
      const newest = Math.max(...windows.map((each) => each.number))
      windows.splice(
        windows.findLastIndex((each) => each.number !== newest),
        1,
      )
    }
    this.#windows = windows
    return found
  }

  #opened(number: number): Window {
    return {
      number,
      tallies: new RecentlyUsed(this.#mostMembers, ({ reserved }) => reserved === 0),
    }
  }
}

/** Whose members come and go: one that was not seen for long is over. */
const isBrief: Readonly<Record<BudgetScope, boolean>> = {
  all: false,
  user: false,
  key: false,
  team: false,
  feature: false,
  session: true,
  trace: true,
}
