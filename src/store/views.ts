import { flag, profileFields } from '../domain/row.ts'
import type { Database } from './database.ts'

/** The documented, read-only face of the store (docs/sql.md). Views may be recreated at will; tables may not. */
export function createViews(database: Database): void {
  const current = database.prepare("SELECT value FROM meta WHERE name = 'views'").get()
  if (current?.['value'] === views) return
  database.transaction(() => {
    for (const name of [
      'v_requests',
      'v_messages',
      'v_files',
      'v_rejects',
      'v_prices',
      'v_daily',
    ]) {
      database.exec(`DROP VIEW IF EXISTS ${name}`)
    }
    database.exec(views)
    database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('views', ?)").run(views)
  })
}

const profileColumns = profileFields
  .map((field, index) => `json_extract(p.json, '$[${index}]') AS ${field}`)
  .join(',\n  ')

const tokens = (row: string) =>
  ['inputTokens', 'cacheReadTokens', 'cacheWrite5mTokens', 'cacheWrite1hTokens', 'outputTokens']
    .map((column) => `${row}.${column}`)
    .join(' + ')

const twinsOf = (row: string, as: string) =>
  `twins t_${as} JOIN twins o_${as} ON o_${as}.identity = t_${as}.identity AND o_${as}.request = t_${as}.request
    JOIN requests ${as} ON ${as}.seq = o_${as}.seq WHERE t_${as}.identity = ${row}.identity AND t_${as}.seq = ${row}.seq`

const revision = (row: string) => `json_extract(${row}.extra, '$.revision')`

/** Another file tells a later version of the same row. */
const isOutdated = (row: string, later: string) =>
  `EXISTS (SELECT 1 FROM ${twinsOf(row, later)} AND ${revision(later)} > ${revision(row)})`

/**
 * Of a request that several files tell, the row that reports take: of versions the last, else that with most tokens, then
 * the latest, then the last read.
 */
const isFullest = (row: string, other: string) =>
  `(${tokens(other)}, coalesce(${other}.at, 0), ${other}.seq) <= (${tokens(row)}, coalesce(${row}.at, 0), ${row}.seq)`

const views = `
CREATE VIEW v_requests AS SELECT
  r.seq, r.id, r.responseId, strftime('%Y-%m-%dT%H:%M:%fZ', r.at / 1000.0, 'unixepoch') AS at, r.at AS atMs,
  r.user, r.session, r.trace,
  ${profileColumns},
  r.inputTokens, r.cacheReadTokens, r.cacheWrite5mTokens, r.cacheWrite1hTokens, r.outputTokens, r.reasoningTokens,
  r.cost / 1e9 AS costUsd, r.costInput / 1e9 AS costInputUsd, r.costCacheRead / 1e9 AS costCacheReadUsd,
  r.costCacheWrite / 1e9 AS costCacheWriteUsd, r.costOutput / 1e9 AS costOutputUsd,
  r.costTools / 1e9 AS costToolsUsd, r.costOther / 1e9 AS costOtherUsd, r.loggedCost / 1e9 AS loggedCostUsd,
  r.latencyMs, r.firstTokenMs, r.price,
  (r.flags & ${flag.estimated}) <> 0 AS estimated, (r.flags & ${flag.unpriced}) <> 0 AS unpriced,
  (r.flags & ${flag.servedFromCache}) <> 0 AS servedFromCache, (r.flags & ${flag.truncated}) <> 0 AS truncated,
  NOT ${isOutdated('r', 'n')}
    AND NOT EXISTS (SELECT 1 FROM ${twinsOf('r', 'q')}
      AND NOT ${isFullest('r', 'q')} AND NOT ${isOutdated('q', 'm')}) AS counted,
  r.exactKey, r.questionKey, r.promptTip, r.answerKey, r.extra, r.file, r.line, r.byteOffset
FROM requests r JOIN profiles p ON p.id = r.profile;
CREATE VIEW v_messages AS SELECT hash, parent, role, content, isJson
  FROM messages LEFT JOIN contents ON message = id;
CREATE VIEW v_files AS SELECT id, path, format, size, line AS lines, complete,
  json_extract(counts, '$.requests') AS requests, json_extract(counts, '$.duplicates') AS duplicates FROM files;
CREATE VIEW v_rejects AS SELECT f.path, r.line, r.byteOffset, r.reason, r.excerpt
  FROM rejects r JOIN files f ON f.id = r.file;
CREATE VIEW v_prices AS SELECT id, key, json_extract(json, '$.source') AS source, json_extract(json, '$.target') AS target,
  json_extract(json, '$.since') AS since, json_extract(json, '$.band') AS band, json FROM prices;
CREATE VIEW v_daily AS SELECT substr(at, 1, 10) AS day, provider, model, count(*) AS requests,
  sum(inputTokens) AS inputTokens, sum(cacheReadTokens) AS cacheReadTokens, sum(outputTokens) AS outputTokens,
  sum(costUsd) AS costUsd FROM v_requests WHERE counted GROUP BY day, provider, model;
`
