import { existsSync } from 'node:fs'
import { dearRequests } from '../check/dear-requests.ts'
import type { NamedSnapshot } from '../check/diff.ts'
import type { Snapshot } from '../check/snapshot.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { newestRequest } from '../store/store-facts.ts'
import { isDocument, readSaved } from './check-sides.ts'
import { zoneOf } from './common-options.ts'
import type { DiffFlags, SideWord } from './diff-flags.ts'
import { comparePolicies } from './diff-policies.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { logSnapshots } from './log-snapshot.ts'
import { openLogs } from './logs.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'
import { timeRangeOf } from './time-range.ts'

export type OpenSides = {
  readonly from: NamedSnapshot
  readonly to: NamedSnapshot
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  readonly repriced: null
}

type Opened = {
  readonly side: NamedSnapshot
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
}
type Ended = { readonly code: number }

/** Reads both sides, or says with which exit code the command ends. */
export async function openSides(
  [from, to]: readonly [SideWord, SideWord],
  flags: DiffFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<OpenSides | Ended> {
  const isSimulated = [from, to].some(({ kind }) => kind === 'policy')
  const policies = [from, to].filter(({ kind }) => isSimulated && isOfPolicy(kind))
  const simulated = isSimulated ? await comparePolicies(policies, flags, terminal, prices) : null
  if (simulated !== null && 'code' in simulated) return simulated
  const open = (word: SideWord): Opened | Promise<Opened | Ended> => {
    const side = simulated?.sides[policies.indexOf(word)]
    if (simulated === null || side === undefined) return openSide(word, flags, terminal, prices)
    return { side, inputs: simulated.inputs, warnings: simulated.warnings }
  }
  const ended = await readAhead(from, to, flags, terminal, prices)
  if (ended !== null) return ended
  const first = await open(from)
  if ('code' in first) return first
  const second = await open(to)
  if ('code' in second) return second
  return {
    from: first.side,
    to: second.side,
    inputs: distinct([...first.inputs, ...second.inputs]),
    warnings: distinct([...first.warnings, ...second.warnings]),
    repriced: null,
  }
}

/**
 * Reads the later logs before anything is said of the earlier ones: what is estimated for requests without token counts
 * is learned from all that a store holds.
 */
async function readAhead(
  from: SideWord,
  to: SideWord,
  flags: DiffFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<Ended | null> {
  const areLogs = [from, to].every(({ kind, name }) => kind === 'files' && !isSaved(name))
  // Standard input can be read but once.
  if (!areLogs || [from.name, to.name].includes('-')) return null
  const logs = await openLogs([to.name], flags, terminal, prices)
  logs.store.close()
  return logs.interrupted ? { code: interruptedCode(terminal) } : null
}

const isOfPolicy = (kind: SideWord['kind']): boolean => kind === 'policy' || kind === 'as-logged'

const distinct = <T>(list: readonly T[]): readonly T[] => [
  ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
]

async function openSide(
  word: SideWord,
  flags: DiffFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<Opened | Ended> {
  const { name } = word
  if (word.kind === 'files' && isSaved(name))
    return { side: savedSide(name, readSaved(name), flags), inputs: [], warnings: [] }
  const files = word.kind === 'files' ? [name] : (flags.log ?? [])
  return logSide(word, files, flags, terminal, prices)
}

/** A snapshot or report, or something at a git ref. */
const isSaved = (name: string): boolean =>
  isDocument(name) || (!existsSync(name) && /^[^-:/][^:]+:.+\.json$/.test(name))

function savedSide(name: string, snapshot: Snapshot, flags: DiffFlags): NamedSnapshot {
  const narrowing = (['since', 'until', 'where'] as const).find((flag) => flags[flag] !== undefined)
  if (narrowing !== undefined)
    throw new UserError(`--${narrowing} cannot narrow ${name}, which is saved already`, {
      hint: `save it anew with llmcost check --${narrowing} … --save, or compare logs`,
    })
  return { name, snapshot, dearest: [] }
}

async function logSide(
  word: SideWord,
  files: readonly string[],
  given: DiffFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<Opened | Ended> {
  const flags = narrowed(word, given)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return { code: interruptedCode(terminal) }
    const code = rejectedCode(logs, flags, terminal)
    if (code !== 0) return { code }
    const { database } = logs.store
    const range = timeRangeOf(flags, {
      newest: newestRequest(database, logs.files),
      zone: zoneOf(flags.tz),
    })
    const { inputs, warnings, make } = logSnapshots(logs, { files, flags, terminal, prices })
    const selection = { files: logs.files, ...range, where: flags.where ?? [] }
    const source = openRequestSource(database, selection)
    const dearest = dearRequests(source, openRequestLookup(database))
    return { side: { name: word.name, snapshot: make(range), dearest }, inputs, warnings }
  } finally {
    logs.store.close()
  }
}

function narrowed(word: SideWord, flags: DiffFlags): DiffFlags {
  if (word.kind !== 'range') return flags
  if (flags.since !== undefined || flags.until !== undefined)
    throw new UserError(
      `${word.name} is a time range already: --since and --until do not go with it`,
      {
        hint: 'write both ends of the range, e.g. 14d..7d',
      },
    )
  const { since, until } = word
  return {
    ...flags,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}
