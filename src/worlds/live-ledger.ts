import type { Intent, JournalEntry, Settled } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Asked, BudgetWord, Ledger } from '../domain/world.ts'
import type { Policy } from '../policy/policy.ts'
import type { AlertEvent } from './alert-event.ts'
import {
  accountsOf,
  type BudgetAccount,
  type CallKind,
  claimOf,
  type Hold,
  isAgainst,
  loopGuardName,
  release,
  type Spending,
  settle,
  wordOf,
  worstOf,
} from './budget-account.ts'
import { alertFrom, budgetAlert, budgetRefusal, loopRefusal, type Refusal } from './budget-words.ts'
import {
  type LedgerState,
  type Recount,
  readTallies,
  readTraces,
  type Standing,
  standingOf,
  writeTallies,
  writeTraces,
} from './ledger-state.ts'
import {
  askedOfEntry,
  intentOf,
  LiveSpending,
  type Reserve,
  type SpendingOptions,
  spendingOfIntent,
} from './live-spending.ts'
import { guardsLoops, type LoopState, LoopTraces, loopWord } from './loop-traces.ts'
import { RecentlyUsed } from './recently-used.ts'

export type LedgerPolicy = Pick<Policy, 'budgets' | 'loopGuard' | 'timezone'>

export type LiveLedgerOptions = SpendingOptions & {
  readonly policy: LedgerPolicy
  /** Equal for nearly identical calls (`RequestKeys.stepKey`); asked where a trace is guarded. */
  readonly stepOf: (asked: Asked) => string | null
  readonly onAlert?: (alert: AlertEvent) => void
  /** Told of all that a request would hold back, before it is let pass or refused. */
  readonly onHeld?: (holds: readonly Hold[]) => void
  /** So many traces and sessions are remembered, by each budget and by the loop guard; the others begin anew. */
  readonly mostTraces?: number
}

const countedOf = ({ costNanoUsd, countedNanoUsd }: Settled): NanoUsd =>
  countedNanoUsd ?? costNanoUsd

/** A request that was let pass and is not settled. */
type Open = {
  readonly spending: Spending
  holds: readonly Hold[]
  readonly trace: LoopState | null
  /** What its budgets said. */
  readonly word: BudgetWord | null
  /** The last of its calls that were begun. */
  intent: Intent | null
  /** It was begun before a restart: whether it was billed nobody knows. */
  readonly isLost: boolean
}

const usualTraces = 100_000
/** A journal that is read twice repeats what is near. */
const rememberedIds = 65_536

/**
 * Spend against budgets, live: what a request may cost is held back before it and given back, or spent, after it. All of
 * it happens at once, in memory, so that no two requests see the same dollar; a journal makes it last.
 */
export class LiveLedger implements Ledger {
  readonly #options: LiveLedgerOptions
  readonly #mostTraces: number
  readonly #traces: LoopTraces
  readonly #settled = new RecentlyUsed<string, true>(rememberedIds, () => true)
  readonly #open = new Map<string, Open>()
  #policy: LedgerPolicy
  #accounts: readonly BudgetAccount[]
  /** False while the journal is read: what it tells was told before. */
  #isTelling = true

  constructor(options: LiveLedgerOptions) {
    this.#options = options
    this.#policy = options.policy
    this.#mostTraces = options.mostTraces ?? usualTraces
    this.#accounts = accountsOf(options.policy, this.#mostTraces)
    this.#traces = new LoopTraces(this.#mostTraces)
  }

