import type { Database } from '../store/database.ts'
import { finalize, needsFinalize } from '../store/finalize.ts'
import { hasGateway } from '../store/gateway-store.ts'
import { beginSnapshot, endSnapshot } from '../store/snapshot.ts'
import { openStore, type Store, storeError, withLoadLock } from '../store/store.ts'
import { holdsNoFiles, holdsNoRequests, holdsNothing } from '../store/store-facts.ts'
import type { StoreFlags } from './common-options.ts'
import { emptyStore, noStore, storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices } from './price-book.ts'
import { takeInGateway } from './take-in-gateway.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs the work on the store as it is, completed where a load was cut off, and closes it. Throws a UserError where there
 * is none, or nothing of what is needed is in it.
 */
export async function withExistingStore<T>(
  flags: StoreFlags,
  terminal: Terminal,
  needs: Needs,
  access: 'read' | 'write',
  work: (store: Store, narrator: Narrator) => T | Promise<T>,
): Promise<T> {
  const narrator = new Narrator(terminal, flags)
  const path = storePath(flags, terminal)
  const driver = terminal.env['LLMCOST_SQLITE']
  const store = await openStore({ path, driver, create: hasGateway(path) })
  if (store === null) throw noStore(path)
  try {
    await takeInGateway(store, terminal, () => openRunPrices({}, terminal), narrator)
    if (isEmpty(store, needs)) throw emptyStore(path)
    await snapshotOf(store, narrator)
    if (access === 'write') endSnapshot(store.database)
    return await work(store, narrator)
  } catch (error) {
    throw storeError(error, path)
  } finally {
    store.close()
  }
}

/** Begins a snapshot of the complete store. */
async function snapshotOf(store: Store, narrator: Narrator): Promise<void> {
  const { database } = store
  beginSnapshot(database)
  if (!needsFinalize(database)) return
  endSnapshot(database)
  const complete = async () => {
    finalize(database)
    beginSnapshot(database)
  }
  await withLoadLock(store, () => narrator.waiting(), complete)
}

/** `anything`: logs that were read, or what replays left. */
type Needs = 'files' | 'requests' | 'anything'

const isEmpty = ({ database }: Store, needs: Needs): boolean => isWithout[needs](database)

const isWithout: Readonly<Record<Needs, (database: Database) => boolean>> = {
  files: holdsNoFiles,
  requests: holdsNoRequests,
  anything: holdsNothing,
}
