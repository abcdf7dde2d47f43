import {
  type Column,
  type ColumnName,
  columnNames,
  segmentBits,
  segmentLength,
} from '../domain/columns.ts'
import { at, type Cell, hash53, keyNumber, requestFields } from '../domain/row.ts'
import type { Database, SqlValue, Statement } from './database.ts'

const wholeNumbers: ReadonlySet<string> = new Set([
  'seq',
  'file',
  'profile',
  'flags',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'systemTokens',
  'historyTokens',
  'price',
])
/** Columns of text that is a hash already. */
const hashes: ReadonlySet<string> = new Set([
  'questionKey',
  'promptTip',
  'systemKey',
  'historyKey',
  'stepKey',
])

const insertColumn = 'INSERT OR REPLACE INTO columns (segment, name, cells) VALUES (?, ?, ?)'
const rowFields = requestFields.filter((field) =>
  (columnNames as readonly string[]).includes(field),
)
const selectRows = `SELECT seq, file, ${rowFields.join(', ')} FROM requests WHERE seq >= ? AND seq < ? ORDER BY seq`
const selectMissing = `SELECT DISTINCT seq >> ${segmentBits} AS segment FROM requests
  WHERE (seq >> ${segmentBits}) NOT IN (SELECT segment FROM columns WHERE name = 'seq') ORDER BY segment`

/** Collects the columns of one segment from rows, whether they are just being inserted or read back. */
export class SegmentBuilder {
  readonly #columns = new Map<ColumnName, Column>(
    columnNames.map((name) => [name, emptyColumn(name, segmentLength)]),
  )
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Takes a row as it was prepared, with the store's own numbers of file, profile and request. */
  push(seq: number, file: number, cells: readonly (Cell | SqlValue)[]): void {
    const index = this.#length++
    this.#set('seq', index, seq)
    this.#set('file', index, file)
    for (const field of rowFields) this.#set(field as ColumnName, index, cells[at[field]] as Cell)
  }

  #set(name: ColumnName, index: number, cell: Cell): void {
    const column = this.#columns.get(name) as Column
    if (cell === null) column[index] = Number.NaN
    else if (typeof cell !== 'string') column[index] = cell
    else column[index] = hashes.has(name) ? keyNumber(cell) : hash53(cell)
  }

  /** Writes the segment and starts an empty one. */
  flush(insert: Statement, segment: number): void {
    for (const name of columnNames) {
      const column = (this.#columns.get(name) as Column).subarray(0, this.#length)
      insert.run(segment, name, encodeColumn(column))
    }
    this.#length = 0
  }
}

const emptyColumn = (name: string, length: number): Column =>
  wholeNumbers.has(name) ? new Uint32Array(length) : new Float64Array(length)

/** A column as bytes; one that holds a single value throughout is that value alone (many are all zero or absent). */
function encodeColumn(column: Column): Uint8Array {
  const first = column[0]
  const constant = column.every((value) => Object.is(value, first))
  const kept = constant ? column.slice(0, 1) : column
  return new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength)
}

/** The column again, `length` long: a view of the bytes where their place in memory allows it, else a copy. */
export function decodeColumn(name: ColumnName, bytes: Uint8Array, length: number): Column {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const { buffer, byteOffset, byteLength } = aligned
  const stored = wholeNumbers.has(name)
    ? new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)
    : new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT)
  return stored.length === length ? stored : constantColumn(name, stored[0] ?? 0, length)
}

/** Columns of one value, which segment after segment share. Whoever moves their rows about changes nothing. */
const constantColumns = new Map<string, Column>()
const mostConstantColumns = 64

function constantColumn(name: ColumnName, value: number, length: number): Column {
  const key = `${wholeNumbers.has(name)} ${value}`
  let column = constantColumns.get(key)
  if (column === undefined) {
    if (constantColumns.size >= mostConstantColumns) constantColumns.clear()
    column = emptyColumn(name, segmentLength)
    column.fill(value)
    constantColumns.set(key, column)
  }
  return column.subarray(0, length)
}

export const prepareInsertColumn = (database: Database): Statement => database.prepare(insertColumn)

/** True when a segment has rows and no columns. */
export function lacksSegment(database: Database, newestSeq: number): boolean {
  const built = database.prepare("SELECT 1 AS one FROM columns WHERE segment = ? AND name = 'seq'")
  const rows = database.prepare('SELECT 1 AS one FROM requests WHERE seq >= ? AND seq < ? LIMIT 1')
  for (let segment = 0; segment <= newestSeq >> segmentBits; segment++) {
    if (built.get(segment) !== undefined) continue
    const from = segment * segmentLength
    if (rows.get(from, from + segmentLength) !== undefined) return true
  }
  return false
}

/** Builds the columns of every segment that has none (new, changed, or cut off by a crash). */
export function buildMissingSegments(database: Database): void {
  const missing = database
    .prepare(selectMissing)
    .all()
    .map((row) => Number(row['segment']))
  const insert = prepareInsertColumn(database)
  const select = database.prepare(selectRows)
  const builder = new SegmentBuilder()
  for (const segment of missing) {
    database.transaction(() => {
      const from = segment * segmentLength
      for (const cells of select.cells(from, from + segmentLength)) {
        builder.push(cells[0] as number, cells[1] as number, spread(cells))
      }
      builder.flush(insert, segment)
    })
  }
}

/** Cells of the SELECT back at the places that a prepared row has them. */
function spread(cells: readonly SqlValue[]): SqlValue[] {
  const row: SqlValue[] = []
  rowFields.forEach((field, index) => {
    row[at[field]] = cells[index + 2] ?? null
  })
  return row
}

const selectColumns = 'SELECT name, cells FROM columns WHERE segment = ?'

/** Takes rows out of the columns of their segments, which is far cheaper than building those anew. */
export function removeFromSegments(database: Database, seqs: readonly number[]): void {
  const bySegment = new Map<number, Set<number>>()
  for (const seq of seqs) {
    const segment = seq >> segmentBits
    const rows = bySegment.get(segment) ?? new Set()
    bySegment.set(segment, rows.add(seq))
  }
  for (const [segment, gone] of bySegment) removeFromSegment(database, segment, gone)
}

function removeFromSegment(database: Database, segment: number, gone: ReadonlySet<number>): void {
  const columns = database.prepare(selectColumns).all(segment)
  const seqCells = columns.find((row) => row['name'] === 'seq')?.['cells']
  if (seqCells === undefined) return
  const { byteLength } = seqCells as Uint8Array
  const length = byteLength / Uint32Array.BYTES_PER_ELEMENT
  const seq = decodeColumn('seq', seqCells as Uint8Array, length)
  const kept = Uint32Array.from({ length }, (_, row) => row).filter(
    (row) => !gone.has(seq[row] as number),
  )
  const insert = prepareInsertColumn(database)
  for (const row of columns) {
    const name = row['name'] as ColumnName
    const column = decodeColumn(name, row['cells'] as Uint8Array, length)
    const rest = emptyColumn(name, kept.length)
    for (let index = 0; index < kept.length; index++)
      rest[index] = column[kept[index] as number] as number
    insert.run(segment, name, encodeColumn(rest))
  }
  if (kept.length === 0) database.prepare('DELETE FROM columns WHERE segment = ?').run(segment)
}
