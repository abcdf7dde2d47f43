import { segmentBits, segmentLength } from '../domain/columns.ts'
import { costTotal, type PriceQuery, type Pricing } from '../domain/price.ts'
import { flag, type Profile } from '../domain/row.ts'
import type { Fees, Usage } from '../domain/usage.ts'
import type { Database, SqlRow, SqlValue } from './database.ts'
import { knownFiles } from './known-files.ts'
import { readMeta, writeMeta } from './meta.ts'
import { readProfiles } from './request-source.ts'

/** What a log says of a request's cost, and what it depends on besides its usage. */
type StoredCircumstances = {
  readonly loggedCostNanoUsd: number | null
  readonly servedFromCache: boolean
  readonly status: string | undefined
}

/** The price of one stored request. */
export type StoredPricer = (
  query: PriceQuery,
  usage: Usage,
  logged: StoredCircumstances,
  fees: Fees | undefined,
) => Pricing

const selectRows = `SELECT seq, file, profile, at, latencyMs, inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens,
  outputTokens, reasoningTokens, costInput, costCacheRead, costCacheWrite, costOutput, costTools, costOther, cost,
  loggedCost, price, flags, json_extract(extra, '$.fees') AS fees FROM requests WHERE seq >= ? AND seq < ? ORDER BY seq`
const updateRow = `UPDATE requests SET costInput = ?, costCacheRead = ?, costCacheWrite = ?, costOutput = ?, costTools = ?,
  costOther = ?, cost = ?, price = ?, flags = ? WHERE seq = ?`
const insertPrice =
  'INSERT INTO prices (key, json) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET json = excluded.json'
const selectPrice = 'SELECT id FROM prices WHERE key = ?'
const updateCounts = 'UPDATE files SET counts = ? WHERE id = ?'
const fingerprintName = 'pricesFingerprint'

/** True when what is stored was priced by another book, or by other overrides or modes. */
export function needsReprice(database: Database, fingerprint: string): boolean {
  const stored = readMeta(database, fingerprintName)
  return stored !== undefined && stored !== fingerprint
}

export function setPricesFingerprint(database: Database, fingerprint: string): void {
  if (readMeta(database, fingerprintName) !== fingerprint)
    writeMeta(database, fingerprintName, fingerprint)
}

/** Prices every stored request anew; only rows that change are written. One transaction: all or nothing. */
export function repriceStore(database: Database, fingerprint: string, price: StoredPricer): void {
  database.transaction(() => {
    const profiles = readProfiles(database)
    const remarks = new Map<number, Record<string, number>>()
    const note: OnPriced = (row, { warnings }) => {
      const file = Number(row['file'])
      const own = remarks.get(file) ?? {}
      for (const code of warnings) own[code] = (own[code] ?? 0) + 1
      remarks.set(file, own)
    }
    const newest = Number(
      database.prepare('SELECT max(seq) AS seq FROM requests').get()?.['seq'] ?? 0,
    )
    for (let segment = 0; segment <= newest >> segmentBits; segment++) {
      const from = segment * segmentLength
      const rows = database.prepare(selectRows).all(from, from + segmentLength)
      if (repriceRows(database, rows, profiles, price, note)) {
        database.prepare('DELETE FROM columns WHERE segment = ?').run(segment)
      }
    }
    for (const { id, counts } of knownFiles(database)) {
      const priceWarnings = remarks.get(id) ?? {}
      database.prepare(updateCounts).run(JSON.stringify({ ...counts, priceWarnings }), id)
    }
    setPricesFingerprint(database, fingerprint)
  })
}

type OnPriced = (row: SqlRow, pricing: Pricing) => void

/** Prices rows by their stored usage; true when any of them changed. */
export function repriceRows(
  database: Database,
  rows: readonly SqlRow[],
  profiles: readonly Profile[],
  price: StoredPricer,
  onPriced: OnPriced = () => undefined,
): boolean {
  const update = database.prepare(updateRow)
  const ids = new Map<string, number>()
  let changed = false
  for (const row of rows) {
    const cells = costCells(database, row, profiles, price, ids, onPriced)
    if (cells.every((cell, index) => cell === row[costColumns[index] as string])) continue
    update.run(...cells, row['seq'] as number)
    changed = true
  }
  return changed
}

const costColumns = [
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
  'cost',
  'price',
  'flags',
] as const

function costCells(
  database: Database,
  row: SqlRow,
  profiles: readonly Profile[],
  price: StoredPricer,
  ids: Map<string, number>,
  onPriced: OnPriced,
): readonly SqlValue[] {
  const flags = Number(row['flags'])
  const profile = profiles[Number(row['profile'])]
  const logged = {
    loggedCostNanoUsd: row['loggedCost'] as number | null,
    servedFromCache: (flags & flag.servedFromCache) !== 0,
    status: profile?.status ?? undefined,
  }
  const fees = row['fees'] === null ? undefined : (JSON.parse(String(row['fees'])) as Fees)
  const pricing = price(queryOf(row, profile), row as unknown as Usage, logged, fees)
  onPriced(row, pricing)
  if (pricing.kind === 'unpriced')
    return [null, null, null, null, null, null, null, null, flags | flag.unpriced]
  const { input, cacheRead, cacheWrite, output, tools, other } = pricing.cost
  const id = priceId(database, pricing, ids)
  return [
    input,
    cacheRead,
    cacheWrite,
    output,
    tools,
    other,
    costTotal(pricing.cost),
    id,
    flags & ~flag.unpriced,
  ]
}

function queryOf(row: SqlRow, profile: Profile | undefined): PriceQuery {
  const optional = (value: string | null | undefined) => value ?? undefined
  return {
    model: profile?.model ?? '',
    provider: optional(profile?.provider),
    at: (row['at'] as number | null) ?? undefined,
    serviceTier: optional(profile?.serviceTier),
    speed: optional(profile?.speed),
    inferenceGeo: optional(profile?.inferenceGeo),
    region: optional(profile?.region),
    latencyMs: (row['latencyMs'] as number | null) ?? undefined,
  }
}

function priceId(
  database: Database,
  { price }: Extract<Pricing, { kind: 'priced' }>,
  ids: Map<string, number>,
): number {
  const known = ids.get(price.id)
  if (known !== undefined) return known
  database.prepare(insertPrice).run(price.id, JSON.stringify(price))
  const id = Number(database.prepare(selectPrice).get(price.id)?.['id'])
  ids.set(price.id, id)
  return id
}
