import {
  type Column,
  type ColumnName,
  type RequestSource,
  type Segment,
  segmentLength,
} from '../domain/columns.ts'
import type { PriceSource } from '../domain/price.ts'
import { isTagField, profileValue, tagValue } from '../domain/profile-value.ts'
import { flag, hash53, type Profile, profileFields } from '../domain/row.ts'
import { type Condition, isKeyField, type KeyField, type Selection } from '../domain/selection.ts'
import type { Database } from './database.ts'
import { type Contender, fullest } from './finalize.ts'
import { decodeColumn } from './segments.ts'

const selectSegments = "SELECT segment, cells FROM columns WHERE name = 'seq' ORDER BY segment"
const selectColumn = 'SELECT cells FROM columns WHERE segment = ? AND name = ?'
const selectTwins = `SELECT t.request, r.seq, r.file, r.at,
  r.inputTokens + r.cacheReadTokens + r.cacheWrite5mTokens + r.cacheWrite1hTokens + r.outputTokens AS totalTokens,
  json_extract(r.extra, '$.revision') AS revision
  FROM twins t JOIN requests r ON r.seq = t.seq ORDER BY t.identity, t.request, r.seq`

type Index = { readonly segment: number; readonly length: number }

/** The selected requests as columns. Rows that other selected rows repeat are left out. */
export function openRequestSource(database: Database, selection: Selection): RequestSource {
  const profiles = readProfiles(database)
  const index = Array.from(database.prepare(selectSegments).cells(), ([segment, cells]): Index => {
    return { segment: Number(segment), length: seqCount(cells as Uint8Array) }
  })
  const keep = rowFilter(database, selection, profiles)
  const read = columnReader(database)
  const total = index.reduce((sum, { length }) => sum + length, 0)
  const count = keep === null ? total : countKept(index, read, keep)
  const prices = readPrices(database)
  return { count, profiles, prices, segments: (names) => segmentsOf(index, read, names, keep) }
}

/** The seq column is never constant, unless it holds one request. */
const seqCount = (cells: Uint8Array): number => Math.min(segmentLength, cells.byteLength / 4)

export function readProfiles(database: Database): readonly Profile[] {
  const profiles: Profile[] = []
  for (const [id, json] of database.prepare('SELECT id, json FROM profiles ORDER BY id').cells()) {
    const cells = JSON.parse(String(json)) as readonly (string | null)[]
    profiles[Number(id)] = Object.fromEntries(
      profileFields.map((field, position) => [field, cells[position] ?? null]),
    ) as Profile
  }
  return profiles
}

export function readPrices(database: Database): readonly PriceSource[] {
  const prices: PriceSource[] = []
  for (const [id, json] of database.prepare('SELECT id, json FROM prices ORDER BY id').cells()) {
    prices[Number(id)] = JSON.parse(String(json)) as PriceSource
  }
  return prices
}

type ColumnReader = (index: Index, name: ColumnName) => Column

function columnReader(database: Database): ColumnReader {
  const select = database.prepare(selectColumn)
  return ({ segment, length }, name) =>
    decodeColumn(name, select.get(segment, name)?.['cells'] as Uint8Array, length)
}

/** Says of each row of a segment whether it belongs to the selection. */
type RowFilter = {
  readonly columns: readonly ColumnName[]
  readonly keeps: (columns: Columns, row: number) => boolean
}
type Columns = { readonly [Name in ColumnName]?: Column }

function rowFilter(
  database: Database,
  selection: Selection,
  profiles: readonly Profile[],
): RowFilter | null {
  const filters = [
    fileFilter(database, selection.files),
    timeFilter(selection),
    profileFilter(database, selection, profiles),
    ...selection.where.filter(({ field }) => isKeyField(field)).map(keyFilter),
    twinFilter(database, selection.files),
  ].filter((filter) => filter !== null)
  if (filters.length === 0) return null
  return {
    columns: [...new Set(filters.flatMap((filter) => filter.columns))],
    keeps: (columns, row) => filters.every((filter) => filter.keeps(columns, row)),
  }
}

function fileFilter(database: Database, files: readonly number[] | null): RowFilter | null {
  if (files === null) return null
  const wanted = new Set(files)
  const stored = database.prepare('SELECT id FROM files').all()
  if (stored.every(({ id }) => wanted.has(Number(id)))) return null
  return { columns: ['file'], keeps: ({ file }, row) => wanted.has(file?.[row] ?? -1) }
}

