import { existsSync } from 'node:fs'
import type { Snapshot } from '../check/snapshot.ts'
import { readSnapshot } from '../check/snapshot-text.ts'
import { viewsOf } from '../check/views.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { CheckPolicy } from '../policy/policy.ts'
import { newestRequest } from '../store/store-facts.ts'
import type { CheckFlags } from './check-flags.ts'
import { zoneOf } from './common-options.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { logSnapshots } from './log-snapshot.ts'
import { type OpenLogs, openLogs } from './logs.ts'
import type { RunPrices } from './price-book.ts'
import { readFileOrRef } from './read-ref.ts'
import { headOf, readText } from './read-text.ts'
import type { Terminal } from './terminal.ts'
import { overlap, type RangeWords, rangeWords, type TimeRange, timeRangeOf } from './time-range.ts'

/** A baseline that was read, or the time of the logs that is to be it. */
export type FiledBaseline = {
  readonly snapshot: Snapshot | null
  readonly range: RangeWords | null
}

/** A file, REF:FILE as git has it, or FROM..TO of the logs. Throws a UserError for what cannot be read. */
export function readBaseline(name: string | undefined): FiledBaseline {
  if (name === undefined) return { snapshot: null, range: null }
  const range = existsSync(name) ? null : rangeWords(name)
  return range === null ? { snapshot: readSaved(name), range: null } : { snapshot: null, range }
}

/** A snapshot or report: a file, or REF:FILE as git has it. */
export const readSaved = (name: string): Snapshot =>
  readSnapshot(
    readFileOrRef(
      name,
      'a snapshot, written by llmcost check --save baseline.json, or a time of the logs such as 14d..7d',
    ),
    name,
  )

export type Sides = {
  readonly run: Snapshot
  /** Of the same logs; null where no time of them was named. */
  readonly baseline: Snapshot | null
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
}

type Asked = {
  readonly prices: RunPrices
  readonly policy: CheckPolicy
  /** The time of the logs that is the baseline. */
  readonly range: RangeWords | null
}

/** The run, and a baseline where that is of the same logs; or the exit code of what could not be read. */
export async function readSides(
  files: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
  asked: Asked,
): Promise<Sides | { readonly code: number }> {
  const [only] = files
  if (files.length === 1 && only !== undefined && isDocument(only)) {
    requireLogs(only, flags, asked)
    const run = readSnapshot(readText(only, 'a snapshot'), only)
    return { run, baseline: null, inputs: [], warnings: [] }
  }
  const logs = await openLogs(files, flags, terminal, asked.prices)
  try {
    if (logs.interrupted) return { code: interruptedCode(terminal) }
    const code = rejectedCode(logs, flags, terminal)
    return code === 0 ? sidesOfLogs(logs, files, flags, terminal, asked) : { code }
  } finally {
    logs.store.close()
  }
}

/** Reports and snapshots begin with their kind; logs do not. */
export const isDocument = (path: string): boolean =>
  path.endsWith('.json') &&
  /^\{\s*"kind":\s*"(?:llmcost-snapshot|analyze|simulate|replay)"/.test(headOf(path))

/** A document has figures, no requests that could be chosen from. */
function requireLogs(path: string, flags: CheckFlags, { range }: Asked): void {
  const { since, until, where = [] } = flags
  const [name] = [
    ...(range === null ? [] : [`--baseline ${flags.baseline}`]),
    ...(since === undefined ? [] : ['--since']),
    ...(until === undefined ? [] : ['--until']),
    ...(where.length === 0 ? [] : ['--where']),
  ]
  if (name === undefined) return
  throw new UserError(`${name} chooses among requests, and ${path} holds none`, {
    hint: 'name the logs it was made from, or leave files out to use the store',
  })
}

function sidesOfLogs(
  logs: OpenLogs,
  files: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
  { prices, policy, range }: Asked,
): Sides {
  const newest = newestRequest(logs.store.database, logs.files)
  const from = { newest, zone: zoneOf(flags.tz) }
  const { inputs, warnings, make } = logSnapshots(logs, { files, flags, terminal, prices })
  const sideOf = (time: TimeRange): Snapshot => ({
    ...make(time),
    ...viewsOf(policy.assertions, (where) => make(time, where)),
  })
  const then = range && timeRangeOf(range, from, baselineFlags)
  const now = timeRangeOf(flags, from)
  // What follows the baseline is what is held against it, unless another time is named.
  const isOpen = now.since === undefined && now.until === undefined
  const time = isOpen && then !== null ? { since: then.until, until: undefined } : now
  return {
    run: sideOf(time),
    baseline: then && sideOf(then),
    inputs,
    warnings: then !== null && overlap(then, time) ? [...warnings, overlapping] : warnings,
  }
}

const baselineFlags = { since: '--baseline', until: '--baseline' }

const overlapping: Warning = {
  code: 'baseline-overlaps',
  message: 'run and baseline share a time: its requests are on both sides',
  count: 1,
}
