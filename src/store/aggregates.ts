import type { JsonObject } from '../domain/json.ts'
import type { Database } from './database.ts'

/** Rows of providers' consoles, as their readers gave them; null reads those of every file. */
export function readAggregates(
  database: Database,
  files: readonly number[] | null,
): readonly JsonObject[] {
  const wanted = files === null ? null : new Set(files)
  return database
    .prepare('SELECT file, json FROM aggregates ORDER BY rowid')
    .all()
    .filter((row) => wanted === null || wanted.has(Number(row['file'])))
    .map((row) => JSON.parse(String(row['json'])) as JsonObject)
}
