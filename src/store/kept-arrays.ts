import type { Database } from './database.ts'

const selectCells = 'SELECT cells FROM arrays WHERE key = ? AND name = ?'
const insertCells = 'INSERT OR REPLACE INTO arrays (key, name, cells) VALUES (?, ?, ?)'
/** Sets of arrays kept at a time: of a few policies, and of a few selections of requests. */
const keptSets = 12
const selectKeys = 'SELECT DISTINCT key FROM arrays'

/** Typed arrays by name, kept under everything they were computed from; whatever changes the requests drops them. */
export type StoredArrays = Readonly<Record<string, Uint8Array>>

/** The arrays of a key, or null where one is missing. */
export function storedArrays(
  database: Database,
  key: string,
  names: readonly string[],
): StoredArrays | null {
  const select = database.prepare(selectCells)
  const arrays: Record<string, Uint8Array> = {}
  for (const name of names) {
    const cells = select.get(key, name)?.['cells']
    if (!(cells instanceof Uint8Array)) return null
    // A copy: what the driver hands out may begin at any address.
    arrays[name] = new Uint8Array(cells)
  }
  return arrays
}

/** Inside a transaction of the caller. */
export function storeArrays(database: Database, key: string, arrays: StoredArrays): void {
  if (database.prepare(selectKeys).all().length >= keptSets) forgetArrays(database)
  const insert = database.prepare(insertCells)
  for (const [name, cells] of Object.entries(arrays)) insert.run(key, name, cells)
}

export function forgetArrays(database: Database): void {
  database.prepare('DELETE FROM arrays').run()
}
