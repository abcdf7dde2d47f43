import type { Spender } from '../domain/journal.ts'
import { defined } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'

/** Who spends by a request. */
export const spenderOf = ({ user, key, team, feature, session, trace }: Request): Spender =>
  defined({ user, key, team, feature, session, trace })
