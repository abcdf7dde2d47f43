import type { JournalEntry } from './journal.ts'
import { type NanoUsd, SpendSum } from './money.ts'

/** What a journal comes to: the provider's tally lies between `settledNanoUsd` and that plus `openNanoUsd`. */
export type JournalTotals = {
  /** Requests that are done. */
  readonly settled: number
  readonly settledNanoUsd: bigint
  /** Requests of which a call was begun and nothing more is known: they may have been billed. */
  readonly open: number
  /** What budgets hold back for those. */
  readonly openNanoUsd: bigint
  /** How many of them have no known price. */
  readonly openUnpriced: number
}

/** Sums the entries of a journal, in their order. */
export function journalTotals(entries: Iterable<JournalEntry>): JournalTotals {
  const reserved = new Map<string, NanoUsd | null>()
  const spent = new SpendSum()
  let settled = 0
  for (const entry of entries) {
    if (entry.kind === 'begun') {
      reserved.set(entry.id, larger(reserved.get(entry.id), entry.reservedNanoUsd))
    } else {
      reserved.delete(entry.id)
      spent.add(entry.costNanoUsd)
      settled++
    }
  }
  const held = new SpendSum()
  for (const amount of reserved.values()) held.add(amount ?? 0)
  return {
    settled,
    settledNanoUsd: spent.total(),
    open: reserved.size,
    openNanoUsd: held.total(),
    openUnpriced: [...reserved.values()].filter((amount) => amount === null).length,
  }
}

/** Each attempt names what is held back for the whole request; one that names no price leaves it open. */
function larger(known: NanoUsd | null | undefined, next: NanoUsd | null): NanoUsd | null {
  if (known === undefined || next === null) return next
  return known === null || known > next ? known : next
}
