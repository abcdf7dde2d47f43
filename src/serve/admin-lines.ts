import type { Intent } from '../domain/journal.ts'
import { usdOf } from '../domain/money.ts'
import type { ListedEntry } from './admin-ports.ts'

/** An entry of the cache as JSON shows it. */
export function entryLine({ bornMs, expiresAtMs, facts, ...entry }: ListedEntry): object {
  const { tags } = facts
  return {
    ...entry,
    facts: { ...facts, ...(tags !== undefined && { tags: Object.fromEntries(tags) }) },
    bornAt: new Date(bornMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  }
}

/** A call that may have been billed as JSON shows it: what it holds back counts as spent until somebody knows. */
export function intentLine({ id, at, target, reservedNanoUsd, spender }: Intent): object {
  const { isNobodys: _, ...named } = spender
  return {
    id,
    at: new Date(at).toISOString(),
    target,
    reservedUsd: reservedNanoUsd === null ? null : usdOf(reservedNanoUsd),
    spender: named,
  }
}
