import { resolve, sep } from 'node:path'
import type { KnownFile } from '../domain/batch.ts'
import { ledgerFormat } from '../domain/journal.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { nearestWords } from '../prices/did-you-mean.ts'
import { formatJson } from '../report/json.ts'
import { plural } from '../report/numbers.ts'
import { knownFiles } from '../store/known-files.ts'
import { compact, type Purged, type PurgeScope, purge } from '../store/purge.ts'
import { type Store, storeBytes, storeError, withLoadLock } from '../store/store.ts'
import { isoNow, nowMs } from './clock.ts'
import type { StoreFlags } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import type { Narrator } from './narrator.ts'
import { eraseLedger } from './purge-ledger.ts'
import type { Terminal } from './terminal.ts'

export type PurgeFlags = StoreFlags & {
  readonly olderThan?: string
  readonly before?: string
  readonly user?: string
  readonly source?: string[]
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly format?: 'text' | 'json'
}

/** `llmcost purge`: erases from the store, after asking. */
export async function runPurge(flags: PurgeFlags, terminal: Terminal): Promise<number> {
  checkFlags(flags, terminal)
  return await withExistingStore(flags, terminal, 'anything', 'write', async (store, narrator) => {
    const scope = scopeOf(flags, knownFiles(store.database), terminal)
    const locked = <T>(work: () => T) =>
      withLoadLock(
        store,
        () => narrator.waiting(),
        async () => work(),
      )
    if (flags.dryRun === true || flags.yes !== true) {
      const ledgerEntries = await eraseLedger(store, scope, terminal, true)
      const planned = await locked(() => ({ ...purge(store.database, scope, true), ledgerEntries }))
      if (flags.dryRun === true || isNothing(planned)) {
        return report(planned, null, flags, store, terminal)
      }
      if (!(await isConfirmed(planned, terminal))) {
        narrator.say('nothing was deleted')
        return 2
      }
    }
    const before = storeBytes(store.path)
    // First: what is gone from the store alone would be taken in again.
    const ledgerEntries = await eraseLedger(store, scope, terminal, false)
    const purged = await locked(() => {
      const result = { ...purge(store.database, scope, false), ledgerEntries }
      if (!isNothing(result)) shrink(store, narrator)
      return result
    })
    const isOfLogs = knownFiles(store.database).some(({ format }) => format !== ledgerFormat)
    if (scope.kind === 'requests' && purged.requests > 0 && isOfLogs) narrator.say(stillInTheLog)
    return report(purged, before, flags, store, terminal)
  })
}

const stillInTheLog =
  'the logs themselves still hold these requests: a log that is read again from its start (under other options, or grown and not JSON lines) brings them back'

function checkFlags(flags: PurgeFlags, terminal: Terminal): void {
  const { all, olderThan, before, user, source, dryRun, yes } = flags
  const chosen = [olderThan, before, user, source].filter((flag) => flag !== undefined)
  if (all !== true && chosen.length === 0) {
    throw new UserError('say what to purge', {
      hint: 'one or more of --older-than 30d, --before DATE, --user U, --source PATH; or --all',
    })
  }
  if (all === true && chosen.length > 0) {
    throw new UserError('--all leaves nothing for another condition to choose')
  }
  if (olderThan !== undefined && before !== undefined) {
    throw new UserError('name one of --older-than and --before')
  }
  if (dryRun !== true && yes !== true && terminal.stdin.isTTY !== true) {
    throw new UserError('purge deletes for good, and there is no one to ask', {
      hint: 'add --yes to go ahead, or --dry-run to see what would go',
    })
  }
}

