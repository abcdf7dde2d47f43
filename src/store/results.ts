import type { Database } from './database.ts'
import { forgetArrays } from './kept-arrays.ts'

const keptResults = 50

/** A result stored under everything it depends on; whatever changes the requests empties the table. */
export function storedResult(database: Database, key: string): string | null {
  const row = database.prepare('SELECT json FROM results WHERE key = ?').get(key)
  return row === undefined ? null : String(row['json'])
}

export function storeResult(database: Database, key: string, json: string): void {
  const count = Number(database.prepare('SELECT count(*) AS n FROM results').get()?.['n'])
  if (count >= keptResults) forgetResults(database)
  database.prepare('INSERT OR REPLACE INTO results (key, json) VALUES (?, ?)').run(key, json)
}

export function forgetResults(database: Database): void {
  database.prepare('DELETE FROM results').run()
  forgetArrays(database)
}
