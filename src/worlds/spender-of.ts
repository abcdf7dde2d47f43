import type { Spender } from '../domain/journal.ts'
import type { Request } from '../domain/request.ts'

/** Who spends by a request. */
export const spenderOf = ({ user, key, team, feature, session, trace }: Request): Spender => ({
  ...(user !== undefined && { user }),
  ...(key !== undefined && { key }),
  ...(team !== undefined && { team }),
  ...(feature !== undefined && { feature }),
  ...(session !== undefined && { session }),
  ...(trace !== undefined && { trace }),
})
