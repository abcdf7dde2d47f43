import type { EntryKeeper, EntryUses, KeptEntry, LoadedEntries } from '../domain/cached-entry.ts'
import type { Vector } from '../domain/embedder.ts'
import { type CacheBatch, CacheChanges } from './cache-changes.ts'
import { entryCells, openRowReader } from './cache-rows.ts'
import { type CacheVectors, dropCacheVectors, openCacheVectors } from './cache-vectors.ts'
import type { Database } from './database.ts'
import { atomically } from './savepoint.ts'

export type GatewayCacheOptions = {
  /** Runs work inside a transaction, soon, and says nothing of how it went: the one writer of the database. */
  readonly write: (work: () => void) => void
  /** Told a plain sentence when something is not as it should be. */
  readonly warn: (line: string) => void
  /** Of the embedder in use; entries that were compared by another one are of no use. Null: there is none. */
  readonly embedder: string | null
}

/** Changes whenever the tables do: what another version left is dropped, since a cache may be lost. */
const version = 2

const createTables = `
CREATE TABLE IF NOT EXISTS cacheSettings (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cacheEntries (
  serial INTEGER PRIMARY KEY, layer TEXT NOT NULL, request NOT NULL, namespace TEXT NOT NULL, key TEXT NOT NULL,
  bornMs REAL NOT NULL, ttlMs REAL, hits INTEGER NOT NULL, usedMs REAL, facts TEXT NOT NULL, comparedIn TEXT, text TEXT);
CREATE INDEX IF NOT EXISTS cacheEntriesByRequest ON cacheEntries (request);
CREATE TABLE IF NOT EXISTS cacheAnswers (request PRIMARY KEY, answer TEXT NOT NULL)`
const dropTables = `
DROP TABLE IF EXISTS cacheEntries; DROP TABLE IF EXISTS cacheAnswers; DROP TABLE IF EXISTS cacheSettings`
const selectTables = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'cacheSettings'`
const selectSetting = 'SELECT value FROM cacheSettings WHERE name = ?'
const upsertSetting = 'INSERT OR REPLACE INTO cacheSettings (name, value) VALUES (?, ?)'
const selectEntries = `SELECT serial, layer, e.request, namespace, key, bornMs, ttlMs, hits, usedMs, facts, comparedIn, text, answer
  FROM cacheEntries e LEFT JOIN cacheAnswers a ON a.request = e.request ORDER BY bornMs, serial`
const selectLast = 'SELECT max(serial) AS serial FROM cacheEntries'
const insertEntry = `INSERT OR REPLACE INTO cacheEntries
  (serial, layer, request, namespace, key, bornMs, ttlMs, hits, usedMs, facts, comparedIn, text)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const insertAnswer = 'INSERT OR IGNORE INTO cacheAnswers (request, answer) VALUES (?, ?)'
const renewEntry = 'UPDATE cacheEntries SET bornMs = ? WHERE serial = ?'
const noteUses = 'UPDATE cacheEntries SET hits = ?, usedMs = ? WHERE serial = ?'
const deleteExpired = 'DELETE FROM cacheEntries WHERE bornMs + ttlMs < ?'
const deleteCompared = `DELETE FROM cacheEntries WHERE layer = 'semantic'`
const gone = '(SELECT value FROM json_each(?))'
const deleteAnswersOf = `DELETE FROM cacheAnswers
  WHERE request IN (SELECT request FROM cacheEntries WHERE serial IN ${gone})
  AND NOT EXISTS (SELECT 1 FROM cacheEntries e WHERE e.request = cacheAnswers.request AND e.serial NOT IN ${gone})`
const deleteEntries = `DELETE FROM cacheEntries WHERE serial IN ${gone}`
const deleteLooseAnswers =
  'DELETE FROM cacheAnswers WHERE request NOT IN (SELECT request FROM cacheEntries)'

/** Rows written at once: some milliseconds, after which others have their turn. */
const rowsAtOnce = 200

/**
 * Opens the entries of a live cache in the gateway's database, and makes their tables. Throws where the database cannot
 * be written to.
 */
export function openGatewayCache(database: Database, options: GatewayCacheOptions): GatewayCache {
  const otherEmbedder = prepareTables(database, options.embedder)
  return new GatewayCache(database, options, otherEmbedder)
}

/** Leaves nothing of a cache in a database: neither entries nor what was on their pages. */
export function forgetGatewayCache(database: Database): void {
  database.exec('PRAGMA secure_delete = ON')
  try {
    database.transaction(() => dropAll(database))
  } finally {
    database.exec('PRAGMA secure_delete = FAST')
  }
}

function dropAll(database: Database): void {
  dropCacheVectors(database)
  database.exec(dropTables)
}

/** How many entries were compared by another embedder, and are gone. */
function prepareTables(database: Database, embedder: string | null): number {
  return database.transaction(() => {
    if (database.prepare(selectTables).get() !== undefined) {
      const known = database.prepare(selectSetting).get('version')
      if (known?.['value'] !== version) dropAll(database)
    }
    database.exec(createTables)
    const set = database.prepare(upsertSetting)
    set.run('version', version)
    const made = database.prepare(selectSetting).get('embedder')?.['value'] ?? null
    if (made === embedder) return 0
    dropCacheVectors(database)
    set.run('embedder', embedder)
    set.run('dimensions', null)
    return database.prepare(deleteCompared).run().changes
  })
}