function scopeOf(flags: PurgeFlags, known: readonly KnownFile[], terminal: Terminal): PurgeScope {
  if (flags.all === true) return { kind: 'all' }
  const files = flags.source === undefined ? null : filesOf(flags.source, known)
  const before = cutoff(flags, terminal)
  const user = flags.user ?? null
  return files !== null && before === null && user === null
    ? { kind: 'files', files }
    : { kind: 'requests', files, before, user }
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Ages are counted back from now, as a rule on retention means them, not from the newest request. */
function cutoff({ olderThan, before }: PurgeFlags, terminal: Terminal): number | null {
  if (before !== undefined) {
    const at = timeOf(before)
    if (at !== undefined) return at
    throw new UserError(`--before "${before}" is no time`, { hint: 'write it as 2026-08-01' })
  }
  if (olderThan === undefined) return null
  const [, count, unit = ''] = /^(\d+)([hdw])$/.exec(olderThan) ?? []
  if (count !== undefined) return nowMs(terminal) - Number(count) * (unitMs[unit] ?? 0)
  throw new UserError(`--older-than "${olderThan}" is no age`, { hint: 'write 24h, 30d or 8w' })
}

/** Files by their path, by the folder above them, or by the name under which the store keeps them. */
function filesOf(sources: readonly string[], known: readonly KnownFile[]): readonly number[] {
  return sources.flatMap((source) => {
    const path = resolve(source)
    const found = known.filter(
      (file) => file.path === source || file.path === path || file.path.startsWith(`${path}${sep}`),
    )
    if (found.length > 0) return found.map((file) => file.id)
    const paths = known.map((file) => file.path)
    const near = nearestWords(path, paths, 3)
    throw new UserError(`nothing was read from ${source}`, {
      hint:
        near.length > 0
          ? `did you mean ${near.join(', ')}?`
          : 'llmcost sql "select path from v_files" lists what was read',
    })
  })
}

const isNothing = (purged: Purged): boolean =>
  purged.requests +
    purged.files +
    purged.aggregates +
    purged.rejects +
    purged.messages +
    purged.replies +
    purged.measurements +
    purged.ledgerEntries ===
  0

async function isConfirmed(planned: Purged, terminal: Terminal): Promise<boolean> {
  terminal.stderr.write(`delete ${countsText(planned)} for good? [y/N] `)
  for await (const chunk of terminal.stdin) {
    return /^\s*y(?:es)?\s*$/i.test(Buffer.from(chunk).toString('utf8'))
  }
  return false
}

function shrink(store: Store, narrator: Narrator): void {
  try {
    compact(store.database)
  } catch (error) {
    const known = storeError(error, store.path)
    if (!(known instanceof UserError)) throw error
    narrator.say(`warning: deleted, but the file could not be made smaller: ${known.message}`)
  }
}

function countsText(purged: Purged): string {
  const parts = [
    plural(purged.requests, 'request'),
    plural(purged.messages, 'message'),
    ...(purged.aggregates > 0 ? [plural(purged.aggregates, 'console row')] : []),
    ...(purged.verdicts > 0 ? [plural(purged.verdicts, 'verdict')] : []),
    ...(purged.replies > 0 ? [plural(purged.replies, 'replayed answer')] : []),
    ...(purged.measurements > 0 ? [plural(purged.measurements, 'measured score')] : []),
    ...(purged.rejects > 0 ? [plural(purged.rejects, 'rejected line')] : []),
    ...(purged.ledgerEntries > 0
      ? [`${plural(purged.ledgerEntries, 'request')} in the gateway's ledger`]
      : []),
    ...(purged.files > 0 ? [`all that is known of ${plural(purged.files, 'file')}`] : []),
  ]
  return parts.join(', ')
}

function report(
  purged: Purged,
  bytesBefore: number | null,
  flags: PurgeFlags,
  store: Store,
  terminal: Terminal,
): number {
  const bytes = storeBytes(store.path)
  if (flags.format === 'json') {
    const storeSize = { before: bytesBefore ?? bytes, after: bytes }
    terminal.stdout.write(
      formatJson({
        kind: 'purge',
        version: 1,
        generatedAt: isoNow(terminal),
        dryRun: flags.dryRun === true,
        deleted: purged,
        storeBytes: storeSize,
      }),
    )
    return 0
  }
  terminal.stdout.write(`${sentences(purged, bytesBefore, bytes, flags).join('\n')}\n`)
  return 0
}

function sentences(
  purged: Purged,
  bytesBefore: number | null,
  bytes: number,
  flags: PurgeFlags,
): readonly string[] {
  if (isNothing(purged)) return ['nothing to delete', ...undatedLine(purged)]
  const verb = flags.dryRun === true ? 'would delete' : 'deleted'
  const excerpts =
    purged.excerpts > 0
      ? [`${plural(purged.excerpts, 'rejected line')} of the same files without excerpt`]
      : []
  const size =
    bytesBefore === null
      ? []
      : [`the store takes ${megabytes(bytes)} MB, before ${megabytes(bytesBefore)} MB`]
  return [`${verb} ${countsText(purged)}`, ...excerpts, ...undatedLine(purged), ...size]
}

const undatedLine = ({ undatedKept }: Purged): readonly string[] =>
  undatedKept === 0
    ? []
    : [`${plural(undatedKept, 'request')} without a time kept: their age is unknown`]

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
