import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../domain/user-error.ts'
import { formatCount, plural } from '../report/numbers.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { needsFinalize } from '../store/finalize.ts'
import { gatewayPath } from '../store/gateway-store.ts'
import { knownFiles } from '../store/known-files.ts'
import { storeBytes, storeError } from '../store/store.ts'
import { storeFacts } from '../store/store-facts.ts'
import type { StoreFlags } from './common-options.ts'
import { type Check, ok, warn } from './doctor-check.ts'
import { ledgerChecks } from './doctor-ledger.ts'
import { storePath } from './logs.ts'
import type { Terminal } from './terminal.ts'

/** Where the store is, who can read it, what is in it. It is opened for reading only. */
export async function storeChecks(
  flags: StoreFlags,
  terminal: Terminal,
): Promise<readonly Check[]> {
  const path = resolve(storePath(flags, terminal))
  if (!existsSync(path)) {
    const missing = ok('store', `none yet at ${path}`, 'llmcost ingest logs.jsonl makes it')
    return [missing, ...(await ledgerChecks(path, terminal))]
  }
  const size = `${path}, ${(storeBytes(path) / 1e6).toFixed(1)} MB`
  return [
    ok('store', size),
    ...[path, `${path}.secret`, gatewayPath(path)].flatMap(modeCheck),
    ...(await contentChecks(path, terminal)),
    ...(await ledgerChecks(path, terminal)),
  ]
}

/** Prompts are private: a store that others can read is worth a word. Windows has no such bits. */
function modeCheck(path: string): readonly Check[] {
  if (process.platform === 'win32' || !existsSync(path)) return []
  const mode = statSync(path).mode & 0o777
  const value = `${mode.toString(8).padStart(4, '0')} ${path}`
  return (mode & 0o077) === 0
    ? [ok('mode', value)]
    : [warn('mode', `${value}: others can read it`, `chmod 600 ${path}`)]
}

async function contentChecks(path: string, { env }: Terminal): Promise<readonly Check[]> {
  try {
    const database = await openDatabase(path, { driver: env['LLMCOST_SQLITE'], readOnly: true })
    try {
      return [contentCheck(database), loadCheck(database), ...missingLogs(database)]
    } finally {
      database.close()
    }
  } catch (error) {
    return [damaged(error, path)]
  }
}

function damaged(error: unknown, path: string): Check {
  const known = storeError(error, path)
  if (known instanceof UserError) return warn('content', known.message, known.hint ?? '')
  const text = error instanceof Error ? error.message : String(error)
  return warn(
    'content',
    text,
    'remove the store and read the logs again, or name another with --db',
  )
}

function contentCheck(database: Database): Check {
  const { requests, undated, files, rejects, from, to } = storeFacts(database)
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const period = from === null || to === null ? '' : `, ${day(from)} to ${day(to)}`
  const value = `${plural(requests, 'request')} of ${plural(files, 'file')}${period}`
  const notes = [
    ...(undated > 0 ? [`${formatCount(undated)} without a time`] : []),
    ...(rejects > 0 ? [`${plural(rejects, 'line')} rejected`] : []),
  ]
  const advice =
    rejects > 0 ? 'llmcost sql "select path, reason, count(*) from v_rejects group by 1, 2"' : null
  return ok('content', [value, ...notes].join(', '), advice)
}

function loadCheck(database: Database): Check {
  const unread = knownFiles(database).filter(({ complete }) => !complete)
  if (unread.length > 0) {
    const paths = unread.map(({ path }) => path).join(', ')
    return warn(
      'load',
      `${plural(unread.length, 'file')} not read to the end: ${paths}`,
      'name them again, e.g. llmcost ingest FILE: reading goes on where it stopped',
    )
  }
  return needsFinalize(database)
    ? warn('load', 'a load was cut off', 'the next command completes it, e.g. llmcost analyze')
    : ok('load', 'complete')
}

/** Logs that are gone cannot be read again under other options; what was read of them stays. */
function missingLogs(database: Database): readonly Check[] {
  const gone = knownFiles(database).filter(
    ({ path }) => !path.startsWith('stdin:') && !path.includes('#') && !existsSync(path),
  )
  return gone.length === 0
    ? []
    : [ok('logs', `${plural(gone.length, 'file')} no longer where it was read: its requests stay`)]
}
