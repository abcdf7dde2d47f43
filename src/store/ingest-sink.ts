import { type Batch, type FileCounts, type KnownFile, noCounts } from '../domain/batch.ts'
import { segmentBits, segmentLength } from '../domain/columns.ts'
import { eachRow } from '../domain/packed-rows.ts'
import { RecentKeys } from '../domain/recent-keys.ts'
import { at, type Cell, flag, messageShape, requestFields, requestShape } from '../domain/row.ts'
import { type Database, rollBack, type SqlValue, type Statement } from './database.ts'
import { estimatesName } from './estimates.ts'
import { hasMessageIndex, lowerFinalized, newestSeq } from './finalize.ts'
import { knownFiles } from './known-files.ts'
import { writeMeta } from './meta.ts'
import { forgetLooseText } from './purge.ts'
import { forgetResults } from './results.ts'
import { prepareInsertColumn, SegmentBuilder } from './segments.ts'

/** Why a file's end could not be read: when the file goes on, it was no fault. */
const cutOffReasons = ['incomplete-last-line', 'truncated-compression'] as const
const insertFile = `INSERT INTO files (path, format, settings, size, mtimeMs, headHash, headLength, byteOffset, line, complete, counts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const updateFile = `UPDATE files SET path = ?, format = ?, settings = ?, size = ?, mtimeMs = ?, headHash = ?, headLength = ?,
  byteOffset = ?, line = ?, complete = ?, counts = ? WHERE id = ?`
const updatePlace = 'UPDATE files SET byteOffset = ?, line = ?, counts = ? WHERE id = ?'
const insertProfile = 'INSERT INTO profiles (json) VALUES (?)'
const insertPrice =
  'INSERT INTO prices (key, json) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET json = excluded.json'
const selectPrice = 'SELECT id FROM prices WHERE key = ?'
const selectMessage = 'SELECT id FROM messages WHERE key = ? AND hash = ?'
const insertMessage =
  'INSERT INTO messages (id, key, hash, parent, role, isJson) VALUES (?, ?, ?, ?, ?, ?)'
/** Apart from the links, so that those stay narrow and quick to index. */
const insertContent = 'INSERT OR IGNORE INTO contents (message, content) VALUES (?, ?)'
const newestMessage = 'SELECT max(id) AS id FROM messages'
/** The segment that new rows continue, and those behind it. */
const forgetColumnsFrom = 'DELETE FROM columns WHERE segment >= ?'
const selectLastId = 'SELECT last_insert_rowid() AS id'
const insertAggregate = 'INSERT INTO aggregates (file, json) VALUES (?, ?)'
const insertReject =
  'INSERT INTO rejects (file, line, byteOffset, reason, excerpt) VALUES (?, ?, ?, ?, ?)'
const insertRequest = `INSERT INTO requests (seq, file, ${requestFields.join(', ')})
  VALUES (?, ?${', ?'.repeat(requestFields.length)})`

/** Rows after which a transaction is closed: what a crash can undo, to be read again. */
const rowsPerTransaction = 20_000

/** Messages of a large load that are known again, a power of two: sixteen megabytes. */
const recentMessages = 4_194_304

/** From this many bytes on, building indexes after the load is faster than keeping them up. */
const largeLoadBytes = 64e6

/** Writes batches of requests: the only way rows come into the store. */
export class IngestSink {
  readonly #database: Database
  readonly #statements = new Map<string, Statement>()
  readonly #insertRequest: Statement
  readonly #insertMessage: Statement
  /** Per file: the file's own numbers of profiles and prices → the store's. */
  #profiles = new Map<number, number>()
  #prices = new Map<number, number>()
  #numbersOf = -1
  #isOpen = false
  #uncommitted = 0
  readonly #onLargeLoad: () => void
  readonly #insertContent: Statement
  readonly #selectMessage: Statement
  /** Without its index, a message that is stored twice is found when the load is finished. */
  #isIndexed = true
  /** What several readers of a load found, each for itself. */
  readonly #recentMessages = new RecentKeys(recentMessages)
  /** The numbers of the next row and message; 0 before they are known. */
  #nextSeq = 0
  #nextMessage = 0
  #hasEstimates = false
  #builder: SegmentBuilder | null = null

  /** `onLargeLoad` is called before the first batch of a load of many megabytes. */
  constructor(database: Database, onLargeLoad: () => void) {
    this.#database = database
    this.#onLargeLoad = onLargeLoad
    this.#insertRequest = database.prepare(insertRequest)
    this.#insertMessage = database.prepare(insertMessage)
    this.#insertContent = database.prepare(insertContent)
    this.#selectMessage = database.prepare(selectMessage)
  }

  expect(bytes: number): void {
    if (bytes >= largeLoadBytes) this.#onLargeLoad()
    this.#isIndexed = hasMessageIndex(this.#database)
  }

  knownFiles(): readonly KnownFile[] {
    return knownFiles(this.#database)
  }

  saveFile(file: Omit<KnownFile, 'id'>, id?: number): number {
    return this.#write(() => this.#saveFile(fileCells(file), id))
  }

  #saveFile(cells: readonly SqlValue[], id?: number): number {
    if (id !== undefined) {
      this.#statement(updateFile).run(...cells, id)
      return id
    }
    this.#statement(insertFile).run(...cells)
    return Number(this.#statement(selectLastId).get()?.['id'])
  }

  forgetFile(id: number, withText: boolean): void {
    this.#forgetPlace()
    this.#write(() => {
      forgetFile(this.#database, id)
      if (withText) forgetLooseText(this.#database)
    })
  }

  resume(id: number): FileCounts {
    const counts = knownFiles(this.#database).find((file) => file.id === id)?.counts ?? noCounts
    const rejected = { ...counts.rejected }
    return this.#write(() => {
      for (const reason of cutOffReasons) {
        this.#database.prepare('DELETE FROM rejects WHERE file = ? AND reason = ?').run(id, reason)
        delete rejected[reason]
      }
      return { ...counts, rejected }
    })
  }

  append(fileId: number, batch: Batch): void {
    this.#write(() => {
      this.#renumber(fileId, batch)
      eachRow(batch.messages, messageShape, (cells) => this.#addMessage(cells))
      eachRow(batch.requests, requestShape, (cells) => this.#addRequest(fileId, cells))
      this.#appendOthers(fileId, batch)
      this.#database
        .prepare(updatePlace)
        .run(batch.byteOffset, batch.line, JSON.stringify(batch.counts), fileId)
    })
    this.#uncommitted += batch.messages.count + batch.requests.count + batch.rejects.length
    if (this.#uncommitted >= rowsPerTransaction) this.#commit()
  }

  /** Stores what is still open, and the columns of the rows that fill no whole segment yet. */
  close(): void {
    const builder = this.#builder
    if (builder !== null && builder.length > 0) {
      const segment = (this.#nextSeq - 1) >> segmentBits
      this.#write(() => builder.flush(prepareInsertColumn(this.#database), segment))
    }
    this.#forgetPlace()
    this.#commit()
  }

  /** Many small files share a transaction: a commit each would cost more than their rows. */
  #write<T>(work: () => T): T {
    if (!this.#isOpen) this.#database.exec('BEGIN IMMEDIATE')
    this.#isOpen = true
    try {
      return work()
    } catch (error) {
      this.#isOpen = false
      rollBack(this.#database)
      throw error
    }
  }

  #commit(): void {
    if (this.#isOpen) this.#database.exec('COMMIT')
    this.#isOpen = false
    this.#uncommitted = 0
  }

  #addMessage([
    key = null,
    hash = null,
    parent = null,
    role = null,
    content = null,
    isJson = null,
  ]: readonly Cell[]): void {
    const known = this.#isIndexed ? this.#selectMessage.get(key, hash)?.['id'] : undefined
    // A message that was kept without its text gains it where another log may be kept whole.
    if (known !== undefined && content !== null) this.#insertContent.run(known, content)
    if (known !== undefined) return
    if (!this.#isIndexed && content !== null && this.#recentMessages.has(key as number)) return
    if (this.#nextMessage === 0) this.#nextMessage = nextMessage(this.#database)
    const id = this.#nextMessage++
    this.#insertMessage.run(id, key, hash, parent, role, isJson)
    if (content !== null) this.#insertContent.run(id, content)
  }

  /** Inserts a row, and its cells into the columns where the segment was seen from its start. */
  #addRequest(fileId: number, cells: Cell[]): void {
    cells[at.profile] = this.#profiles.get(cells[at.profile] as number) ?? null
    const price = cells[at.price] ?? null
    if (price !== null) cells[at.price] = this.#prices.get(price as number) ?? null
    if (((cells[at.flags] as number) & flag.estimated) !== 0) this.#noteEstimates()
    if (this.#nextSeq === 0) this.#findPlace()
    const seq = this.#nextSeq++
    this.#insertRequest.run(seq, fileId, ...cells)
    this.#builder?.push(seq, fileId, cells)
    if ((this.#nextSeq & (segmentLength - 1)) !== 0) return
    this.#builder?.flush(prepareInsertColumn(this.#database), seq >> segmentBits)
    this.#builder ??= new SegmentBuilder()
  }

  /** Prepared when it is first needed, and kept: a history of small files uses each many times. */
  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #noteEstimates(): void {
    if (!this.#hasEstimates) writeMeta(this.#database, estimatesName, 1)
    this.#hasEstimates = true
  }

  /** New rows follow the newest one; the columns of the segment they continue are built anew. */
  #findPlace(): void {
    this.#nextSeq = newestSeq(this.#database) + 1
    this.#database.prepare(forgetColumnsFrom).run(this.#nextSeq >> segmentBits)
    const startsSegment = this.#nextSeq === 1 || (this.#nextSeq & (segmentLength - 1)) === 0
    this.#builder = startsSegment ? new SegmentBuilder() : null
  }

  #forgetPlace(): void {
    this.#nextSeq = 0
    this.#builder = null
  }

  #renumber(fileId: number, batch: Batch): void {
    if (this.#numbersOf !== fileId) {
      this.#profiles = new Map()
      this.#prices = new Map()
      this.#numbersOf = fileId
    }
    for (const [number, json] of batch.profiles) {
      this.#statement(insertProfile).run(json)
      this.#profiles.set(number, Number(this.#statement(selectLastId).get()?.['id']))
    }
    for (const [number, key, json] of batch.prices) {
      this.#statement(insertPrice).run(key, json)
      this.#prices.set(number, Number(this.#statement(selectPrice).get(key)?.['id']))
    }
  }

  #appendOthers(fileId: number, batch: Batch): void {
    if (batch.aggregates.length > 0) forgetResults(this.#database)
    for (const json of batch.aggregates) this.#statement(insertAggregate).run(fileId, json)
    for (const { line, byteOffset, reason, excerpt } of batch.rejects) {
      this.#statement(insertReject).run(fileId, line, byteOffset, reason, excerpt)
    }
  }
}

/** Everything that came from a file, but not the file's own row. */
export function forgetFile(database: Database, id: number): void {
  forgetResults(database)
  database
    .prepare('DELETE FROM columns WHERE segment IN (SELECT seq >> 16 FROM requests WHERE file = ?)')
    .run(id)
  database
    .prepare('DELETE FROM twins WHERE seq IN (SELECT seq FROM requests WHERE file = ?)')
    .run(id)
  for (const table of ['requests', 'rejects', 'aggregates']) {
    database.prepare(`DELETE FROM ${table} WHERE file = ?`).run(id)
  }
  lowerFinalized(database)
  database
    .prepare("UPDATE files SET byteOffset = 0, line = 0, complete = 0, counts = '{}' WHERE id = ?")
    .run(id)
}

const nextMessage = (database: Database): number =>
  Number(database.prepare(newestMessage).get()?.['id'] ?? 0) + 1

const fileCells = (file: Omit<KnownFile, 'id'>): SqlValue[] => [
  file.path,
  file.format,
  file.settings,
  file.size,
  file.mtimeMs,
  file.headHash,
  file.headLength,
  file.byteOffset,
  file.line,
  file.complete ? 1 : 0,
  JSON.stringify(file.counts),
]
