import type { StoredVerdict, VerdictLookup } from '../domain/stored-verdict.ts'
import type { Database, SqlRow } from './database.ts'

/** The surest first: see `VerdictLookup`. */
const bySureness = `kind = 'human' DESC, exploratory,
  CASE verdict WHEN 'wrong' THEN 0 WHEN 'right' THEN 1 ELSE 2 END, by`
const selectAll = `SELECT * FROM verdicts ORDER BY ${bySureness}`
const selectPair = `SELECT * FROM verdicts WHERE servedHash = ? AND ownHash = ? ORDER BY ${bySureness} LIMIT 1`
/** A pair that was drawn once stays drawn. */
const upsertVerdict = `INSERT INTO verdicts (servedHash, ownHash, kind, by, verdict, exploratory) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (servedHash, ownHash, kind, by)
  DO UPDATE SET verdict = excluded.verdict, exploratory = min(exploratory, excluded.exploratory)`

/** Verdicts on pairs of answers: whoever was asked once need not be asked by the next run. */
export type Verdicts = VerdictLookup & {
  /** Keeps verdicts, all or none; a later one of the same person or judge on the same pair replaces the earlier. */
  put(verdicts: readonly StoredVerdict[]): void
}

/** Opens the verdicts of a store. They are held in memory: a simulation asks for every hit at every threshold. */
export function openVerdicts(database: Database): Verdicts {
  const known = new Map<string, StoredVerdict>()
  for (const row of database.prepare(selectAll).all()) {
    const verdict = readVerdict(row)
    if (!known.has(keyOf(verdict))) known.set(keyOf(verdict), verdict)
  }
  const upsert = database.prepare(upsertVerdict)
  const select = database.prepare(selectPair)
  return {
    get isEmpty() {
      return known.size === 0
    },
    lookup: (servedHash, ownHash) => known.get(keyOf({ servedHash, ownHash })) ?? null,
    put(verdicts) {
      database.transaction(() => {
        for (const { servedHash, ownHash, kind, by, verdict, exploratory } of verdicts)
          upsert.run(servedHash, ownHash, kind, by, verdict, exploratory ? 1 : 0)
      })
      for (const verdict of verdicts) {
        const surest = select.get(verdict.servedHash, verdict.ownHash)
        if (surest !== undefined) known.set(keyOf(verdict), readVerdict(surest))
      }
    },
  }
}

const keyOf = ({ servedHash, ownHash }: Pick<StoredVerdict, 'servedHash' | 'ownHash'>): string =>
  `${servedHash} ${ownHash}`

const readVerdict = (row: SqlRow): StoredVerdict => ({
  servedHash: String(row['servedHash']),
  ownHash: String(row['ownHash']),
  kind: row['kind'] as StoredVerdict['kind'],
  by: String(row['by']),
  verdict: row['verdict'] as StoredVerdict['verdict'],
  exploratory: row['exploratory'] === 1,
})
