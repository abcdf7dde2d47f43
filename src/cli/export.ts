import type { Condition } from '../domain/selection.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import type { TuningFormat } from '../domain/tuning-format.ts'
import { UserError } from '../domain/user-error.ts'
import { writeCanonical } from '../ingest/write-canonical.ts'
import { plural } from '../report/numbers.ts'
import { exportRows } from '../store/export-rows.ts'
import { openRequestSource } from '../store/request-source.ts'
import type { Store } from '../store/store.ts'
import { newestRequest, storeFacts } from '../store/store-facts.ts'
import { type FilterFlags, type StoreFlags, zoneOf } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import { exportEscalations } from './export-escalations.ts'
import type { Narrator } from './narrator.ts'
import type { Terminal } from './terminal.ts'
import { type TimeRange, timeRangeOf } from './time-range.ts'
import { writeLines, writeTo } from './write-lines.ts'

export type ExportFlags = StoreFlags &
  FilterFlags & {
    readonly canonical?: boolean
    readonly receipts?: boolean
    readonly policy?: string[]
    readonly escalations?: boolean
    readonly shadow?: boolean
    readonly routed?: boolean
    /** Of `shadow` and `routed`. */
    readonly limit?: number
    /** Of `escalations`. */
    readonly format?: TuningFormat
    readonly out?: string
    readonly where?: Condition[]
  }

/** `llmcost export`: the stored requests as canonical JSONL, in constant memory, or what a policy decides on them. */
export async function runExport(flags: ExportFlags, terminal: Terminal): Promise<number> {
  refuseConflicts(flags)
  if (flags.escalations === true) return await exportEscalations(flags, terminal)
  if (flags.shadow === true) {
    const { exportShadow } = await import('./export-shadow.ts')
    return await exportShadow(flags, terminal)
  }
  if (flags.routed === true) {
    const { exportRouted } = await import('./export-routed.ts')
    return await exportRouted(flags, terminal)
  }
  if (flags.receipts === true) {
    const { exportReceipts } = await import('./export-receipts.ts')
    await exportReceipts(flags, terminal, (work) => writeTo(flags.out, terminal, work))
    return 0
  }
  return await withExistingStore(flags, terminal, 'requests', 'read', async (store, narrator) => {
    const source = openRequestSource(store.database, {
      files: null,
      ...period(store, flags),
      where: flags.where ?? [],
    })
    const rows = exportRows(store.database, source)
    const counts: Counts = { requests: 0, withoutText: 0 }
    await writeLines(linesOf(rows, counts), flags.out, terminal)
    sayWhatWent(counts, store, flags.out, narrator)
    return 0
  })
}

function refuseConflicts(flags: ExportFlags): void {
  const { canonical, receipts, escalations, shadow, routed, policy, format, limit } = flags
  const kinds = [canonical, receipts, escalations, shadow, routed]
  if (kinds.filter((asked) => asked === true).length > 1) {
    throw new UserError(
      '--canonical, --receipts, --escalations, --shadow and --routed exclude each other',
      { hint: 'name one of them' },
    )
  }
  if (policy !== undefined && receipts !== true)
    throw new UserError('--policy decides receipts', { hint: 'add --receipts' })
  if (limit !== undefined && shadow !== true && routed !== true)
    throw new UserError('--limit is for --shadow and --routed', {
      hint: 'everything else is exported whole',
    })
  if (format !== undefined && escalations !== true) {
    throw new UserError('--format is for --escalations', {
      hint: 'requests are exported as canonical JSONL alone',
    })
  }
}

const period = ({ database }: Store, flags: FilterFlags): TimeRange =>
  timeRangeOf(flags, { newest: newestRequest(database), zone: zoneOf(flags.tz) })

type Counts = { requests: number; withoutText: number }

function* linesOf(rows: Iterable<StoredRequest>, counts: Counts): Generator<string> {
  for (const row of rows) {
    const record = writeCanonical(row)
    counts.requests += 1
    if (row.prompt.length > 0 && record['prompt'] === undefined) counts.withoutText += 1
    yield JSON.stringify(record)
  }
}

function sayWhatWent(
  { requests, withoutText }: Counts,
  { database }: Store,
  out: string | undefined,
  narrator: Narrator,
): void {
  narrator.say(`${plural(requests, 'request')}${out === undefined ? '' : ` written to ${out}`}`)
  if (withoutText > 0) {
    narrator.say(
      `${plural(withoutText, 'request')} without prompt and answer: their text is not kept (--content hash)`,
    )
  }
  const { aggregates } = storeFacts(database)
  if (aggregates > 0) {
    narrator.say(`${plural(aggregates, 'row')} of a provider's console left out: no requests`)
  }
}
