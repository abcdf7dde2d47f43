import { createHash } from 'node:crypto'
import type { Selection } from '../domain/selection.ts'
import type { Database } from '../store/database.ts'
import { storeArrays, storedArrays } from '../store/kept-arrays.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import type { HistoryKeys } from '../worlds/history-keys.ts'
import { keptKeyNames, readHistoryKeys, writeHistoryKeys } from '../worlds/kept-keys.ts'
import type { OpenLogs } from './logs.ts'

/** Changes whenever the same requests could be numbered otherwise. */
const keysVersion = 1

const keyOf = (selection: Selection): string =>
  createHash('sha256')
    .update(JSON.stringify(['history', keysVersion, selection]))
    .digest('base64url')

/** The keys of a selection as an earlier run numbered them; null where the requests have changed since. */
export function keptKeys(database: Database, selection: Selection): HistoryKeys | null {
  const arrays = storedArrays(database, keyOf(selection), keptKeyNames)
  return arrays === null ? null : readHistoryKeys(arrays)
}

export function keepKeys(logs: OpenLogs, selection: Selection, keys: HistoryKeys): void {
  const { database } = logs.store
  const arrays = writeHistoryKeys(keys)
  try {
    writeStillUnchanged(database, logs.snapshot, () =>
      storeArrays(database, keyOf(selection), arrays),
    )
  } catch {
    // Keys that cannot be kept, be it on a full disk, are only numbered again next time.
  }
}
