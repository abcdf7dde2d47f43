import type { Database, SqlRow } from './database.ts'
import { readMeta, writeMeta } from './meta.ts'
import { forgetResults } from './results.ts'
import { buildMissingSegments, lacksSegment, removeFromSegments } from './segments.ts'

/** Two rows of one identity: which of them are the same request, and which row is the fullest. */
export type Contender = {
  readonly seq: number
  readonly file: number
  readonly format: string
  readonly id: string | null
  readonly responseId: string | null
  readonly variant: string | null
  readonly replay: boolean
  readonly model: string
  readonly at: number | null
  readonly totalTokens: number
  /** When the log last wrote it, where the log says. */
  readonly revision: number | null
}

const identityIndex = 'CREATE INDEX IF NOT EXISTS requestsByIdentity ON requests (identity)'
const messageIndex = 'CREATE INDEX messagesByKey ON messages (key)'
const selectMessageIndex =
  "SELECT 1 AS one FROM sqlite_master WHERE type = 'index' AND name = 'messagesByKey'"
const repeatedMessageKeys = 'SELECT key FROM messages GROUP BY key HAVING count(*) > 1'
const selectRepeats = `SELECT m.id, k.id AS kept FROM messages m
  JOIN (SELECT min(id) AS id, hash FROM messages WHERE key = ? GROUP BY hash) k ON k.hash = m.hash
  WHERE m.key = ? AND m.id <> k.id`
/** The first of a message's rows may have been kept without its text. */
const moveContent = 'UPDATE OR IGNORE contents SET message = ? WHERE message = ?'
const dropMessage = 'DELETE FROM messages WHERE id = ?'
const dropContent = 'DELETE FROM contents WHERE message = ?'
const dropLooseContents = 'DELETE FROM contents WHERE message NOT IN (SELECT id FROM messages)'
const repeatedIdentities = `SELECT identity FROM requests
  WHERE identity IN (SELECT identity FROM requests WHERE seq > ?) GROUP BY identity HAVING count(*) > 1`
const allRepeatedIdentities = 'SELECT identity FROM requests GROUP BY identity HAVING count(*) > 1'
const contenders = `SELECT r.seq, r.file, r.id, r.responseId, r.at, json_extract(r.extra, '$.variant') AS variant,
  json_extract(r.extra, '$.revision') AS revision,
  (r.flags & 32) <> 0 AS replay, json_extract(p.json, '$[0]') AS format, json_extract(p.json, '$[2]') AS model,
  r.inputTokens + r.cacheReadTokens + r.cacheWrite5mTokens + r.cacheWrite1hTokens + r.outputTokens AS totalTokens
  FROM requests r JOIN profiles p ON p.id = r.profile WHERE r.identity = ? ORDER BY r.seq`

/** Drops the indexes that make a large load slow; `finalize` makes them again. A crash between is mended the same way. */
export function beginBulkLoad(database: Database): void {
  database.exec('DROP INDEX IF EXISTS requestsByIdentity; DROP INDEX IF EXISTS messagesByKey')
}

/**
 * Completes a load, or one that was cut off at any moment: indexes, one row per message, duplicates collapsed,
 * columns built. Cheap when there is nothing to do.
 */
export function finalize(database: Database): void {
  const done = Number(readMeta(database, 'finalizedSeq') ?? 0)
  database.exec(identityIndex)
  uniqueMessages(database)
  if (newestSeq(database) > done) collapseDuplicates(database, done)
  buildMissingSegments(database)
  // Asked again: the newest row may have been a duplicate, and its number is then given to the next.
  const newest = newestSeq(database)
  if (newest === done) return
  forgetResults(database)
  writeMeta(database, 'finalizedSeq', newest)
}

export const newestSeq = (database: Database): number =>
  Number(database.prepare('SELECT max(seq) AS seq FROM requests').get()?.['seq'] ?? 0)

/** After rows were taken out: numbers above the newest are given out again, so they are not finished. */
export function lowerFinalized(database: Database): void {
  const newest = newestSeq(database)
  if (newest < Number(readMeta(database, 'finalizedSeq') ?? 0))
    writeMeta(database, 'finalizedSeq', newest)
}

/** True when a load was cut off before it was completed. */
export function needsFinalize(database: Database): boolean {
  const newest = newestSeq(database)
  if (newest !== Number(readMeta(database, 'finalizedSeq') ?? 0)) return true
  if (database.prepare(selectIndexes).get()?.['n'] !== 2) return true
  return lacksSegment(database, newest)
}

const selectIndexes =
  "SELECT count(*) AS n FROM sqlite_master WHERE name IN ('requestsByIdentity', 'messagesByKey')"

export const hasMessageIndex = (database: Database): boolean =>
  database.prepare(selectMessageIndex).get() !== undefined

/** The index of a load that went without it, and with it one row for each message. */
function uniqueMessages(database: Database): void {
  if (hasMessageIndex(database)) return
  database.transaction(() => {
    database.exec(messageIndex)
    const repeated = Float64Array.from(
      (function* () {
        for (const [key] of database.prepare(repeatedMessageKeys).cells()) yield key as number
      })(),
    )
    repeated.forEach(dropRepeats(database))
  })
}

/** Drops all but the first message of each hash under a key, with their texts. */
function dropRepeats(database: Database): (key: number) => void {
  const select = database.prepare(selectRepeats)
  const message = database.prepare(dropMessage)
  const content = database.prepare(dropContent)
  const move = database.prepare(moveContent)
  return (key) => {
    for (const { id = null, kept = null } of select.all(key, key)) {
      move.run(kept, id)
      message.run(id)
      content.run(id)
    }
  }
}

