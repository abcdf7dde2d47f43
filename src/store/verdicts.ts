import type { StoredVerdict, VerdictLookup } from '../domain/stored-verdict.ts'
import type { Database, SqlRow } from './database.ts'

const selectAny = 'SELECT EXISTS (SELECT 1 FROM verdicts) AS found'
const selectVerdict = `SELECT * FROM verdicts WHERE servedHash = ? AND ownHash = ?
  ORDER BY kind = 'human' DESC, exploratory,
    CASE verdict WHEN 'wrong' THEN 0 WHEN 'right' THEN 1 ELSE 2 END, by LIMIT 1`
/** A pair that was drawn once stays drawn. */
const upsertVerdict = `INSERT INTO verdicts (servedHash, ownHash, kind, by, verdict, exploratory) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (servedHash, ownHash, kind, by)
  DO UPDATE SET verdict = excluded.verdict, exploratory = min(exploratory, excluded.exploratory)`

/** Verdicts on pairs of answers: whoever was asked once need not be asked by the next run. */
export type Verdicts = VerdictLookup & {
  /** Keeps verdicts, all or none; a later one of the same person or judge on the same pair replaces the earlier. */
  put(verdicts: readonly StoredVerdict[]): void
}

/** Opens the verdicts of a store. */
export function openVerdicts(database: Database): Verdicts {
  const select = database.prepare(selectVerdict)
  const upsert = database.prepare(upsertVerdict)
  let isEmpty = Number(database.prepare(selectAny).get()?.['found']) === 0
  return {
    get isEmpty() {
      return isEmpty
    },
    lookup(servedHash, ownHash) {
      const row = isEmpty ? undefined : select.get(servedHash, ownHash)
      return row === undefined ? null : readVerdict(row)
    },
    put(verdicts) {
      database.transaction(() => {
        for (const { servedHash, ownHash, kind, by, verdict, exploratory } of verdicts)
          upsert.run(servedHash, ownHash, kind, by, verdict, exploratory ? 1 : 0)
      })
      isEmpty &&= verdicts.length === 0
    },
  }
}

const readVerdict = (row: SqlRow): StoredVerdict => ({
  servedHash: String(row['servedHash']),
  ownHash: String(row['ownHash']),
  kind: row['kind'] as StoredVerdict['kind'],
  by: String(row['by']),
  verdict: row['verdict'] as StoredVerdict['verdict'],
  exploratory: row['exploratory'] === 1,
})
