import { createRequire } from 'node:module'
import type { Database } from './database.ts'

/** What a store holds, in numbers. */
export type StoreFacts = {
  readonly requests: number
  readonly undated: number
  readonly files: number
  readonly rejects: number
  readonly aggregates: number
  readonly messages: number
  /** Milliseconds of the oldest and newest dated request. */
  readonly from: number | null
  readonly to: number | null
}

const selectFacts = `SELECT count(*) AS requests, count(*) - count(at) AS undated, min(at) AS "from", max(at) AS "to",
  (SELECT count(*) FROM files) AS files, (SELECT count(*) FROM rejects) AS rejects,
  (SELECT count(*) FROM aggregates) AS aggregates, (SELECT count(*) FROM messages) AS messages FROM requests`
const selectVersion = 'SELECT sqlite_version() AS version'
const selectNewest = 'SELECT max(at) AS newest FROM requests'
const selectNewestOf = `${selectNewest} WHERE file IN (SELECT value FROM json_each(?))`
const selectAnyFile = 'SELECT 1 AS one FROM files LIMIT 1'
const selectAnyReplay = `SELECT 1 AS one FROM replies UNION ALL SELECT 1 FROM measurements LIMIT 1`
const selectAnyRequest = 'SELECT 1 AS one FROM requests LIMIT 1'

/** Counts what a store holds; reads the whole table of requests once. */
export function storeFacts(database: Database): StoreFacts {
  const row = database.prepare(selectFacts).get() ?? {}
  const count = (name: string) => Number(row[name] ?? 0)
  const moment = (name: string) => (row[name] === null ? null : Number(row[name]))
  return {
    requests: count('requests'),
    undated: count('undated'),
    files: count('files'),
    rejects: count('rejects'),
    aggregates: count('aggregates'),
    messages: count('messages'),
    from: moment('from'),
    to: moment('to'),
  }
}

/** Milliseconds of the newest dated request of these files, null being all: what "7d" counts back from. */
export function newestRequest(
  database: Database,
  files: readonly number[] | null = null,
): number | null {
  const row =
    files === null
      ? database.prepare(selectNewest).get()
      : database.prepare(selectNewestOf).get(JSON.stringify(files))
  const newest = row?.['newest'] ?? null
  return newest === null ? null : Number(newest)
}

export const sqliteVersion = (database: Database): string =>
  String(database.prepare(selectVersion).get()?.['version'])

/** True where nothing was ever read into the store, or all of it was purged. */
export const holdsNoFiles = (database: Database): boolean =>
  database.prepare(selectAnyFile).get() === undefined

/** True where no replay left anything either: suites need no logs. */
export const holdsNothing = (database: Database): boolean =>
  holdsNoFiles(database) && database.prepare(selectAnyReplay).get() === undefined

export const holdsNoRequests = (database: Database): boolean =>
  database.prepare(selectAnyRequest).get() === undefined

/** The version of the native driver's package; null where it is not installed. */
export function nativeDriverVersion(): string | null {
  try {
    const about = createRequire(import.meta.url)('better-sqlite3/package.json')
    return (about as { version: string }).version
  } catch {
    return null
  }
}
