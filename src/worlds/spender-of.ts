import type { JournalEntry, Spender } from '../domain/journal.ts'
import type { Request } from '../domain/request.ts'
import type { Asked } from '../domain/world.ts'
import type { BudgetScope } from '../policy/governance.ts'
import type { Member } from './budget-account.ts'

/** Who spends by a request. */
export const spenderOf = ({ user, key, team, feature, session, trace }: Request): Spender => ({
  ...(user !== undefined && { user }),
  ...(key !== undefined && { key }),
  ...(team !== undefined && { team }),
  ...(feature !== undefined && { feature }),
  ...(session !== undefined && { session }),
  ...(trace !== undefined && { trace }),
})

/** The same of a request that may be a question of the gateway's own. */
export const spenderOfAsked = ({ request, bypass }: Pick<Asked, 'request' | 'bypass'>): Spender =>
  bypass === 'audit' ? { ...spenderOf(request), isNobodys: true } : spenderOf(request)

/** The same of an entry of a journal. Questions of the gateway's own did not always say so there; their ids do. */
export const spenderOfEntry = ({ id, spender }: Pick<JournalEntry, 'id' | 'spender'>): Spender =>
  ownIds.test(id) ? { ...spender, isNobodys: true } : spender

/** Ids of callers' requests begin with "req_". */
const ownIds = /^(audit|judge|embedding)_/

/** On whose account it is in one scope; null: on nobody's. */
export function memberOf(
  spender: Pick<Spender, 'isNobodys' | Exclude<BudgetScope, 'all'>>,
  scope: BudgetScope,
): Member | null {
  if (scope === 'all') return ''
  return spender[scope] ?? (spender.isNobodys === true ? null : unnamedIn(scope))
}

/** Those who name nobody share one account: saying nothing is no way around a limit. Null: there is none. */
export const unnamedIn = (scope: BudgetScope): Member | null => (isShared[scope] ? '' : null)

/** A request without a session or a trace is one by itself: no others go with it. */
const isShared: Readonly<Record<BudgetScope, boolean>> = {
  all: true,
  user: true,
  key: true,
  team: true,
  feature: true,
  session: false,
  trace: false,
}
