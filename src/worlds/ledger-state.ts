import type { Intent } from '../domain/journal.ts'
import type { BudgetAccount, Member, Tally } from './budget-account.ts'
import { alertFrom } from './budget-words.ts'
import type { LoopTraces } from './loop-traces.ts'

/** What a ledger knows, as plain JSON: a restart goes on from it. */
export type LedgerState = {
  readonly v: 1
  readonly budgets: readonly BudgetTallies[]
  readonly traces: readonly TraceCalls[]
  /** Calls that were begun and are not settled. */
  readonly open: readonly Intent[]
}

/** Nano-dollars by member; `counts` tells apart budgets that count differently. */
export type BudgetTallies = {
  readonly name: string
  readonly counts: string
  readonly windows: readonly { readonly number: number; readonly tallies: readonly MemberSpend[] }[]
}

type MemberSpend = readonly [member: Member, spent: number, isAlerted: 0 | 1]
type TraceCalls = readonly [trace: Member, calls: number, step: Member | null, inRow: number]

/** A budget whose spend so far must be counted from the journal. */
export type Recount = {
  readonly budget: string
  /** Requests before this moment do not matter, milliseconds since 1970 UTC; null: all do. */
  readonly since: number | null
}

export const writeTallies = (account: BudgetAccount): BudgetTallies => ({
  name: account.budget.name,
  counts: account.counts,
  windows: account.windows().map(({ number, tallies }) => ({
    number,
    tallies: tallies.map(spendOf),
  })),
})

const spendOf = (member: Member, { spent, isAlerted }: Tally): MemberSpend => [
  member,
  spent,
  isAlerted ? 1 : 0,
]

/** Gives accounts what those that counted the same had, and says which have to be counted anew. */
export function readTallies(
  accounts: readonly BudgetAccount[],
  known: readonly BudgetTallies[],
  at: number,
): readonly Recount[] {
  return accounts.flatMap((account) => {
    const { budget, counts, window } = account
    const same = known.filter((each) => each.counts === counts)
    const found = same.find(({ name }) => name === budget.name) ?? same[0]
    if (found === undefined)
      return [{ budget: budget.name, since: window.startOf(window.numberOf(at)) }]
    for (const { number, tallies } of found.windows) {
      for (const [member, spent, isAlerted] of tallies) {
        const tally = account.tallyIn(member, number)
        account.spend(tally, spent)
        tally.isAlerted = isAlerted === 1 && spent >= alertFrom(budget)
      }
    }
    return []
  })
}

/** A call that is not settled is counted when it is. */
export const writeTraces = (traces: LoopTraces): readonly TraceCalls[] =>
  traces.map((trace, { calls, step, inRow, open }) => [trace, calls - open, step, inRow])

export function readTraces(traces: LoopTraces, known: readonly TraceCalls[]): void {
  for (const [trace, calls, step, inRow] of known)
    traces.restore(trace, { calls, step, inRow, open: 0 })
}

/** What a budget's dearest members have spent in the present window, for people. */
export type Standing = {
  readonly budget: string
  readonly limitNanoUsd: number
  readonly refused: number
  readonly members: readonly {
    readonly member: string
    readonly spentNanoUsd: number
    readonly reservedNanoUsd: number
  }[]
  /** Milliseconds since 1970 UTC; null: never. */
  readonly resetsAt: number | null
}

type MemberStanding = Standing['members'][number]

const bySpend = (a: MemberStanding, b: MemberStanding): number =>
  b.spentNanoUsd - a.spentNanoUsd || (a.member < b.member ? -1 : 1)

export function standingOf(account: BudgetAccount, at: number, most: number): Standing {
  const { budget, window, refused } = account
  const number = window.numberOf(at)
  const present = account.windows().find((each) => each.number === number)
  const members = present?.tallies.map((member, { spent, reserved }) => ({
    member: String(member),
    spentNanoUsd: spent,
    reservedNanoUsd: reserved,
  }))
  return {
    budget: budget.name,
    limitNanoUsd: budget.limitNanoUsd,
    refused,
    members: [...(members ?? [])].sort(bySpend).slice(0, most),
    resetsAt: window.endOf(number),
  }
}
