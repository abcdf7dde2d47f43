import type { Database } from './database.ts'

/** Does all of the work or nothing, inside another transaction as well. */
export function atomically<T>(database: Database, work: () => T): T {
  database.exec('SAVEPOINT all_or_nothing')
  try {
    const result = work()
    database.exec('RELEASE all_or_nothing')
    return result
  } catch (error) {
    undo(database)
    throw error
  }
}

/** SQLite itself rolls back on a full disk; that must not hide the first error. */
function undo(database: Database): void {
  try {
    database.exec('ROLLBACK TO all_or_nothing; RELEASE all_or_nothing')
  } catch {
    // already rolled back
  }
}