  /** Checks all budgets and the loop guard and reserves in one step; a refused request holds nothing. */
  admit(asked: Asked): BudgetWord | null {
    const trace = this.#noteCall(asked)
    if (trace === null && this.#accounts.length === 0) return null
    const id = String(asked.id)
    if (this.#open.has(id)) throw new Error(`request ${id} has been admitted and is not settled`)
    const spending = new LiveSpending(asked, this.#options)
    const { holds, over } = claimOf(this.#accounts, spending)
    this.#options.onHeld?.(holds)
    const looping = trace === null ? null : loopWord(trace, this.#policy.loopGuard)
    const word = worstOf([...(looping === null ? [] : [looping]), ...over.map(wordOf)])
    for (const hold of over) this.#tellOver(hold, asked.at)
    if (word?.action === 'block') {
      release(holds)
      return word
    }
    if (trace !== null) trace.open++
    this.#open.set(id, { spending, holds, trace, word, intent: null, isLost: false })
    return word
  }

  /**
   * Holds back what a request may now cost in all, before a call for it. Otherwise the budget that has no room: the call
   * must not be made, and what was held stays so. What is held already was checked when it was.
   */
  raise(asked: Asked, reserve: Reserve, call: CallKind): BudgetWord | null {
    const open = this.#open.get(String(asked.id))
    if (!(open?.spending instanceof LiveSpending)) return null
    const { spending, holds, word: admitted } = open
    const over: BudgetWord[] = []
    const more = holds.map((hold) => {
      const { account, tally, amount } = hold
      const wanted = reserve(asked, account.budget.mode)
      const missing = wanted === null ? null : Math.max(0, wanted - amount)
      if (missing !== 0 && !account.fits(tally, missing)) over.push(wordOf(hold))
      return missing ?? 0
    })
    const word = worstOf(over)
    if (word !== null && isAgainst(word, call, admitted)) return word
    for (const [index, hold] of holds.entries()) {
      const missing = more[index] ?? 0
      hold.amount += missing
      hold.tally.reserved += missing
      spending.raiseTo(hold.account.budget.mode, hold.amount)
    }
    return null
  }

  /** Turns what was held into what was spent; again, and of a request that was not admitted, it changes nothing. */
  settle({ id }: Pick<Asked, 'id'>, costNanoUsd: NanoUsd): void {
    this.#settleOpen(String(id), costNanoUsd)
  }

  /** Says that a call is about to be made: the entry to be written before it. `attempt` counts from 1. */
  begin(asked: Asked, target: string, attempt: number): Intent {
    const open = this.#open.get(String(asked.id))
    const intent = intentOf(asked, target, attempt, open?.holds ?? [])
    if (open !== undefined) open.intent = intent
    return intent
  }

  /** Why a budget, or the loop guard, refuses a request, as things stand; null where it does not apply. */
  refusalOf(asked: Asked, budget: string): Refusal | null {
    const { trace } = asked.request
    const state = trace === undefined ? undefined : this.#traces.stateOf(trace)
    if (budget === loopGuardName && trace !== undefined && state !== undefined) {
      const refusal = loopRefusal(budget, trace, state, this.#policy.loopGuard)
      if (refusal !== null) return refusal
    }
    const spending = new LiveSpending(asked, this.#options)
    const hold = this.#accounts.find((each) => each.budget.name === budget)?.holdFor(spending)
    return hold == null ? null : budgetRefusal(hold, spending)
  }

  /** Of each budget the members that spent most. */
  standings(at: number, most: number): readonly Standing[] {
    return this.#accounts.map((account) => standingOf(account, at, most))
  }

  /** For a checkpoint: taken between two turns, it is what the journal up to there comes to. */
  state(): LedgerState {
    return {
      v: 1,
      budgets: this.#accounts.map(writeTallies),
      traces: writeTraces(this.#traces),
      open: [...this.#open.values()].flatMap(({ intent }) => intent ?? []),
    }
  }

  /** Goes on from a checkpoint; called once, before all else. Says what has to be counted from the journal before it. */
  restore(state: LedgerState, at: number): readonly Recount[] {
    const recounts = readTallies(this.#accounts, state.budgets, at)
    readTraces(this.#traces, state.traces)
    for (const intent of state.open) this.#reopen(intent)
    return recounts
  }

  /** Takes in an entry of the journal that was written after the checkpoint, in its order. */
  replay(entry: JournalEntry): void {
    this.#isTelling = false
    if (entry.kind === 'begun') this.#reopen(entry)
    else this.#replaySettled(entry)
    this.#isTelling = true
  }

  /** Counts a settled entry of the journal into the budgets of these names alone. */
  recount(entry: Settled, budgets: ReadonlySet<string>): void {
    const accounts = this.#accounts.filter(({ budget }) => budgets.has(budget.name))
    this.#isTelling = false
    this.#spend(accounts, entry)
    this.#isTelling = true
  }

  /** Calls of an earlier run that nobody settled: they count as spent. */
  maybeBilled(): readonly Intent[] {
    const lost = [...this.#open.values()].filter(({ isLost }) => isLost)
    return lost.flatMap(({ intent }) => intent ?? [])
  }

  /** Says what a call of `maybeBilled` came to. False: there is none of that id. */
  reconcile(id: string, costNanoUsd: NanoUsd): boolean {
    return this.#open.get(id)?.isLost === true && this.#settleOpen(id, costNanoUsd)
  }

  /**
   * Goes on under another policy, between two turns. Budgets that count the same as before keep what was spent; of the
   * others it says since when the journal has to be counted.
   */
  reload(policy: LedgerPolicy, at: number): readonly Recount[] {
    const known = this.#accounts.map(writeTallies)
    this.#policy = policy
    this.#accounts = accountsOf(policy, this.#mostTraces)
    const recounts = readTallies(this.#accounts, known, at)
    for (const open of this.#open.values())
      open.holds = claimOf(this.#accounts, open.spending).holds
    return recounts
  }

  #noteCall(asked: Asked): LoopState | null {
    const { trace } = asked.request
    const { loopGuard } = this.#policy
    if (trace === undefined || !guardsLoops(loopGuard)) return null
    const step = loopGuard.maxSimilarInRow === null ? null : this.#options.stepOf(asked)
    return this.#traces.note(trace, step)
  }

  #settleOpen(id: string, costNanoUsd: NanoUsd): boolean {
    const open = this.#open.get(id)
    if (open === undefined) return false
    this.#open.delete(id)
    if (open.trace !== null) open.trace.open--
    settle(open.holds, costNanoUsd)
    for (const hold of open.holds) this.#tellSpent(hold, open.spending.at)
    return true
  }

  #reopen(intent: Intent): void {
    release(this.#open.get(intent.id)?.holds ?? [])
    const spending = spendingOfIntent(intent)
    const { holds } = claimOf(this.#accounts, spending)
    const open = { spending, holds, intent, trace: null, word: null, isLost: true }
    this.#open.set(intent.id, open)
  }

  #replaySettled(entry: Settled): void {
    if (this.#settled.peek(entry.id)) return
    this.#settled.set(entry.id, true)
    const { spender, keys } = entry
    if (spender.trace !== undefined && guardsLoops(this.#policy.loopGuard)) {
      const step = keys === null ? this.#options.stepOf(askedOfEntry(entry)) : keys.stepKey
      this.#traces.note(spender.trace, step)
    }
    if (!this.#settleOpen(entry.id, countedOf(entry))) this.#spend(this.#accounts, entry)
  }

  #spend(accounts: readonly BudgetAccount[], entry: Settled): void {
    const counted = countedOf(entry)
    if (counted === 0 || accounts.length === 0) return
    const options = { ...this.#options, reserve: () => 0 }
    const spending = new LiveSpending(askedOfEntry(entry), options)
    const { holds } = claimOf(accounts, spending)
    settle(holds, counted)
    for (const hold of holds) this.#tellSpent(hold, entry.at)
  }

  #tellSpent(hold: Hold, at: number): void {
    if (hold.tally.spent >= alertFrom(hold.account.budget)) this.#tell(hold, at)
  }

  /** A soft budget may stop requests before its limit is spent; a call too large for any budget says nothing of it. */
  #tellOver(hold: Hold, at: number): void {
    const { account, amount } = hold
    account.refused++
    const { mode, limitNanoUsd } = account.budget
    if (mode === 'soft' && amount <= limitNanoUsd) this.#tell(hold, at)
  }

  #tell(hold: Hold, at: number): void {
    if (hold.tally.isAlerted) return
    hold.tally.isAlerted = true
    if (this.#isTelling) this.#options.onAlert?.(budgetAlert(hold, at))
  }
}
