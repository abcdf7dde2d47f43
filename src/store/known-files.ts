import { type FileCounts, type KnownFile, noCounts } from '../domain/batch.ts'
import type { Database, SqlRow } from './database.ts'

const selectFiles = 'SELECT * FROM files ORDER BY id'

/** Every file that was ever read into the store, in the order they came. */
export const knownFiles = (database: Database): readonly KnownFile[] =>
  database.prepare(selectFiles).all().map(readKnownFile)

const readKnownFile = (row: SqlRow): KnownFile => ({
  id: Number(row['id']),
  path: String(row['path']),
  format: String(row['format']),
  settings: String(row['settings']),
  size: Number(row['size']),
  mtimeMs: Number(row['mtimeMs']),
  headHash: String(row['headHash']),
  headLength: Number(row['headLength']),
  byteOffset: Number(row['byteOffset']),
  line: Number(row['line']),
  complete: row['complete'] === 1,
  counts: { ...noCounts, ...(JSON.parse(String(row['counts'])) as FileCounts) },
})
