import type { FileReport } from '../ingest/known-file.ts'
import { formatJson } from '../report/json.ts'
import { formatTable } from '../report/table.ts'
import type { InputFlags } from './common-options.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { openLogs } from './logs.ts'
import { openRunPrices } from './price-book.ts'
import { type Terminal, viewOf } from './terminal.ts'

export type IngestFlags = InputFlags & { readonly format?: 'table' | 'json' }

/** `llmcost ingest`: reads logs into the store and says what became of their records. */
export async function runIngest(
  files: readonly string[],
  flags: IngestFlags,
  terminal: Terminal,
): Promise<number> {
  const logs = await openLogs(files, flags, terminal, await openRunPrices(flags, terminal))
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const reports = logs.report?.files ?? []
    const text = flags.format === 'json' ? jsonOf(reports) : tableOf(reports, terminal)
    terminal.stdout.write(text)
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

function tableOf(reports: readonly FileReport[], terminal: Terminal): string {
  const columns = ['file', 'format', 'state', 'requests', 'duplicates', 'ignored', 'rejected'].map(
    (name, index) => ({ name, align: index > 2 ? ('right' as const) : ('left' as const) }),
  )
  const rows = reports.map(({ path, format, state, counts }) => [
    path,
    format,
    state,
    counts.requests - counts.duplicates,
    counts.duplicates,
    total(counts.ignored),
    total(counts.rejected),
  ])
  const { width, color, unicode } = viewOf(terminal.stdout, terminal.env)
  return formatTable(columns, rows, { format: 'table', width, color, unicode })
}

const jsonOf = (reports: readonly FileReport[]): string =>
  formatJson({
    kind: 'ingest',
    version: 1,
    files: reports.map(({ path, format, state, counts }) => ({
      path,
      format,
      state,
      records: counts.records,
      requests: counts.requests - counts.duplicates,
      duplicates: counts.duplicates,
      ignored: counts.ignored,
      rejected: counts.rejected,
      warnings: counts.warnings,
    })),
  })
