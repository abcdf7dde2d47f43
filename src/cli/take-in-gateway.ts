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
import { type GatewayJournal, openGatewayJournal, takenTurn } from '../store/gateway-journal.ts'
import { gatewayPath, openGatewayStore } from '../store/gateway-store.ts'
import { IngestSink } from '../store/ingest-sink.ts'
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
  try {
    const journal = await openJournal(store, terminal, narrator)
    if (journal === null) return
    try {
      if (!hasNews(store, journal)) return
      const prices = await pricesOf()
      const work = () => takeIn(store, journal, prices, narrator)
      await withLoadLock(store, () => narrator.waiting(), work)
    } finally {
      narrator.clear()
      journal.close()
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    narrator.say(`warning: not all of the gateway's ledger is taken in: ${error.message}`)
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
    const options = { path, driver, durability: 'process', isBrief: true } as const
    const gateway = await openGatewayStore(options)
    try {
      new TurnWriter(gateway).close()
    } finally {
      gateway.close()
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    narrator.detail(`the gateway's spool stays where it is: ${error.message}`)
  }
}

const hasNews = ({ database }: Store, journal: GatewayJournal): boolean =>
  journal.newestTurn > takenTurn(database, journal)

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
  const { path, ledger, turnsAfter, newestTurn } = journal
  const { id, ...known } = knownLedger(sink, journal)
  const { byteOffset, line, counts } = known
  sink.expect(journal.bytesAfter(byteOffset))
  const plan = { path, ledger, start: { byteOffset, line }, counts, turnsAfter }
  let last = { byteOffset, line, counts }
  for await (const batch of readLedger(plan, ports)) {
    sink.append(id, batch)
    last = { byteOffset: batch.byteOffset, line: batch.line, counts: batch.counts }
    const [done, all] = [batch.byteOffset - byteOffset, newestTurn - byteOffset]
    narrator.working("reading the gateway's ledger", done, all)
    // Lets a Ctrl-C in between two batches.
    await nextTurn()
  }
  // Turns in which nothing was settled are behind it too.
  sink.saveFile({ ...known, ...last, byteOffset: Math.max(last.byteOffset, newestTurn) }, id)
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
