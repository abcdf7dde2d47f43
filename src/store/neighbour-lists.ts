import type { Database } from './database.ts'

const selectList = 'SELECT cells FROM neighbours WHERE key = ? AND name = ?'
const insertList = 'INSERT OR REPLACE INTO neighbours (key, name, cells) VALUES (?, ?, ?)'
const keptLists = 4
const selectKeys = 'SELECT DISTINCT key FROM neighbours'

/** Typed arrays by name, kept under everything they were computed from; whatever changes the requests drops them. */
export type StoredArrays = Readonly<Record<string, Uint8Array>>

/** The arrays of a key, or null where one is missing. */
export function storedArrays(
  database: Database,
  key: string,
  names: readonly string[],
): StoredArrays | null {
  const select = database.prepare(selectList)
  const arrays: Record<string, Uint8Array> = {}
  for (const name of names) {
    const cells = select.get(key, name)?.['cells']
    if (!(cells instanceof Uint8Array)) return null
    // A copy: what the driver hands out may begin at any address.
    arrays[name] = new Uint8Array(cells)
  }
  return arrays
}

export function storeArrays(database: Database, key: string, arrays: StoredArrays): void {
  database.transaction(() => {
    if (database.prepare(selectKeys).all().length >= keptLists) forgetArrays(database)
    const insert = database.prepare(insertList)
    for (const [name, cells] of Object.entries(arrays)) insert.run(key, name, cells)
  })
}

export function forgetArrays(database: Database): void {
  database.prepare('DELETE FROM neighbours').run()
}
