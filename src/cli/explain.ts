import { relative } from 'node:path'
import type { Explanation } from '../analyze/explanation.ts'
import { ledgerFormat } from '../domain/journal.ts'
import { usdOf } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { InputSummary } from '../domain/report.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import type { Fees } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { readers } from '../ingest/readers.ts'
import { formatExplain } from '../report/explain.ts'
import type { Database } from '../store/database.ts'
import { storedRequests } from '../store/export-rows.ts'
import {
  chargeOfRequest,
  type FoundRequest,
  findBySeq,
  findRequests,
  type StoredCharge,
  type StoredPlace,
} from '../store/find-requests.ts'
import { knownFiles } from '../store/known-files.ts'
import { readMeta } from '../store/meta.ts'
import { readProfiles } from '../store/request-source.ts'
import { isoNow } from './clock.ts'
import type { StoreFlags } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import { priceNote } from './price-note.ts'
import { printTable } from './print-table.ts'
import { answerText, factsOf, promptText, warningsOfRequest } from './request-facts.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { usageCosts } from './usage-costs.ts'

export type ExplainFlags = StoreFlags & { readonly format?: 'terminal' | 'json' }

/** `llmcost explain ID`: one request, where it stands and how its cost comes about. */
export async function runExplain(
  name: string,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  return await withExistingStore(flags, terminal, 'requests', 'read', async (store, narrator) => {
    const { database } = store
    const found = find(database, name.trim())
    const [request] = found
    if (request === undefined) throw notFound(name)
    if (found.length > 1) {
      list(found, flags, terminal)
      narrator.say(
        `${found.length} requests have this id: name one by its number, e.g. llmcost explain seq:${request.seq}`,
      )
      return 0
    }
    const note = await priceNote(database, terminal)
    const explanation = explanationOf(database, request, note, terminal)
    const view = viewOf(terminal.stdout, terminal.env)
    terminal.stdout.write(formatExplain(explanation, flags.format ?? 'terminal', view))
    return 0
  })
}

/** "#12" and "seq:12" are numbers of this store; bare digits are one where no request has them as its id. */
function find(database: Database, name: string): readonly FoundRequest[] {
  const [, seq] = /^(?:#|seq:)(\d{1,15})$/.exec(name) ?? []
  if (seq !== undefined) return findBySeq(database, Number(seq))
  const found = findRequests(database, name, [
    ...readers.map((reader) => reader.name),
    ledgerFormat,
  ])
  return found.length === 0 && /^\d{1,15}$/.test(name) ? findBySeq(database, Number(name)) : found
}

const notFound = (name: string): UserError =>
  new UserError(`no request "${name}" in the store`, {
    hint: 'ids are matched whole; llmcost sql "select seq, id, at, model from v_requests where id like \'%…%\'" looks for a part',
  })

function list(found: readonly FoundRequest[], { format }: ExplainFlags, terminal: Terminal): void {
  const rows = found.map(({ seq, id, at, model, costNanoUsd, place }) => [
    seq,
    id,
    at === null ? null : new Date(at).toISOString(),
    model,
    costNanoUsd === null ? null : usdOf(costNanoUsd),
    `${shownPath(place.file)}:${place.line}`,
  ])
  const names = ['seq', 'id', 'at', 'model', 'costUsd', 'place']
  const columns = names.map((name) => ({ name }))
  printTable(terminal, columns, rows, format === 'json' ? 'json' : 'table')
}

function explanationOf(
  database: Database,
  found: FoundRequest,
  note: string | null,
  terminal: Terminal,
): Explanation {
  const request = storedRequests(database, readProfiles(database))(found.seq)
  if (request === null) throw notFound(`seq:${found.seq}`)
  const charge = chargeOfRequest(database, found.seq)
  const { price, sameKey } = charge
  return {
    kind: 'explain',
    version: 1,
    generatedAt: isoNow(terminal),
    inputs: inputsOf(database, charge.file),
    fingerprints: {
      policy: null,
      prices: String(readMeta(database, 'pricesFingerprint') ?? ''),
      embedder: null,
    },
    warnings: [
      ...warningsOfRequest(request),
      ...(note === null ? [] : [{ code: 'prices-changed', message: note, count: 1 }]),
    ],
    id: request.id ?? request.responseId ?? `#${request.seq}`,
    place: placeOf(found.place),
    format: request.profile.format ?? '',
    at: request.at === null ? null : new Date(request.at).toISOString(),
    facts: factsOf(request, sameKey),
    ...costsOf(request, charge),
    factors: price?.factors ?? [],
    priceSource: price === null ? null : priceOf(price),
    prompt: promptText(request.prompt),
    answer: answerText(request.answer),
    duplicates: found.duplicates.map(placeOf),
    receipt: (request.extra['receipt'] ?? null) as Receipt | null,
  }
}

function costsOf(request: StoredRequest, { cost, price }: StoredCharge) {
  const { loggedCostNanoUsd: logged, usage, extra } = request
  const computed = cost === null ? null : costTotal(cost)
  return {
    usage: usageCosts({ usage, cost, price, fees: (extra['fees'] ?? {}) as Fees }),
    loggedCostUsd: logged === null ? null : usdOf(logged),
    computedCostUsd: computed === null ? null : usdOf(computed),
    // What the log alone prices does not differ from itself.
    deltaUsd:
      logged === null || computed === null || price?.source === 'logged'
        ? null
        : usdOf(computed - logged),
  }
}

const priceOf = ({ source, target, since, band }: NonNullable<StoredCharge['price']>) => ({
  source,
  target,
  since,
  band,
})

function inputsOf(database: Database, id: number): readonly InputSummary[] {
  return knownFiles(database)
    .filter((file) => file.id === id)
    .map(({ path, format, counts }) => ({
      path,
      format,
      requests: Math.max(0, counts.requests - counts.duplicates),
      duplicates: counts.duplicates,
      skipped: { ...counts.rejected, ...counts.ignored },
    }))
}

/** What stands in a gateway's ledger stands at no byte. */
const placeOf = ({ format, file, line, byteOffset }: StoredPlace) => ({
  file: shownPath(file),
  line,
  byteOffset: format === ledgerFormat ? null : byteOffset,
})

/** As one would write it here, where that is shorter. */
function shownPath(path: string): string {
  const near = relative('', path)
  return near.length < path.length && !near.startsWith('..') ? near : path
}
