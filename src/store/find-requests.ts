import { ledgerFormat } from '../domain/journal.ts'
import type { CostByClass, PriceSource } from '../domain/price.ts'
import { hash53 } from '../domain/row.ts'
import type { Database, SqlRow } from './database.ts'
import { type Fullness, fullest } from './finalize.ts'

/** A request that a name leads to, with what tells it from others. */
export type FoundRequest = {
  readonly seq: number
  readonly id: string | null
  readonly at: number | null
  readonly model: string
  readonly costNanoUsd: number | null
  readonly place: StoredPlace
  /** The same request in other files, of which reports count this row only. */
  readonly duplicates: readonly StoredPlace[]
}

export type StoredPlace = {
  /** The log format it was read from. */
  readonly format: string
  readonly file: string
  readonly line: number
  readonly byteOffset: number
}

/** What one request was charged. */
export type StoredCharge = {
  /** Null where it could not be priced. */
  readonly cost: CostByClass | null
  readonly price: PriceSource | null
  readonly file: number
  /** How many requests of the store have its exact key, itself among them; null without a prompt. */
  readonly sameKey: number | null
}

const selectFound = `SELECT r.seq, r.id, r.responseId, r.at, r.cost, r.identity, r.line, r.byteOffset, f.path,
  json_extract(p.json, '$[0]') AS format, json_extract(p.json, '$[2]') AS model, (t.seq IS NOT NULL) AS twin,
  r.inputTokens + r.cacheReadTokens + r.cacheWrite5mTokens + r.cacheWrite1hTokens + r.outputTokens AS totalTokens,
  json_extract(r.extra, '$.revision') AS revision
  FROM requests r JOIN files f ON f.id = r.file JOIN profiles p ON p.id = r.profile
  LEFT JOIN twins t ON t.identity = r.identity AND t.seq = r.seq`
const bySeq = `${selectFound} WHERE r.seq = ?`
const byIdentity = `${selectFound} WHERE r.identity IN (SELECT value FROM json_each(?)) ORDER BY r.seq`
const byName = `${selectFound} WHERE r.id IN (?, ?) OR r.responseId = ? ORDER BY r.seq`
const selectTwins = `${selectFound} WHERE r.identity = ? AND t.seq IS NOT NULL ORDER BY r.seq`
const selectCharge = `SELECT r.file, r.cost, r.costInput, r.costCacheRead, r.costCacheWrite, r.costOutput, r.costTools,
  r.costOther, r.exactKey, p.json AS price FROM requests r LEFT JOIN prices p ON p.id = r.price WHERE r.seq = ?`
const countKey = 'SELECT count(*) AS n FROM requests WHERE exactKey = ?'

/**
 * Requests by the log's own id, by the provider's response id or as "format:id". The index of identities answers at
 * once; an id that is no identity is looked for in every row.
 */
export function findRequests(
  database: Database,
  name: string,
  formats: readonly string[],
): readonly FoundRequest[] {
  const prefix = formats.find((format) => name.startsWith(`${format}:`))
  const bare = prefix === undefined ? name : name.slice(prefix.length + 1)
  const identities = [
    `response ${name}`,
    ...formats.map((format) => `${format} ${name}`),
    ...(prefix === undefined ? [] : [`${prefix} ${bare}`]),
  ].map(hash53)
  const isMeant = (row: SqlRow) =>
    row['id'] === name ||
    row['responseId'] === name ||
    (row['id'] === bare && row['format'] === prefix)
  const quick = database.prepare(byIdentity).all(JSON.stringify(identities)).filter(isMeant)
  const rows =
    quick.length > 0 ? quick : database.prepare(byName).all(name, bare, name).filter(isMeant)
  return withDuplicates(database, rows)
}

/** The request of that number in this store. */
export const findBySeq = (database: Database, seq: number): readonly FoundRequest[] =>
  withDuplicates(database, database.prepare(bySeq).all(seq), true)

/** A row told by several files stands for the others; the fullest does, unless one was asked for by its number. */
function withDuplicates(
  database: Database,
  rows: readonly SqlRow[],
  asAsked = false,
): readonly FoundRequest[] {
  const shown = new Set<number>()
  return rows.flatMap((row) => {
    if (row['twin'] !== 1) return [readFound(row, [])]
    if (shown.has(Number(row['identity']))) return []
    shown.add(Number(row['identity']))
    const twins = database.prepare(selectTwins).all(Number(row['identity']))
    // A gateway's own row has the receipt, which no other log has.
    const best =
      asAsked || row['format'] === ledgerFormat
        ? row
        : fullest(twins as readonly (SqlRow & Fullness)[])
    const others = twins.filter((twin) => twin['seq'] !== best['seq'])
    return [readFound(best, others.map(placeOf))]
  })
}

const readFound = (row: SqlRow, duplicates: readonly StoredPlace[]): FoundRequest => ({
  seq: Number(row['seq']),
  id: (row['id'] ?? row['responseId'] ?? null) as string | null,
  at: row['at'] as number | null,
  model: String(row['model']),
  costNanoUsd: row['cost'] as number | null,
  place: placeOf(row),
  duplicates,
})

const placeOf = (row: SqlRow): StoredPlace => ({
  format: String(row['format']),
  file: String(row['path']),
  line: Number(row['line']),
  byteOffset: Number(row['byteOffset']),
})

/** What a request was charged, by class, and by which price. */
export function chargeOfRequest(database: Database, seq: number): StoredCharge {
  const row = database.prepare(selectCharge).get(seq) ?? {}
  const nano = (name: string) => Number(row[name] ?? 0) as CostByClass['input']
  const key = row['exactKey'] ?? null
  return {
    cost:
      row['cost'] === null
        ? null
        : {
            input: nano('costInput'),
            cacheRead: nano('costCacheRead'),
            cacheWrite: nano('costCacheWrite'),
            output: nano('costOutput'),
            tools: nano('costTools'),
            other: nano('costOther'),
          },
    price: row['price'] === null ? null : (JSON.parse(String(row['price'])) as PriceSource),
    file: Number(row['file']),
    sameKey: key === null ? null : Number(database.prepare(countKey).get(key)?.['n']),
  }
}
