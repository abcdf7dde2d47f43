import type {
  AuditNote,
  HitComparison,
  RouteComparison,
  ShadowHit,
  ShadowNote,
} from '../domain/comparison.ts'
import type { RequestId } from '../domain/receipt.ts'
import type { Database } from './database.ts'

/** A cached answer that a gateway gave, or would have given, by the request that has a fresh answer to the same. */
export type ComparedAnswer = {
  /** Of the record with the comparison. */
  readonly id: string
  readonly fresh: RequestId
  /** The request whose answer the cache held. */
  readonly entry: RequestId
  readonly similarity: number
}

/** A cheaper model's answer that a gateway gave, by the record that has the strongest model's to the same. */
export type ComparedRoute = Pick<RouteComparison, 'group' | 'target' | 'strong'> & {
  readonly of: RequestId
  readonly fresh: RequestId
}

const selectCompared = `SELECT coalesce(id, responseId) AS id, json_extract(extra, '$.shadow') AS shadow,
  json_extract(extra, '$.audit') AS audit FROM requests
  WHERE (extra LIKE '%"shadow":%' OR extra LIKE '%"audit":%') AND json_valid(extra) ORDER BY seq`

/** What shadows and audits of a gateway compared of its cache, in the order of the store. */
export const comparedAnswers = (database: Database): readonly ComparedAnswer[] =>
  notesOf(database).flatMap(({ id, shadow, audit }) =>
    [...shadow, ...audit].filter(isHit).map((note) => {
      const fresh = 'fresh' in note ? (note.fresh as RequestId) : id
      return { id, fresh, entry: note.entry, similarity: note.similarity }
    }),
  )

/** What audits of a gateway compared of its routes, in the order of the store. */
export const comparedRoutes = (database: Database): readonly ComparedRoute[] =>
  notesOf(database).flatMap(({ id, audit }) =>
    audit.flatMap((note) => {
      if (note.kind !== 'route') return []
      const { group, target, strong, of, fresh = id } = note
      return [{ group, target, strong, of, fresh }]
    }),
  )

type Notes = {
  readonly id: string
  readonly shadow: readonly ShadowNote[]
  readonly audit: readonly AuditNote[]
}

const notesOf = (database: Database): readonly Notes[] =>
  database
    .prepare(selectCompared)
    .all()
    .map((row) => {
      const audit = JSON.parse(String(row['audit'] ?? 'null')) as AuditNote | null
      return {
        id: String(row['id']),
        shadow: (JSON.parse(String(row['shadow'] ?? '[]')) ?? []) as readonly ShadowNote[],
        audit: audit === null ? [] : [audit],
      }
    })

const isHit = (note: ShadowNote | AuditNote): note is ShadowHit | (HitComparison & AuditNote) =>
  note.kind === 'hit'
