import type { Vector } from '../domain/embedder.ts'
import type { Database } from './database.ts'
import { loadSqliteVec, openVectorIndex } from './vector-index.ts'
import { bytesOf, vectorOf } from './vectors.ts'

/** Vectors of cached questions by the numbers of their entries, all of one embedder. */
export type CacheVectors = {
  /** In the place of one with the same number. */
  put(serial: number, vector: Vector): void
  remove(serial: number): void
  all(): Iterable<readonly [serial: number, vector: Vector]>
}

const name = 'cache_vectors'
const createCells =
  'CREATE TABLE IF NOT EXISTS cacheCells (serial INTEGER PRIMARY KEY, cells BLOB NOT NULL, bytesPerCell INTEGER NOT NULL)'
const selectCells = 'SELECT serial, cells, bytesPerCell FROM cacheCells'
const insertCells =
  'INSERT OR REPLACE INTO cacheCells (serial, cells, bytesPerCell) VALUES (?, ?, ?)'
const deleteCells = 'DELETE FROM cacheCells WHERE serial = ?'
const selectTable = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`

/**
 * Opens where vectors of so many numbers are kept: an index of sqlite-vec, in float32, or plain cells where that is not
 * available, which `warn` is told, and where it was not when they were written.
 */
export function openCacheVectors(
  database: Database,
  dimensions: number,
  warn: (line: string) => void,
): CacheVectors {
  if (holdsCells(database)) return cellsIn(database)
  const opened = openVectorIndex(database, { name, dimensions })
  if (!opened.isAvailable) {
    warn(`${opened.reason}; the vectors of cached questions are kept without it`)
    return cellsIn(database)
  }
  const { index } = opened
  return {
    // One group for all: groups have rows of their own there, and namespaces may be many. Memory is where they compare.
    put: (serial, vector) => index.add(String(serial), vector, ''),
    remove: (serial) => void index.remove(String(serial)),
    *all() {
      for (const { id, vector } of index.entries()) yield [Number(id), vector]
    },
  }
}

/** Removes all of them, whatever they are kept in. */
export function dropCacheVectors(database: Database): void {
  database.exec('DROP TABLE IF EXISTS cacheCells')
  if (!holdsTable(database, name)) return
  // Without the extension its table could not be dropped.
  loadSqliteVec(database)
  database.exec(`DROP TABLE ${name}; DROP TABLE IF EXISTS ${name}_entries`)
}

const holdsTable = (database: Database, table: string): boolean =>
  database.prepare(selectTable).get(table) !== undefined

const holdsCells = (database: Database): boolean =>
  holdsTable(database, 'cacheCells') && database.prepare(selectCells).get() !== undefined

function cellsIn(database: Database): CacheVectors {
  database.exec(createCells)
  const insert = database.prepare(insertCells)
  const remove = database.prepare(deleteCells)
  const select = database.prepare(selectCells)
  return {
    put: (serial, vector) => void insert.run(serial, bytesOf(vector), vector.BYTES_PER_ELEMENT),
    remove: (serial) => void remove.run(serial),
    *all() {
      for (const [serial, cells, bytesPerCell] of select.cells()) {
        const vector = vectorOf(cells, Number(bytesPerCell))
        if (vector !== null) yield [Number(serial), vector]
      }
    },
  }
}