function timeFilter({ since, until }: Selection): RowFilter | null {
  if (since === undefined && until === undefined) return null
  const from = since ?? Number.NEGATIVE_INFINITY
  const to = until ?? Number.POSITIVE_INFINITY
  return {
    columns: ['at'],
    keeps: ({ at }, row) => {
      const time = at?.[row] ?? Number.NaN
      return time >= from && time < to
    },
  }
}

function profileFilter(
  database: Database,
  { where }: Selection,
  profiles: readonly Profile[],
): RowFilter | null {
  const conditions = where.filter(({ field }) => !isKeyField(field))
  if (conditions.length === 0) return null
  const holds = (wanted: readonly Condition[]) =>
    profiles.map((profile) =>
      wanted.every(({ field, value }) => profileValue(profile, field) === value),
    )
  const tags = conditions.filter(({ field }) => isTagField(field))
  const all = holds(conditions)
  if (tags.length === 0)
    return { columns: ['profile'], keeps: ({ profile }, row) => all[profile?.[row] ?? -1] === true }
  const others = holds(conditions.filter(({ field }) => !isTagField(field)))
  const ownTags = ownTagReader(database)
  return {
    columns: ['profile', 'flags', 'seq'],
    keeps({ profile, flags, seq }, row) {
      const number = profile?.[row] ?? -1
      if (((flags?.[row] ?? 0) & flag.ownTags) === 0) return all[number] === true
      const json = others[number] === true ? ownTags(seq?.[row] ?? -1) : null
      return json !== null && tags.every(({ field, value }) => tagValue(json, field) === value)
    },
  }
}

function ownTagReader(database: Database): (seq: number) => unknown {
  const select = database.prepare(
    "SELECT json_extract(extra, '$.tags') AS tags FROM requests WHERE seq = ?",
  )
  return (seq) => select.get(seq)?.['tags'] ?? null
}

function keyFilter({
  field,
  value,
}: {
  readonly field: string
  readonly value: string
}): RowFilter {
  const key = hash53(value)
  const name = field as KeyField
  return { columns: [name], keeps: (columns, row) => columns[name]?.[row] === key }
}

/** Of requests that several selected files tell, only the fullest row counts. */
function twinFilter(database: Database, files: readonly number[] | null): RowFilter | null {
  const wanted = files === null ? null : new Set(files)
  const dropped = new Set<number>()
  let group: Contender[] = []
  let request: unknown
  const close = () => {
    if (group.length > 1) {
      const best = fullest(group)
      for (const row of group) if (row !== best) dropped.add(row.seq)
    }
    group = []
  }
  for (const row of database.prepare(selectTwins).all()) {
    if (row['request'] !== request) close()
    request = row['request']
    const contender = row as unknown as Contender
    if (wanted === null || wanted.has(contender.file)) group.push(contender)
  }
  close()
  if (dropped.size === 0) return null
  return { columns: ['seq'], keeps: ({ seq }, row) => !dropped.has(seq?.[row] ?? -1) }
}

function countKept(index: readonly Index[], read: ColumnReader, keep: RowFilter): number {
  let count = 0
  for (const each of index) {
    const columns = Object.fromEntries(
      keep.columns.map((name) => [name, read(each, name)]),
    ) as Columns
    for (let row = 0; row < each.length; row++) if (keep.keeps(columns, row)) count++
  }
  return count
}

function* segmentsOf<Name extends ColumnName>(
  index: readonly Index[],
  read: ColumnReader,
  names: readonly Name[],
  keep: RowFilter | null,
): Generator<Segment<Name>> {
  for (const each of index) {
    const wanted: readonly ColumnName[] =
      keep === null ? names : [...new Set([...names, ...keep.columns])]
    const columns = Object.fromEntries(wanted.map((name) => [name, read(each, name)])) as {
      [N in ColumnName]: Column
    }
    const length = keep === null ? each.length : compact(columns, each.length, keep)
    if (length === 0) continue
    for (const name of names) columns[name] = columns[name].subarray(0, length)
    yield { ...columns, length } as unknown as Segment<Name>
  }
}

/** Moves the rows that are kept to the front of each column; returns how many there are. */
function compact(columns: { [N in ColumnName]: Column }, length: number, keep: RowFilter): number {
  const kept = new Uint32Array(length)
  let count = 0
  for (let row = 0; row < length; row++) if (keep.keeps(columns, row)) kept[count++] = row
  for (const column of Object.values(columns)) {
    for (let row = 0; row < count; row++) column[row] = column[kept[row] as number] as number
  }
  return count
}