/** Texts of messages that are gone. */
export const dropLoose = (database: Database): number =>
  database.prepare(dropLooseContents).run().changes

/** Rows per transaction while duplicates collapse. */
const identitiesPerTransaction = 5000

function collapseDuplicates(database: Database, after: number): void {
  const repeated =
    after === 0
      ? database.prepare(allRepeatedIdentities).cells()
      : database.prepare(repeatedIdentities).cells(after)
  const identities = Array.from(repeated, (cells) => cells[0] as number)
  for (let start = 0; start < identities.length; start += identitiesPerTransaction) {
    database.transaction(() =>
      collapse(database, identities.slice(start, start + identitiesPerTransaction)),
    )
  }
}

function collapse(database: Database, identities: readonly number[]): void {
  const select = database.prepare(contenders)
  const forget = database.prepare('DELETE FROM twins WHERE identity = ?')
  const twin = database.prepare('INSERT INTO twins (identity, request, seq) VALUES (?, ?, ?)')
  const repeats: Contender[] = []
  for (const identity of identities) {
    forget.run(identity)
    for (const group of sameRequest(select.all(identity).map(readContender))) {
      const kept = groupByFile(group).map((rows) => {
        const best = fullest(rows)
        repeats.push(...rows.filter((row) => row !== best))
        return best
      })
      // Both files keep their row: a report on one of them must not lose it. Whole-store reports take the fullest.
      if (kept.length > 1) for (const row of kept) twin.run(identity, kept[0]?.seq ?? 0, row.seq)
    }
  }
  removeRepeats(database, repeats)
}

function removeRepeats(database: Database, repeats: readonly Contender[]): void {
  const remove = database.prepare('DELETE FROM requests WHERE seq = ?')
  const part = database.prepare('DELETE FROM twins WHERE seq = ?')
  const counted = database.prepare(
    "UPDATE files SET counts = json_set(counts, '$.duplicates', coalesce(json_extract(counts, '$.duplicates'), 0) + 1) WHERE id = ?",
  )
  for (const { seq, file } of repeats) {
    remove.run(seq)
    part.run(seq)
    counted.run(file)
  }
  removeFromSegments(
    database,
    repeats.map(({ seq }) => seq),
  )
}

function groupByFile(rows: readonly Contender[]): readonly (readonly Contender[])[] {
  const groups = new Map<number, Contender[]>()
  for (const row of rows) groups.set(row.file, [...(groups.get(row.file) ?? []), row])
  return [...groups.values()]
}

/** A log's own ids may be counters: rows that far apart in time, or of other models, are other requests. */
const sameIdWithinMs = 86_400_000

/**
 * Splits rows of one identity into requests. A provider's response id decides by itself, but for variants: two of them
 * are two requests unless one is a replay. A log's own id counts only for one model within a day.
 */
export function sameRequest(rows: readonly Contender[]): readonly (readonly Contender[])[] {
  const groups: Contender[][] = []
  const ordered = [...rows].sort((a, b) => Number(a.replay) - Number(b.replay) || a.seq - b.seq)
  for (const row of ordered) {
    const group = groups.find((members) => isSame(members[0] as Contender, row))
    if (group === undefined) groups.push([row])
    else group.push(row)
  }
  return groups.filter((group) => group.length > 1)
}

function isSame(a: Contender, b: Contender): boolean {
  if (a.responseId !== null && a.responseId === b.responseId) return isSameVariant(a, b)
  if (a.id === null && b.id === null) return a.responseId === b.responseId
  if (a.id !== b.id || a.format !== b.format) return false
  if (a.revision !== null && b.revision !== null) return true
  if (a.model !== b.model) return false
  return a.at === null || b.at === null || Math.abs(a.at - b.at) <= sameIdWithinMs
}

const isSameVariant = (a: Contender, b: Contender): boolean =>
  a.variant === b.variant || a.variant === null || b.variant === null || a.replay || b.replay

/**
 * The row with most tokens, then the latest, then the last read: a streamed answer's counts only grow. Where a log says
 * when it wrote a row, what it wrote before is outdated, however full.
 */
export function fullest<Row extends Fullness>(rows: readonly Row[]): Row {
  const newest = rows.reduce((most, { revision }) => Math.max(most, revision ?? 0), 0)
  return rows
    .filter(({ revision }) => revision === null || revision >= newest)
    .reduce((best, row) => (isFuller(row, best) ? row : best))
}

export type Fullness = Pick<Contender, 'seq' | 'at' | 'totalTokens' | 'revision'>

function isFuller(a: Fullness, b: Fullness): boolean {
  const byTokens = a.totalTokens - b.totalTokens
  const byTime = (a.at ?? 0) - (b.at ?? 0)
  return (byTokens || byTime || a.seq - b.seq) > 0
}

const readContender = (row: SqlRow): Contender => ({
  seq: Number(row['seq']),
  file: Number(row['file']),
  format: String(row['format']),
  id: row['id'] as string | null,
  responseId: row['responseId'] as string | null,
  variant: row['variant'] as string | null,
  replay: row['replay'] === 1,
  model: String(row['model']),
  at: row['at'] as number | null,
  totalTokens: Number(row['totalTokens']),
  revision: row['revision'] as number | null,
})
