import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { type Database, openDatabase, type Statement } from './database.ts'

const selectTables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"

/**
 * Rows of a log that is itself an SQLite file, by a query per table it may have, oldest first. A query whose tables are
 * not all there is left out; without any, and where the file is damaged, a UserError says so.
 */
export async function openForeignRows(
  path: string,
  queries: Readonly<Record<string, string>>,
): Promise<Iterable<JsonObject>> {
  const database = await openDatabase(path, { readOnly: true }).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  try {
    const statements = statementsFor(database, queries)
    if (statements.length > 0) return rowsOf(database, statements)
  } catch (error) {
    database.close()
    throw unreadable(path, error)
  }
  database.close()
  throw new UserError(`${path} has none of the tables ${Object.keys(queries).join(', ')}`, {
    hint: 'export its rows as JSON lines or CSV and describe them with --map',
  })
}

function statementsFor(
  database: Database,
  queries: Readonly<Record<string, string>>,
): readonly Statement[] {
  const tables = database.prepare(selectTables).all()
  const present = new Set(tables.map((row) => String(row['name'])))
  return Object.entries(queries)
    .filter(([table]) => present.has(table))
    .flatMap(([, query]) => prepareIfPossible(database, query))
}

function prepareIfPossible(database: Database, query: string): readonly Statement[] {
  try {
    return [database.prepare(query)]
  } catch (error) {
    if (/no such (?:table|column)/.test(String(error))) return []
    throw error
  }
}

/** Row after row: such a log may be larger than the memory. */
function* rowsOf(database: Database, statements: readonly Statement[]): Generator<JsonObject> {
  try {
    for (const statement of statements) {
      const names = statement.columns()
      for (const cells of statement.cells())
        yield Object.fromEntries(names.map((name, index) => [name, cells[index]])) as JsonObject
    }
  } catch (error) {
    throw unreadable(database.path, error)
  } finally {
    database.close()
  }
}

const unreadable = (path: string, error: unknown): unknown =>
  error instanceof UserError || !/sqlite/i.test(`${(error as { code?: unknown }).code}`)
    ? error
    : new UserError(`${path} cannot be read as a database (${(error as Error).message})`, {
        hint: 'check that it is whole, e.g. with sqlite3 FILE "PRAGMA integrity_check"',
      })
