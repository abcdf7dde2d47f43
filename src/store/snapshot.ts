import type { Database } from './database.ts'

/** A view of the store that other processes' writes do not change, and what tells whether there were any. */
export type Snapshot = { readonly dataVersion: number }

const dataVersion = 'PRAGMA data_version'

/** Holds the store as it is now, until `endSnapshot` or the connection closes. Nothing can be written meanwhile. */
export function beginSnapshot(database: Database): Snapshot {
  database.exec('BEGIN')
  // SQLite takes its snapshot at the first read.
  database.prepare('SELECT count(*) AS n FROM meta').get()
  return { dataVersion: dataVersionOf(database) }
}

export const endSnapshot = (database: Database): void => database.exec('COMMIT')

/** Ends the snapshot and runs the work in a transaction, unless another process wrote since it began. */
export function writeIfUnchanged(database: Database, snapshot: Snapshot, work: () => void): void {
  endSnapshot(database)
  writeStillUnchanged(database, snapshot, work)
}

/** The same where the snapshot has ended already. */
export function writeStillUnchanged(
  database: Database,
  snapshot: Snapshot,
  work: () => void,
): void {
  database.transaction(() => {
    if (dataVersionOf(database) === snapshot.dataVersion) work()
  })
}

const dataVersionOf = (database: Database): number =>
  Number(database.prepare(dataVersion).get()?.['data_version'])
