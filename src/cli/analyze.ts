import { createHash } from 'node:crypto'
import { type AnalyzeBase, analyzeBase, baseVersion, withGroups } from '../analyze/analyze.ts'
import type { AnalyzeOptions, LoggedAggregate } from '../analyze/options.ts'
import type { AnalyzeResult } from '../analyze/result.ts'
import type { JsonObject } from '../domain/json.ts'
import { filterFields, type Selection, timeFields } from '../domain/selection.ts'
import type { Usage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { type AnalyzeFormat, formatAnalyze } from '../report/format-analyze.ts'
import { readAggregates } from '../store/aggregates.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { storedResult, storeResult } from '../store/results.ts'
import { writeIfUnchanged } from '../store/snapshot.ts'
import { analyzePrices } from './analyze-prices.ts'
import { nowMs } from './clock.ts'
import { type FilterFlags, type InputFlags, unknownField, zoneOf } from './common-options.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { type OpenLogs, openLogs, storePath } from './logs.ts'
import { packageVersion } from './package-version.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { selectionOf } from './selection.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

export type AnalyzeFlags = InputFlags &
  FilterFlags & {
    readonly by?: string[]
    readonly top?: number
    readonly format?: AnalyzeFormat
    readonly budget?: number
    readonly planPrice?: Record<string, number>
    readonly userLimit?: number
  }

const defaultTop = 20

/** `llmcost analyze`: where the money went and what would help most. `adapt` has the last word on the result. */
export async function runAnalyze(
  files: readonly string[],
  flags: AnalyzeFlags,
  terminal: Terminal,
  adapt = (result: AnalyzeResult): AnalyzeResult => result,
): Promise<number> {
  const by = dimensionsOf(flags.by)
  const zone = zoneOf(flags.tz)
  const prices = await openRunPrices(flags, terminal)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const result = adapt(resultOf(logs, { files, flags, terminal, prices, by, zone }))
    const view = viewOf(terminal.stdout, terminal.env)
    await writeOut(terminal.stdout, formatAnalyze(result, flags.format ?? 'terminal', view))
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}

type Job = {
  readonly files: readonly string[]
  readonly flags: AnalyzeFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
  readonly by: readonly string[]
  readonly zone: string
}

/** Two dimensions at most: a third would be a pivot table, for which `llmcost sql` is the better tool. */
function dimensionsOf(by: readonly string[] | undefined): readonly string[] {
  const names = (by ?? [])
    .flatMap((each) => each.split(','))
    .map((name) => name.trim())
    .filter(Boolean)
  const known = [...filterFields, ...timeFields]
  for (const name of names)
    if (!name.startsWith('tag:') && !known.includes(name)) throw unknownField(name, known)
  if (names.length > 2) {
    throw new UserError('--by takes one or two fields', {
      hint: 'use llmcost sql for more, e.g. "select … group by 1, 2, 3"',
    })
  }
  return names
}

/** The base of a report is stored under all it depends on: a second run on unchanged logs only adds groups. */
function resultOf(logs: OpenLogs, job: Job): AnalyzeResult {
  const { database } = logs.store
  const selection = selectionOf({ logs, flags: job.flags })
  const options = optionsOf(logs, job)
  const key = keyOf(selection, options)
  const stored = storedResult(database, key)
  if (stored !== null && job.by.length === 0) {
    return {
      ...current(JSON.parse(stored) as AnalyzeBase, options),
      by: [],
      groups: [],
      groupCount: 0,
    }
  }
  const source = openRequestSource(database, selection)
  const lookup = openRequestLookup(database)
  const base =
    stored === null ? analyzeBase(source, lookup, options) : (JSON.parse(stored) as AnalyzeBase)
  const result = withGroups(current(base, options), source, lookup, options)
  if (stored === null) {
    const json = JSON.stringify(base)
    try {
      writeIfUnchanged(database, logs.snapshot, () => storeResult(database, key, json))
    } catch {
      // A report that cannot be stored, be it on a full disk, is only made again next time.
    }
  }
  return result
}

/** A stored report under this run's clock and inputs. */
const current = (base: AnalyzeBase, options: AnalyzeOptions): AnalyzeBase => ({
  ...base,
  generatedAt: new Date(options.now).toISOString(),
  inputs: options.inputs,
  warnings: options.warnings,
  store: options.store,
})

function optionsOf(
  logs: OpenLogs,
  { files, flags, terminal, prices, by, zone }: Job,
): AnalyzeOptions {
  const { database } = logs.store
  return {
    now: nowMs(terminal),
    zone,
    by,
    top: flags.top ?? defaultTop,
    budgetUsd: flags.budget ?? null,
    userLimitUsd: flags.userLimit ?? null,
    planPrices: new Map(Object.entries(flags.planPrice ?? {})),
    inputs: inputsOf(database, logs),
    warnings: warningsOf(database, logs),
    store: files.length === 0 ? storePath(flags, terminal) : null,
    inputWords: files.map(shellWord).join(' '),
    prices: analyzePrices(prices),
    aggregates: readAggregates(database, logs.files).map(readAggregate),
  }
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

function keyOf(selection: Selection, options: AnalyzeOptions): string {
  const { zone, budgetUsd, userLimitUsd, planPrices, inputWords, prices, now } = options
  const day = Math.floor(now / 86_400_000)
  const parts = [
    packageVersion(),
    baseVersion,
    selection,
    zone,
    budgetUsd,
    userLimitUsd,
    [...planPrices],
    inputWords,
    prices.fingerprint,
    day,
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/** A console row as `analyze` counts it: `aggregateOf` says for how many requests it stands. */
function readAggregate(row: JsonObject): LoggedAggregate {
  const usage = row['usage'] as Usage | undefined
  return {
    source: `${row['provider'] ?? 'provider'} console`,
    provider: (row['provider'] as string | undefined) ?? null,
    model: String(row['model']),
    at: (row['at'] as number | undefined) ?? null,
    requests: Number(row['aggregateOf'] ?? 0),
    usage: usage ?? null,
    costNanoUsd: (row['loggedCostNanoUsd'] as number | undefined) ?? null,
  }
}
