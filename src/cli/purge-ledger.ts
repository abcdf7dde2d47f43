import { ledgerFormat } from '../domain/journal.ts'
import { UserError } from '../domain/user-error.ts'
import { spoolHoldsTurns, spoolPath } from '../serve/spool.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { type ErasureScope, eraseEntries, eraseKept, orderErasure } from '../store/erase-ledger.ts'
import {
  type GatewayStore,
  gatewayPath,
  hasGateway,
  isGatewayRunning,
  openGatewayStore,
} from '../store/gateway-store.ts'
import { knownFiles } from '../store/known-files.ts'
import { compact, type PurgeScope } from '../store/purge.ts'
import { type Store, storeError } from '../store/store.ts'
import type { Terminal } from './terminal.ts'

/**
 * Erases the requests of a scope from the ledger of the store's gateway as well, with what it keeps of answers; returns
 * how many. A gateway that is running goes on, and is asked to forget what it holds; of one that is not, all kept answers
 * go. What budgets have counted stays, unless everything is to go.
 */
export async function eraseLedger(
  store: Store,
  scope: PurgeScope,
  { env }: Terminal,
  dryRun: boolean,
): Promise<number> {
  const meant = erasureOf(store, scope)
  if (meant === null || !hasGateway(store.path)) return 0
  const driver = env['LLMCOST_SQLITE']
  const path = gatewayPath(store.path)
  try {
    if (dryRun)
      return await within(path, driver, true, (ledger) => eraseEntries(ledger, meant, true))
    if (spoolHoldsTurns(path)) throw stillSpooled(path)
    if (await isGatewayRunning(store.path, driver)) {
      return await within(path, driver, false, (ledger) => eraseBeside(ledger, meant))
    }
    const options = { path: store.path, driver, durability: 'process', isBrief: true } as const
    return eraseAlone(await openGatewayStore(options), meant, scope.kind === 'all')
  } catch (error) {
    throw storeError(error, path)
  }
}

/** What a scope means for the ledger; null where it does not concern it. */
function erasureOf({ database }: Store, scope: PurgeScope): ErasureScope | null {
  if (scope.kind === 'all') return { user: null, before: null }
  const { files } = scope
  const ledgers = knownFiles(database).filter(({ format }) => format === ledgerFormat)
  if (files !== null && !ledgers.some(({ id }) => files.includes(id))) return null
  return scope.kind === 'files'
    ? { user: null, before: null }
    : { user: scope.user, before: scope.before }
}

async function within<T>(
  path: string,
  driver: string | undefined,
  readOnly: boolean,
  work: (ledger: Database) => T,
): Promise<T> {
  const ledger = await openDatabase(path, { driver, readOnly })
  try {
    return work(ledger)
  } finally {
    ledger.close()
  }
}

/** While the gateway is running, a part at a time. */
function eraseBeside(ledger: Database, meant: ErasureScope): number {
  const erased = eraseEntries(ledger, meant, false)
  orderErasure(ledger, meant)
  // Nothing of it is left in the write-ahead log either.
  ledger.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  return erased
}

/** As the one process that may write the ledger, so that no gateway starts meanwhile. */
function eraseAlone(gateway: GatewayStore, meant: ErasureScope, isAll: boolean): number {
  const { database } = gateway
  try {
    const erased = eraseEntries(database, meant, isAll)
    eraseKept(database, isAll)
    compact(database)
    return erased
  } finally {
    gateway.close()
  }
}

const stillSpooled = (path: string): UserError =>
  new UserError(
    `the gateway cannot write its ledger: what it did of late is still in ${spoolPath(path)}`,
    {
      hint: 'free space on its disk, or wait until whoever else uses it is done, and purge then',
    },
  )
