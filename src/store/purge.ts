import { segmentBits } from '../domain/columns.ts'
import type { Database, SqlValue } from './database.ts'
import { dropLoose, finalize, lowerFinalized } from './finalize.ts'
import { readMeta, writeMeta } from './meta.ts'
import { forgetResults } from './results.ts'

/** What is to go: everything, files with all that came from them, or the requests that meet every condition given. */
export type PurgeScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'files'; readonly files: readonly number[] }
  | {
      readonly kind: 'requests'
      readonly files: readonly number[] | null
      /** Milliseconds since 1970; undated requests are not older than anything. */
      readonly before: number | null
      readonly user: string | null
    }

/** How much of each went. */
export type Purged = {
  readonly requests: number
  readonly messages: number
  readonly files: number
  readonly rejects: number
  /** Rejected lines whose excerpt was taken out, because it may tell of what went. */
  readonly excerpts: number
  readonly aggregates: number
  /** What people and judges said of answers that went. */
  readonly verdicts: number
  /** Answers that replays asked for. */
  readonly replies: number
  /** What replays measured. */
  readonly measurements: number
  /** Requests in the ledger of a gateway, of which only times and costs are left. */
  readonly ledgerEntries: number
  /** Requests that stayed because they have no time. */
  readonly undatedKept: number
}

const createPurged = `CREATE TEMP TABLE purged (seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, line INTEGER NOT NULL)`
const purgedByFile =
  'SELECT file, count(*) AS requests, max(line) AS line FROM purged GROUP BY file ORDER BY file'
/** Kept in step with what reports add up: records = requests + ignored + rejected. */
const lowerCounts = `UPDATE files SET counts = json_set(counts,
  '$.requests', max(0, coalesce(json_extract(counts, '$.requests'), 0) - ?),
  '$.ignored', json_set(coalesce(json_extract(counts, '$.ignored'), '{}'), '$.purged',
    coalesce(json_extract(counts, '$.ignored.purged'), 0) + ?)) WHERE id = ?`
const deletePurged = [
  `DELETE FROM columns WHERE segment IN (SELECT DISTINCT seq >> ${segmentBits} FROM purged)`,
  'DELETE FROM twins WHERE seq IN (SELECT seq FROM purged)',
  'DELETE FROM twins WHERE identity IN (SELECT identity FROM twins GROUP BY identity HAVING count(*) = 1)',
  'DELETE FROM requests WHERE seq IN (SELECT seq FROM purged)',
  // Tags and keys may name people too.
  'DELETE FROM profiles WHERE id NOT IN (SELECT profile FROM requests)',
  'DELETE FROM prices WHERE id NOT IN (SELECT price FROM requests WHERE price IS NOT NULL)',
]
/** Chains are followed by hash here, which nothing else needs an index for. */
const indexMessages = 'CREATE INDEX messagesForPurge ON messages (hash)'
const dropIndex = 'DROP INDEX messagesForPurge'
const deleteLooseMessages = `WITH RECURSIVE kept (hash) AS (
    SELECT promptTip FROM requests WHERE promptTip IS NOT NULL
    UNION SELECT answerKey FROM requests WHERE answerKey IS NOT NULL
    UNION SELECT m.parent FROM kept JOIN messages m ON m.hash = kept.hash WHERE m.parent <> '')
  DELETE FROM messages WHERE hash NOT IN (SELECT hash FROM kept)`
/** A vector tells of its text: it stays only as long as the question of a request is that text, and is kept. */
const deleteLooseVectors = `DELETE FROM vectors WHERE textHash NOT IN (
  SELECT r.questionKey FROM requests r JOIN messages m ON m.hash = r.promptTip JOIN contents c ON c.message = m.id
  WHERE r.questionKey IS NOT NULL)`
const deleteLooseVerdicts = `WITH kept AS (SELECT answerKey FROM requests WHERE answerKey IS NOT NULL)
  DELETE FROM verdicts WHERE servedHash NOT IN kept OR ownHash NOT IN kept`
/** Of requests that are gone, now or since an earlier time: their numbers may be given to others. */
const deleteLooseReplies =
  'DELETE FROM replies WHERE seq IS NOT NULL AND seq NOT IN (SELECT seq FROM requests)'
const deleteLooseMeasurements =
  'DELETE FROM measurements WHERE seq IS NOT NULL AND seq NOT IN (SELECT seq FROM requests)'
const removeExcerpts =
  'UPDATE rejects SET excerpt = NULL WHERE file = ? AND line <= ? AND excerpt IS NOT NULL'
