import type { AuditNote, ShadowNote } from '../domain/comparison.ts'
import type { RequestId } from '../domain/receipt.ts'
import type { Database } from './database.ts'

/** A cached answer that a gateway gave, or would have given, by the request that has a fresh answer to the same. */
export type ComparedAnswer = {
  /** Of the fresh answer, in the store. */
  readonly seq: number
  readonly id: string
  /** The request whose answer the cache held. */
  readonly entry: RequestId
  readonly similarity: number
}

const selectCompared = `SELECT seq, coalesce(id, responseId) AS id, json_extract(extra, '$.shadow') AS shadow,
  json_extract(extra, '$.audit') AS audit FROM requests
  WHERE (extra LIKE '%"shadow":%' OR extra LIKE '%"audit":%') AND json_valid(extra) ORDER BY seq`

/** What shadows and audits of a gateway compared, in the order of the store. */
export function comparedAnswers(database: Database): readonly ComparedAnswer[] {
  return database
    .prepare(selectCompared)
    .all()
    .flatMap((row) => {
      const shadow = (JSON.parse(String(row['shadow'] ?? '[]')) ?? []) as readonly ShadowNote[]
      const audit = JSON.parse(String(row['audit'] ?? 'null')) as AuditNote | null
      return [...shadow, ...(audit === null ? [] : [audit])].flatMap((note) =>
        note.kind === 'hit'
          ? [
              {
                seq: Number(row['seq']),
                id: String(row['id']),
                entry: note.entry,
                similarity: note.similarity,
              },
            ]
          : [],
      )
    })
}
