import { ledgerFormat } from '../domain/journal.ts'
import type { RequestId } from '../domain/receipt.ts'
import { readers } from '../ingest/readers.ts'
import type { Database } from '../store/database.ts'
import { findRequests } from '../store/find-requests.ts'

/** Finds the number of a request in the store by the id that a gateway knows it by; null for one that is gone. */
export function requestNumbers(database: Database): (id: RequestId) => number | null {
  const formats = [ledgerFormat, ...readers.map((reader) => reader.name)]
  const known = new Map<string, number | null>()
  return (id) => {
    const name = String(id)
    const before = known.get(name)
    if (before !== undefined) return before
    const seq = findRequests(database, name, formats)[0]?.seq ?? null
    known.set(name, seq)
    return seq
  }
}
