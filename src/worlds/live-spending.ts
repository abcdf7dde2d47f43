import type { Intent, Settled, Spender } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Request } from '../domain/request.ts'
import type { Asked } from '../domain/world.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import { readCanonical } from '../ingest/formats/canonical.ts'
import { isReading } from '../ingest/reader.ts'
import type { Budget, BudgetScope } from '../policy/governance.ts'
import type { BudgetAccount, Hold, Member, Spending } from './budget-account.ts'
import { memberOf, spenderOfAsked, spenderOfEntry } from './spender-of.ts'

type Mode = Budget['mode']

/** What a request may cost at most (`hard`), or probably will (`soft`), nano-dollars; null: nobody can tell. */
export type Reserve = (asked: Asked, mode: Mode) => number | null

export type SpendingOptions = {
  /** Asked where a budget has a condition. */
  readonly factsOf: (asked: Asked) => RequestFacts
  /** Asked once for a request and mode, where a budget wants to know. */
  readonly reserve: Reserve
}

/** A request under way, as budgets see it. */
export class LiveSpending implements Spending {
  readonly #asked: Asked
  readonly #options: SpendingOptions
  readonly #spender: Spender
  readonly #amounts: { [Each in Mode]?: number | null } = {}
  #facts: RequestFacts | null = null

  constructor(asked: Asked, options: SpendingOptions) {
    this.#asked = asked
    this.#options = options
    this.#spender = spenderOfAsked(asked)
  }

  get at(): number {
    return this.#asked.at
  }

  memberOf(scope: BudgetScope): Member | null {
    return memberOf(this.#spender, scope)
  }

  isUnder(account: BudgetAccount): boolean {
    if (account.isForAll()) return true
    this.#facts ??= this.#options.factsOf(this.#asked)
    return account.matches(this.#facts)
  }

  amountOf(mode: Mode): number | null {
    const known = this.#amounts[mode]
    if (known !== undefined) return known
    const amount = this.#options.reserve(this.#asked, mode)
    this.#amounts[mode] = amount
    return amount
  }

  raiseTo(mode: Mode, amount: number): void {
    this.#amounts[mode] = Math.max(this.amountOf(mode) ?? 0, amount)
  }
}

/** The entry of a call that is about to be made; `holds` is all that is held back for its request. */
export function intentOf(
  asked: Asked,
  target: string,
  attempt: number,
  holds: readonly Hold[],
): Intent {
  const { id, at } = asked
  const limited = holds.filter(({ account }) => !account.isForAll())
  const most = Math.max(...holds.map(({ amount }) => amount))
  return {
    kind: 'begun',
    id: String(id),
    attempt,
    at,
    target,
    reservedNanoUsd: holds.length === 0 ? null : (most as NanoUsd),
    spender: spenderOfAsked(asked),
    ...(limited.length > 0 && { budgets: limited.map(({ account }) => account.budget.name) }),
  }
}

/** A call that was begun before a restart: of conditions it tells only which budgets held it back. */
export function spendingOfIntent(intent: Intent): Spending {
  const { at, budgets, reservedNanoUsd } = intent
  const spender = spenderOfEntry(intent)
  return {
    at,
    memberOf: (scope) => memberOf(spender, scope),
    isUnder: (account) => account.isForAll() || budgets?.includes(account.budget.name) === true,
    amountOf: () => reservedNanoUsd ?? 0,
  }
}

/** The request of a settled entry; of a record that cannot be read, who spent. An audit is spent by nobody in particular. */
export function askedOfEntry(entry: Settled): Asked {
  const { id, at, record } = entry
  const reading = readCanonical(record)
  const isRead = isReading(reading) && 'model' in reading
  const unknown: Request = { model: '', operation: 'other', status: 'ok' }
  const { isNobodys = false, ...named } = spenderOfEntry(entry)
  const request = { ...unspent(isRead ? reading : unknown), ...named }
  return { id, at, request, bypass: isNobodys ? 'audit' : null }
}

function unspent(request: Request): Request {
  const { user: _, key: _k, team: _t, feature: _f, session: _s, trace: _r, ...rest } = request
  return rest
}