/** Entries of a live cache on disk, behind those in memory by what waits to be written. */
export class GatewayCache implements EntryKeeper {
  readonly #database: Database
  readonly #options: GatewayCacheOptions
  readonly #otherEmbedder: number
  readonly #sql: ReturnType<typeof statementsFor>
  readonly #changes = new CacheChanges(() => this.#askToWrite())
  /** Opened when a first vector tells how long they are. */
  #vectors: CacheVectors | null = null
  #dimensions = 0
  #isAsked = false
  #failed = 0

  constructor(database: Database, options: GatewayCacheOptions, otherEmbedder: number) {
    this.#database = database
    this.#options = options
    this.#otherEmbedder = otherEmbedder
    this.#sql = statementsFor(database)
  }

  /** Times that writing came to nothing; it is tried again with the next change. */
  get failed(): number {
    return this.#failed
  }

  load(at: number, take: (entry: KeptEntry) => void): LoadedEntries {
    const sql = this.#sql
    return this.#database.transaction(() => {
      const expired = sql.deleteExpired.run(at).changes
      const vectors = this.#loadVectors()
      const read = openRowReader(vectors)
      const corrupt: number[] = []
      for (const cells of sql.selectEntries.cells()) {
        const entry = read(cells)
        if (entry === null) corrupt.push(Number(cells[0]))
        else take(entry)
        if (entry !== null && entry.compared !== null) vectors.delete(entry.serial)
      }
      this.#removeRows(corrupt)
      sql.deleteLooseAnswers.run()
      for (const serial of vectors.keys()) this.#changes.removeVector(serial)
      return {
        lastSerial: Number(sql.selectLast.get()?.['serial'] ?? 0),
        expired,
        corrupt: corrupt.length,
        otherEmbedder: this.#otherEmbedder,
      }
    })
  }

  add(entry: KeptEntry): void {
    this.#changes.add(entry)
  }

  renew(serial: number, bornMs: number): void {
    this.#changes.renew(serial, bornMs)
  }

  remove(serial: number): void {
    this.#changes.remove(serial)
  }

  noteUses(serial: number, uses: EntryUses): void {
    this.#changes.noteUses(serial, uses)
  }

  /** Writes all that waits, inside a transaction of the caller. */
  writeAll(): void {
    this.#writeSome(Number.POSITIVE_INFINITY)
  }

  #askToWrite(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    this.#options.write(() => {
      this.#isAsked = false
      const isWritten = this.#writeSome(rowsAtOnce)
      if (isWritten && !this.#changes.isEmpty) setImmediate(() => this.#askToWrite())
    })
  }

  /** False where nothing was written, and all of it still waits. */
  #writeSome(most: number): boolean {
    const batch = this.#changes.next(most)
    try {
      atomically(this.#database, () => this.#writeBatch(batch))
      this.#changes.settle(batch)
      return true
    } catch (error) {
      // Its tables may have been made in what was undone.
      this.#vectors = null
      this.#failed++
      if (this.#failed === 1)
        this.#options.warn(`cached answers cannot be written: ${(error as Error).message}`)
      return false
    }
  }

  #writeBatch({ added, renewed, uses, removed, loose }: CacheBatch): void {
    const sql = this.#sql
    this.#removeRows(removed)
    for (const entry of added) {
      if (entry.compared !== null && !this.#addVector(entry.serial, entry.compared.vector)) continue
      sql.insertEntry.run(...entryCells(entry))
      sql.insertAnswer.run(entry.id, entry.answer)
    }
    for (const [serial, bornMs] of renewed) sql.renewEntry.run(bornMs, serial)
    for (const [serial, { hits, usedMs }] of uses) sql.noteUses.run(hits, usedMs, serial)
    for (const serial of loose) this.#vectors?.remove(serial)
  }

  #removeRows(serials: readonly number[]): void {
    if (serials.length === 0) return
    const list = JSON.stringify(serials)
    this.#sql.deleteAnswersOf.run(list, list)
    this.#sql.deleteEntries.run(list)
  }

  /** False for a vector that has no cosine with the others. */
  #addVector(serial: number, vector: Vector): boolean {
    if (this.#vectors === null) {
      const known = this.#sql.selectSetting.get('dimensions')?.['value'] ?? vector.length
      this.#dimensions = Number(known)
      this.#vectors = openCacheVectors(this.#database, this.#dimensions, this.#options.warn)
      this.#sql.upsertSetting.run('dimensions', this.#dimensions)
    }
    if (vector.length !== this.#dimensions) return false
    this.#vectors.put(serial, vector)
    return true
  }

  #loadVectors(): Map<number, Vector> {
    const dimensions = this.#sql.selectSetting.get('dimensions')?.['value'] ?? null
    if (dimensions === null) return new Map()
    this.#dimensions = Number(dimensions)
    this.#vectors = openCacheVectors(this.#database, this.#dimensions, this.#options.warn)
    return new Map(this.#vectors.all())
  }
}

const statementsFor = (database: Database) => ({
  selectSetting: database.prepare(selectSetting),
  upsertSetting: database.prepare(upsertSetting),
  selectEntries: database.prepare(selectEntries),
  selectLast: database.prepare(selectLast),
  insertEntry: database.prepare(insertEntry),
  insertAnswer: database.prepare(insertAnswer),
  renewEntry: database.prepare(renewEntry),
  noteUses: database.prepare(noteUses),
  deleteExpired: database.prepare(deleteExpired),
  deleteAnswersOf: database.prepare(deleteAnswersOf),
  deleteEntries: database.prepare(deleteEntries),
  deleteLooseAnswers: database.prepare(deleteLooseAnswers),
})
