import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { type Database, openDatabase } from './database.ts'

const selectTables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"

/**
 * Rows of a log that is itself an SQLite file, by a query per table it may have, oldest first. A query whose tables are
 * not all there is left out; without any, a UserError says what was looked for.
 */
export async function openForeignRows(
  path: string,
  queries: Readonly<Record<string, string>>,
): Promise<Iterable<JsonObject>> {
  const database = await openDatabase(path, { readOnly: true })
  const present = new Set(
    database
      .prepare(selectTables)
      .all()
      .map((row) => String(row['name'])),
  )
  const statements = Object.entries(queries)
    .filter(([table]) => present.has(table))
    .flatMap(([, query]) => prepareIfPossible(database, query))
  if (statements.length > 0) return rowsOf(database, statements)
  database.close()
  throw new UserError(`${path} has none of the tables ${Object.keys(queries).join(', ')}`, {
    hint: 'export its rows as JSON lines or CSV and describe them with --map',
  })
}

type Rows = { all(): readonly unknown[] }

function prepareIfPossible(database: Database, query: string): readonly Rows[] {
  try {
    return [database.prepare(query)]
  } catch (error) {
    if (/no such (?:table|column)/.test(String(error))) return []
    throw error
  }
}

function* rowsOf(database: Database, statements: readonly Rows[]): Generator<JsonObject> {
  try {
    for (const statement of statements) yield* statement.all() as readonly JsonObject[]
  } finally {
    database.close()
  }
}
