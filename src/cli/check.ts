import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { analyzeBase } from '../analyze/analyze.ts'
import { check } from '../check/check.ts'
import { exitCodeOf } from '../check/judge-finding.ts'
import { makeSnapshot } from '../check/make-snapshot.ts'
import { repriceSnapshot } from '../check/reprice-snapshot.ts'
import type { Snapshot } from '../check/snapshot.ts'
import { readSnapshot, snapshotText } from '../check/snapshot-text.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { CheckPolicy } from '../policy/policy.ts'
import { checkMarkdown } from '../report/check-markdown.ts'
import { formatCheck } from '../report/format-check.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { newestRequest } from '../store/store-facts.ts'
import { analyzePrices } from './analyze-prices.ts'
import { type CheckFlags, flagAssertions } from './check-flags.ts'
import { isoNow, nowMs } from './clock.ts'
import { type FilterFlags, momentOf, zoneOf } from './common-options.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { type OpenLogs, openLogs } from './logs.ts'
import { loadPolicy, policyPath } from './policy-file.ts'
import { openRunPrices } from './price-book.ts'
import { readFileOrRef } from './read-ref.ts'
import { readText } from './read-text.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** `llmcost check`: 0 passed or warned, 1 a regression, 2 nothing to tell it by. */
export async function runCheck(
  files: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
): Promise<number> {
  const prices = await openRunPrices(flags, terminal)
  const policy = policyOf(flags, terminal, prices.book)
  const isAsked = policy.assertions.some(({ level }) => level !== 'off')
  if (flags.save === undefined && !isAsked) throw nothingToCheck()
  const baseline = flags.baseline === undefined ? null : readBaseline(flags.baseline)
  const run = await readRun(files, flags, terminal, prices)
  if ('code' in run) return run.code
  if (flags.save !== undefined) save(run.snapshot, flags, terminal)
  if (!isAsked || (flags.save !== undefined && baseline === null)) return 0
  const { inputs } = run
  const { before, after, warnings } = atOneBook(baseline, run, flags, prices)
  const result = check(before, after, {
    generatedAt: isoNow(terminal),
    inputs,
    warnings,
    policy,
  })
  const view = viewOf(terminal.stdout, terminal.env)
  await writeOut(terminal.stdout, formatCheck(result, flags.format ?? 'terminal', view))
  const summary = terminal.env['GITHUB_STEP_SUMMARY']
  if (flags.format === 'github' && summary) appendFileSync(summary, checkMarkdown(result))
  return exitCodeOf(result.verdict, result.noData)
}

/** Both sides at the price book in force, where that is asked for. */
function atOneBook(
  baseline: Snapshot | null,
  { snapshot, warnings }: Run,
  { reprice }: CheckFlags,
  prices: Awaited<ReturnType<typeof openRunPrices>>,
) {
  if (reprice !== true) return { before: baseline, after: snapshot, warnings }
  const before = baseline === null ? null : repriceSnapshot(baseline, prices, 'the baseline')
  const after = repriceSnapshot(snapshot, prices, 'the run')
  return {
    before: before?.snapshot ?? null,
    after: after.snapshot,
    warnings: [...warnings, ...(before?.warnings ?? []), ...after.warnings],
  }
}

const nothingToCheck = (): UserError =>
  new UserError('there is nothing to check against: no baseline and no assertion', {
    hint: 'first llmcost check --save baseline.json, then llmcost check --baseline baseline.json --max-increase 5%',
  })

/** The file's settings, and the flags' over them. */
function policyOf(
  flags: CheckFlags,
  terminal: Terminal,
  book: Parameters<typeof loadPolicy>[1],
): CheckPolicy {
  const path = policyPath(flags, terminal)
  const filed: CheckPolicy =
    path === null
      ? { assertions: [], noData: 'fail', exact: false }
      : loadPolicy(path, book).policy.check
  const stated = flagAssertions(flags)
  const replaced = new Set(stated.map(({ metric }) => metric))
  const kept = filed.assertions.filter(
    ({ metric, where }) => !replaced.has(metric) || Object.keys(where).length > 0,
  )
  return { ...filed, assertions: [...kept, ...stated], exact: flags.exact ?? filed.exact }
}

/** A file, or REF:FILE as git has it. */
export const readBaseline = (name: string): Snapshot =>
  readSnapshot(
    readFileOrRef(name, 'a snapshot, written by llmcost check --save baseline.json'),
    name,
  )

export type Run = {
  readonly snapshot: Snapshot
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
}

/** One JSON document that says it is a snapshot or a report, else logs. */
async function readRun(
  files: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
  prices: Awaited<ReturnType<typeof openRunPrices>>,
): Promise<Run | { readonly code: number }> {
  const [only] = files
  if (files.length === 1 && only !== undefined && isDocument(only))
    return {
      snapshot: readSnapshot(readText(only, 'a snapshot'), only),
      inputs: [],
      warnings: [],
    }
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return { code: interruptedCode(terminal) }
    const code = rejectedCode(logs, flags, terminal)
    return code === 0 ? runOfLogs(logs, files, flags, terminal, prices) : { code }
  } finally {
    logs.store.close()
  }
}

/** Reports and snapshots begin with their kind; logs do not. */
export const isDocument = (path: string): boolean =>
  path.endsWith('.json') &&
  existsSync(path) &&
  /^\{\s*"kind":\s*"(?:llmcost-snapshot|analyze|simulate|replay)"/.test(
    readText(path, 'a snapshot').slice(0, 100),
  )

export function runOfLogs(
  logs: OpenLogs,
  files: readonly string[],
  flags: FilterFlags,
  terminal: Terminal,
  prices: Awaited<ReturnType<typeof openRunPrices>>,
): Run {
  const { database } = logs.store
  const newest = newestRequest(database)
  const source = openRequestSource(database, {
    files: logs.files,
    since: momentOf(flags.since, newest, '--since'),
    until: momentOf(flags.until, newest, '--until'),
    where: flags.where ?? [],
  })
  const lookup = openRequestLookup(database)
  const inputs = inputsOf(database, logs)
  const warnings = warningsOf(database, logs)
  const report = analyzeBase(source, lookup, {
    now: nowMs(terminal),
    zone: zoneOf(flags.tz),
    by: [],
    top: 1,
    budgetUsd: null,
    userLimitUsd: null,
    planPrices: new Map(),
    inputs,
    warnings,
    inputWords: '',
    prices: analyzePrices(prices),
    aggregates: [],
  })
  const snapshot = makeSnapshot(source, lookup, report, {
    kind: files.length === 0 ? 'store' : 'analyze',
    inputs: files,
  })
  return { snapshot, inputs, warnings }
}

function save(
  snapshot: Snapshot,
  { save: path = '', quiet }: CheckFlags,
  terminal: Terminal,
): void {
  try {
    writeFileSync(path, snapshotText(snapshot))
  } catch (error) {
    throw new UserError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'name a file in a folder that exists',
    })
  }
  if (quiet !== true)
    terminal.stderr.write(
      `wrote ${path}: ${snapshot.totals.requests} requests, ${snapshot.scenarioCount} scenarios\n`,
    )
}
