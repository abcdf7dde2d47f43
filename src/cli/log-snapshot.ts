import { analyzeBase } from '../analyze/analyze.ts'
import { makeSnapshot } from '../check/make-snapshot.ts'
import type { Snapshot } from '../check/snapshot.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import type { Condition } from '../domain/selection.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { analyzePrices } from './analyze-prices.ts'
import { nowMs } from './clock.ts'
import { type FilterFlags, type InputFlags, zoneOf } from './common-options.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import type { OpenLogs } from './logs.ts'
import { packageVersion } from './package-version.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'
import type { TimeRange } from './time-range.ts'

export type LogSnapshots = {
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  /** A snapshot of the requests of a time for which all conditions hold, those of --where among them. */
  readonly make: (range: TimeRange, where?: readonly Condition[]) => Snapshot
}

/** What makes snapshots of open logs. */
export function logSnapshots(
  logs: OpenLogs,
  job: {
    readonly files: readonly string[]
    readonly flags: InputFlags & FilterFlags
    readonly terminal: Terminal
    readonly prices: RunPrices
  },
): LogSnapshots {
  const { files, flags, terminal, prices } = job
  const { database } = logs.store
  const lookup = openRequestLookup(database)
  const inputs = inputsOf(database, logs)
  const warnings = warningsOf(database, logs)
  const options = {
    now: nowMs(terminal),
    zone: zoneOf(flags.tz),
    by: [],
    top: 1,
    budgetUsd: null,
    userLimitUsd: null,
    planPrices: new Map(),
    inputs,
    warnings,
    store: null,
    inputWords: '',
    prices: analyzePrices(prices),
    aggregates: [],
  }
  const scenarioKey = terminal.env['LLMCOST_SCENARIO_KEY'] || null
  const llmcost = packageVersion()
  return { inputs, warnings, make }

  function make(range: TimeRange, where: readonly Condition[] = []): Snapshot {
    const selection = { files: logs.files, ...range, where: [...(flags.where ?? []), ...where] }
    const source = openRequestSource(database, selection)
    const report = analyzeBase(source, lookup, options)
    const kind = files.length === 0 ? 'store' : 'analyze'
    const snapshot = makeSnapshot(source, lookup, report, { kind, inputs: files }, scenarioKey)
    const { kind: named, version, ...rest } = snapshot
    return {
      kind: named,
      version,
      llmcost,
      ...rest,
      ...narrowing(flags),
    }
  }
}

/** What --where narrows a snapshot to, as it says so itself. */
export function narrowing({ where = [] }: FilterFlags): Pick<Snapshot, 'where'> {
  const words = where.map(({ field, value }) => `${field}=${value}`).sort()
  return words.length === 0 ? {} : { where: words }
}