const selectTables = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta', 'migrations')
  AND name NOT LIKE 'sqlite_%' ORDER BY name`

/**
 * Deletes what the scope names, and whatever only that needed, in one transaction. With `dryRun` the store is as before
 * and the numbers are what they would have been. Space is given back by `compact`.
 */
export function purge(database: Database, scope: PurgeScope, dryRun: boolean): Purged {
  // Deleted text is overwritten even where the file cannot be compacted afterwards.
  database.exec('PRAGMA secure_delete = ON')
  const result: { purged?: Purged } = {}
  try {
    database.transaction(() => {
      result.purged = scope.kind === 'all' ? purgeAll(database) : purgeSome(database, scope)
      if (dryRun) throw new DryRun()
    })
  } catch (error) {
    if (!(error instanceof DryRun)) throw error
  }
  if (!dryRun) finalize(database)
  return result.purged ?? nothing
}

class DryRun extends Error {}

const nothing: Purged = {
  requests: 0,
  messages: 0,
  files: 0,
  rejects: 0,
  excerpts: 0,
  aggregates: 0,
  verdicts: 0,
  replies: 0,
  measurements: 0,
  ledgerEntries: 0,
  undatedKept: 0,
}

/** Every table but those that describe the store, so that one added later is not forgotten here. */
function purgeAll(database: Database): Purged {
  const counts: Record<string, number> = {}
  for (const { name } of database.prepare(selectTables).all()) {
    counts[String(name)] = database.prepare(`DELETE FROM "${name}"`).run().changes
  }
  lowerFinalized(database)
  const {
    requests = 0,
    messages = 0,
    files = 0,
    rejects = 0,
    aggregates = 0,
    verdicts = 0,
    replies = 0,
    measurements = 0,
  } = counts
  return {
    ...nothing,
    requests,
    messages,
    files,
    rejects,
    aggregates,
    verdicts,
    replies,
    measurements,
  }
}

function deleteMessages(database: Database): number {
  database.exec(indexMessages)
  const { changes } = database.prepare(deleteLooseMessages).run()
  database.prepare(deleteLooseVectors).run()
  database.exec(dropIndex)
  if (changes > 0) dropLoose(database)
  return changes
}

/** Takes the text out that no request needs any more, as a file is about to be read again to keep less of it. */
export function forgetLooseText(database: Database): void {
  database.exec('PRAGMA secure_delete = ON')
  deleteMessages(database)
  database.prepare('DELETE FROM profiles WHERE id NOT IN (SELECT profile FROM requests)').run()
  writeMeta(database, compactDue, 1)
}

const compactDue = 'compactDue'

/** Compacts a store that text was taken out of, once the load that did it is complete. */
export function compactIfDue(database: Database): void {
  if (readMeta(database, compactDue) !== 1) return
  compact(database)
  writeMeta(database, compactDue, 0)
}

type SomeScope = Exclude<PurgeScope, { kind: 'all' }>
type Condition = { readonly sql: string; readonly values: readonly SqlValue[] }

function purgeSome(database: Database, scope: SomeScope): Purged {
  const count = (sql: string, ...values: readonly SqlValue[]) =>
    database.prepare(sql).run(...values).changes
  database.exec(createPurged)
  const chosen = conditionOf(scope, { at: 'at', user: 'user' })
  const requests = count(
    `INSERT INTO purged SELECT seq, file, line FROM requests WHERE ${chosen.sql}`,
    ...chosen.values,
  )
  const json = { at: "json_extract(json, '$.at')", user: "json_extract(json, '$.user')" }
  const sums = conditionOf(scope, json)
  const aggregates = count(`DELETE FROM aggregates WHERE ${sums.sql}`, ...sums.values)
  const excerpts = scope.kind === 'requests' ? lowerFileCounts(database, scope) : 0
  for (const sql of deletePurged) count(sql)
  const messages = requests === 0 ? 0 : deleteMessages(database)
  const verdicts = requests === 0 ? 0 : count(deleteLooseVerdicts)
  const replies = requests === 0 ? 0 : count(deleteLooseReplies)
  const measurements = requests === 0 ? 0 : count(deleteLooseMeasurements)
  const gone =
    scope.kind === 'files' ? forgetFiles(database, scope.files) : { files: 0, rejects: 0 }
  const undatedKept = undated(database, scope)
  database.exec('DROP TABLE purged')
  forgetResults(database)
  lowerFinalized(database)
  return {
    requests,
    messages,
    ...gone,
    excerpts,
    aggregates,
    verdicts,
    replies,
    measurements,
    ledgerEntries: 0,
    undatedKept,
  }
}

function conditionOf(
  scope: SomeScope,
  names: { readonly at: string; readonly user: string },
): Condition {
  const parts: Condition[] = []
  if (scope.files !== null) parts.push(inFiles(scope.files))
  if (scope.kind === 'requests') {
    if (scope.before !== null) parts.push({ sql: `${names.at} < ?`, values: [scope.before] })
    if (scope.user !== null) parts.push({ sql: `${names.user} = ?`, values: [scope.user] })
  }
  if (parts.length === 0) return { sql: '0', values: [] }
  return {
    sql: parts.map(({ sql }) => sql).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  }
}

/** One value however many files there are: SQLite takes only so many. */
const inFiles = (files: readonly number[]): Condition => ({
  sql: 'file IN (SELECT value FROM json_each(?))',
  values: [JSON.stringify(files)],
})

/** Whose text a rejected line is cannot be told: of an age those up to the last line that went, else all of the file. */
function lowerFileCounts(database: Database, { user }: { readonly user: string | null }): number {
  const lower = database.prepare(lowerCounts)
  const remove = database.prepare(removeExcerpts)
  let excerpts = 0
  for (const { file, requests, line } of database.prepare(purgedByFile).all()) {
    lower.run(Number(requests), Number(requests), Number(file))
    const last = user === null ? Number(line) : Number.MAX_SAFE_INTEGER
    excerpts += remove.run(Number(file), last).changes
  }
  return excerpts
}

function forgetFiles(database: Database, files: readonly number[]) {
  const { sql, values } = inFiles(files)
  const rejects = database.prepare(`DELETE FROM rejects WHERE ${sql}`).run(...values).changes
  const row = database
    .prepare('DELETE FROM files WHERE id IN (SELECT value FROM json_each(?))')
    .run(...values)
  return { files: row.changes, rejects }
}

function undated(database: Database, scope: SomeScope): number {
  if (scope.kind !== 'requests' || scope.before === null) return 0
  const { sql, values } = conditionOf({ ...scope, before: null }, { at: 'at', user: 'user' })
  const where = sql === '0' ? 'at IS NULL' : `at IS NULL AND ${sql}`
  const row = database.prepare(`SELECT count(*) AS n FROM requests WHERE ${where}`).get(...values)
  return Number(row?.['n'])
}

/** Gives the freed space back, and leaves nothing of what was deleted in the write-ahead log. */
export function compact(database: Database): void {
  database.exec('VACUUM')
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}
