import { UserError } from '../domain/user-error.ts'
import type { IngestReport } from '../ingest/ingest.ts'
import { plural } from '../report/numbers.ts'
import { spoolHoldsTurns } from '../serve/spool.ts'
import { needsEstimates } from '../store/estimates.ts'
import { finalize, needsFinalize } from '../store/finalize.ts'
import { gatewayPath, hasGateway } from '../store/gateway-store.ts'
import { knownFiles } from '../store/known-files.ts'
import { needsReprice } from '../store/reprice.ts'
import { beginSnapshot, endSnapshot, type Snapshot } from '../store/snapshot.ts'
import {
  defaultStorePath,
  openStore,
  type Store,
  storeBytes,
  storeError,
  withLoadLock,
} from '../store/store.ts'
import { holdsNoFiles } from '../store/store-facts.ts'
import type { InputFlags, StoreFlags } from './common-options.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { applyEstimates, repriceIfNeeded } from './reprice.ts'
import type { Terminal } from './terminal.ts'

/** An open store, with what was asked about: the files named, or all of it. */
export type OpenLogs = {
  readonly store: Store
  /** The store as it was when the logs were read: what other processes do meanwhile is not seen. */
  readonly snapshot: Snapshot
  /** Numbers of the files the user named, or null for the whole store. */
  readonly files: readonly number[] | null
  readonly report: IngestReport | null
  /** True when Ctrl-C came before the end. */
  readonly interrupted: boolean
}

export const storePath = (flags: StoreFlags, terminal: Terminal): string =>
  flags.db ?? (terminal.env['LLMCOST_DB'] || defaultStorePath)

/** Opens the store and reads the named logs into it; without names, the store must have something in it. */
export async function openLogs(
  inputs: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<OpenLogs> {
  const narrator = new Narrator(terminal, flags)
  const path = storePath(flags, terminal)
  const store = await openStore({
    path,
    driver: terminal.env['LLMCOST_SQLITE'],
    // A gateway may have written before anybody read a log.
    create: inputs.length > 0 || hasGateway(path),
    notice: (sentence) => narrator.say(sentence),
  })
  if (store === null) throw noStore(path)
  try {
    if (hasGateway(store.path) || spoolHoldsTurns(gatewayPath(store.path))) {
      const { takeInGateway } = await import('./take-in-gateway.ts')
      await takeInGateway(store, terminal, async () => prices, narrator)
    }
    if (inputs.length === 0) {
      if (holdsNoFiles(store.database)) throw emptyStore(path)
      const snapshot = await completeStore(store, prices, narrator)
      return { store, snapshot, files: null, report: null, interrupted: false }
    }
    // The readers of all formats are as much code as the rest of most commands.
    const { readInto } = await import('./read-into.ts')
    const read = await readInto(store, inputs, flags, terminal, prices, narrator)
    const { report, interrupted } = read
    if (store.isNew && !store.isTemporary) narrator.firstRun(store.path, storeBytes(store.path))
    for (const name of report.passedOver)
      narrator.detail(`${name}: no log in a known format, passed over`)
    if (report.files.length === 0 && !interrupted) throw noLog(inputs, report.passedOver.length)
    const files = report.files.map((file) => file.id)
    return { store, files, ...read, report: withFinalCounts(report, store) }
  } catch (error) {
    store.close()
    throw storeError(error, path)
  }
}

/** Which records repeat others is known only when all are stored. */
function withFinalCounts(report: IngestReport, { database }: Store): IngestReport {
  const counts = new Map(knownFiles(database).map((file) => [file.id, file.counts]))
  const files = report.files.map((file) => ({
    ...file,
    counts: counts.get(file.id) ?? file.counts,
  }))
  return { ...report, files }
}

/** Finishes a load that was cut off, and prices what another price book had priced. */
async function completeStore(
  store: Store,
  prices: RunPrices,
  narrator: Narrator,
): Promise<Snapshot> {
  const { database } = store
  const snapshot = beginSnapshot(database)
  const isComplete = !needsFinalize(database) && !needsEstimates(database)
  if (isComplete && !needsReprice(database, prices.fingerprint)) return snapshot
  endSnapshot(database)
  return await withLoadLock(
    store,
    () => narrator.waiting(),
    async () => {
      repriceIfNeeded(store, prices, narrator)
      finalize(database)
      await applyEstimates(store, prices)
      return beginSnapshot(database)
    },
  )
}

const noLog = (inputs: readonly string[], passedOver: number): UserError =>
  new UserError(`no log in ${inputs.join(', ')}`, {
    hint:
      passedOver === 0
        ? 'there are no files in it'
        : `${plural(passedOver, 'file')} in no known format: name one by itself to see what is missing, or use -v to list them`,
  })

export const noStore = (path: string): UserError =>
  new UserError(`there is no store at ${path} yet`, {
    hint: 'name the logs to read, e.g. llmcost analyze logs.jsonl, or try llmcost demo',
  })

export const emptyStore = (path: string): UserError =>
  new UserError(`the store at ${path} is empty`, {
    hint: 'read logs into it first, e.g. llmcost ingest logs.jsonl',
  })
