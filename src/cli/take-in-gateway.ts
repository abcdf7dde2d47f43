import { setImmediate as nextTurn } from 'node:timers/promises'
import { type KnownFile, noCounts } from '../domain/batch.ts'
import { UserError } from '../domain/user-error.ts'
import { gatewayReader } from '../ingest/gateway-reader.ts'
import type { IngestPorts } from '../ingest/ports.ts'
import { readLedger } from '../ingest/read-ledger.ts'
import { defaultSettings, settingsText } from '../ingest/settings.ts'
import { plural } from '../report/numbers.ts'
import { spoolHoldsTurns } from '../serve/spool.ts'
import { TurnWriter } from '../serve/turn-writer.ts'
import { beginBulkLoad, finalize } from '../store/finalize.ts'
import { type GatewayJournal, openGatewayJournal } from '../store/gateway-journal.ts'
import { gatewayPath, openGatewayStore } from '../store/gateway-store.ts'
import { IngestSink } from '../store/ingest-sink.ts'
import { knownFiles } from '../store/known-files.ts'
import { type Store, withLoadLock } from '../store/store.ts'
import { ingestPorts } from './ingest-ports.ts'
import type { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { applyEstimates, repriceIfNeeded } from './reprice.ts'
import type { Terminal } from './terminal.ts'

/**
 * Takes into the store what its gateway has settled since the last time, as a log that has grown, whether or not the
 * gateway is running. Cut off anywhere, the next command goes on. A ledger that cannot be read is told and left alone.
 */
export async function takeInGateway(
  store: Store,
  terminal: Terminal,
  pricesOf: () => Promise<RunPrices>,
  narrator: Narrator,
): Promise<void> {
  let journal: GatewayJournal | null = null
  try {
    journal = await openJournal(store, terminal, narrator)
    if (journal === null || !hasNews(store, journal)) return
    const [news, prices] = [journal, await pricesOf()]
    await withLoadLock(
      store,
      () => narrator.waiting(),
      () => takeIn(store, news, prices, narrator),
    )
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    narrator.say(`warning: not all of the gateway's ledger is taken in: ${error.message}`)
  } finally {
    narrator.clear()
    journal?.close()
  }
}

async function openJournal(
  { path }: Store,
  { env }: Terminal,
  narrator: Narrator,
): Promise<GatewayJournal | null> {
  const driver = env['LLMCOST_SQLITE']
  if (spoolHoldsTurns(gatewayPath(path))) await bringInSpool(path, driver, narrator)
  return await openGatewayJournal(path, driver)
}

/** What a gateway that is gone could not write into its database. One that is running does that itself. */
async function bringInSpool(
  path: string,
  driver: string | undefined,
  narrator: Narrator,
): Promise<void> {
  try {
    const gateway = await openGatewayStore({ path, driver, durability: 'process' })
    try {
      new TurnWriter(gateway, { isDurable: false }).close()
    } finally {
      gateway.close()
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    narrator.detail(`the gateway's spool stays where it is: ${error.message}`)
  }
}

function hasNews({ database }: Store, { path, ledger, newestTurn }: GatewayJournal): boolean {
  const known = knownFiles(database).find((file) => file.path === path)
  return newestTurn > (known?.headHash === ledger ? known.byteOffset : 0)
}

/** Alone among processes: asked again what is new, as another one may have been first. */
async function takeIn(
  store: Store,
  journal: GatewayJournal,
  prices: RunPrices,
  narrator: Narrator,
): Promise<void> {
  if (!hasNews(store, journal)) return
  const { database } = store
  repriceIfNeeded(store, prices, narrator)
  const sink = new IngestSink(database, () => beginBulkLoad(database))
  try {
    await read(sink, journal, ingestPorts(store.secret, prices), narrator)
  } finally {
    sink.close()
  }
  finalize(database)
  await applyEstimates(store, prices)
}

async function read(
  sink: IngestSink,
  journal: GatewayJournal,
  ports: IngestPorts,
  narrator: Narrator,
): Promise<void> {
  const { path, newestTurn } = journal
  const known = knownLedger(sink, journal)
  const { id, ...begun } = known
  const { byteOffset, line, counts } = begun
  sink.expect(journal.bytesAfter(byteOffset))
  const plan = { path, ledger: journal.ledger, start: { byteOffset, line }, counts }
  let last = { ...begun }
  for await (const batch of readLedger({ ...plan, turnsAfter: journal.turnsAfter }, ports)) {
    sink.append(id, batch)
    last = { ...last, byteOffset: batch.byteOffset, line: batch.line, counts: batch.counts }
    narrator.working(
      "reading the gateway's ledger",
      batch.byteOffset - byteOffset,
      newestTurn - byteOffset,
    )
    // Lets a Ctrl-C in between two batches.
    await nextTurn()
  }
  // Turns without a settled request are behind it too.
  sink.saveFile({ ...last, byteOffset: Math.max(last.byteOffset, newestTurn) }, id)
  const what = `${gatewayReader.title}: ${plural(last.line - line, 'new request')}`
  if (byteOffset === 0) narrator.say(what)
  else narrator.detail(what)
}

/** The ledger as the store knows it, made known where it is new; another one that was in its place keeps its requests. */
function knownLedger(sink: IngestSink, { path, ledger }: GatewayJournal): KnownFile {
  const known = sink.knownFiles().find((file) => file.path === path)
  if (known?.headHash === ledger) return known
  if (known !== undefined) {
    const { id, ...row } = known
    sink.saveFile({ ...row, path: `${path}#${known.headHash.slice(0, 8)}` }, id)
  }
  const row = {
    path,
    format: gatewayReader.name,
    settings: settingsText(defaultSettings),
    size: 0,
    mtimeMs: 0,
    headHash: ledger,
    headLength: 0,
    byteOffset: 0,
    line: 0,
    complete: true,
    counts: noCounts,
  }
  return { ...row, id: sink.saveFile(row) }
}
