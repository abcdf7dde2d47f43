import type { JsonObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { type IngestReport, ingest } from '../ingest/ingest.ts'
import { readMapFile } from '../ingest/map-file.ts'
import type { AskedSettings } from '../ingest/settings.ts'
import { readYaml } from '../policy/read-yaml.ts'
import { openDatabase } from '../store/database.ts'
import { beginBulkLoad, finalize, needsFinalize } from '../store/finalize.ts'
import { IngestSink } from '../store/ingest-sink.ts'
import {
  needsReprice,
  repriceStore,
  type StoredPricer,
  setPricesFingerprint,
} from '../store/reprice.ts'
import {
  defaultStorePath,
  openStore,
  type Store,
  storeBytes,
  storeError,
  withLoadLock,
} from '../store/store.ts'
import type { InputFlags, StoreFlags } from './common-options.ts'
import { ingestPorts } from './ingest-ports.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { readText } from './read-text.ts'
import type { Terminal } from './terminal.ts'

/** An open store, with what was asked about: the files named, or all of it. */
export type OpenLogs = {
  readonly store: Store
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
    create: inputs.length > 0,
    notice: (sentence) => narrator.say(sentence),
  })
  if (store === null) throw noStore(path)
  try {
    if (inputs.length === 0) {
      await completeStore(store, prices, narrator)
      return { store, files: null, report: null, interrupted: false }
    }
    return await readInto(store, inputs, flags, terminal, prices, narrator)
  } catch (error) {
    store.close()
    throw storeError(error, path)
  }
}

/** Finishes a load that was cut off, and prices what another price book had priced. */
async function completeStore(store: Store, prices: RunPrices, narrator: Narrator): Promise<void> {
  const { database } = store
  if (!needsFinalize(database) && !needsReprice(database, prices.fingerprint)) return
  await withLoadLock(
    store,
    () => narrator.waiting(),
    async () => {
      repriceIfNeeded(store, prices, narrator)
      finalize(database)
    },
  )
}

function repriceIfNeeded({ database }: Store, prices: RunPrices, narrator: Narrator): void {
  if (needsReprice(database, prices.fingerprint)) {
    narrator.detail('prices differ from those of the last run: pricing the stored requests anew')
    repriceStore(database, prices.fingerprint, storedPricer(prices))
  }
  setPricesFingerprint(database, prices.fingerprint)
}

const storedPricer =
  (prices: RunPrices): StoredPricer =>
  (query, usage, { loggedCostNanoUsd, servedFromCache }, fees) =>
    prices.price(
      query,
      usage,
      {
        loggedCostNanoUsd: (loggedCostNanoUsd ?? undefined) as NanoUsd | undefined,
        servedFromCache,
      },
      fees,
    )

export const noStore = (path: string): UserError =>
  new UserError(`there is no store at ${path} yet`, {
    hint: 'name the logs to read, e.g. llmcost analyze logs.jsonl, or try llmcost demo',
  })

async function readInto(
  store: Store,
  inputs: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
  prices: RunPrices,
  narrator: Narrator,
): Promise<OpenLogs> {
  const interrupt = new AbortController()
  const stopListening = terminal.onInterrupt?.(() => interrupt.abort())
  try {
    const report = await withLoadLock(
      store,
      () => narrator.waiting(),
      async () => {
        repriceIfNeeded(store, prices, narrator)
        const sink = new IngestSink(store.database, () => beginBulkLoad(store.database))
        const result = await ingest(
          {
            inputs,
            settings: askedSettings(flags),
            stdin: terminal.stdin,
            signal: interrupt.signal,
            openRows: databaseRows,
            onVerdict: (file, note) => narrator.verdict(file, note),
            onProgress: (progress) => narrator.progress(progress),
          },
          ingestPorts(store.secret, prices),
          sink,
        )
        narrator.clear()
        finalize(store.database)
        return result
      },
    )
    if (store.isNew) narrator.firstRun(store.path, storeBytes(store.path), store.isTemporary)
    for (const path of report.passedOver)
      narrator.detail(`${path}: no log in a known format, passed over`)
    const files = report.files.map((file) => file.id)
    return { store, files, report, interrupted: interrupt.signal.aborted }
  } finally {
    narrator.clear()
    stopListening?.()
  }
}

function askedSettings(flags: InputFlags): AskedSettings {
  const file =
    flags.mapFile === undefined
      ? {}
      : readMapFile(
          readYaml(readText(flags.mapFile, 'a mapping file'), flags.mapFile),
          flags.mapFile,
        )
  const at = flags.at === undefined ? undefined : timeOf(flags.at)
  if (flags.at !== undefined && at === undefined) {
    throw new UserError(`--at "${flags.at}" is no time`, {
      hint: 'write it as 2026-08-01T00:00:00Z',
    })
  }
  const map =
    file.map === undefined && flags.map === undefined ? undefined : { ...file.map, ...flags.map }
  const set =
    file.set === undefined && flags.set === undefined ? undefined : { ...file.set, ...flags.set }
  return {
    inputFormat: flags.inputFormat,
    map,
    set,
    atBase: flags.atBase ?? file.atBase,
    defaultAt: at,
    content: flags.content,
    redact: flags.redact,
  }
}

/** Rows of a log that is itself a database, oldest first, from whichever of the tables it has. */
async function databaseRows(
  path: string,
  tables: Readonly<Record<string, string>>,
): Promise<Iterable<JsonObject>> {
  const database = await openDatabase(path, { readOnly: true })
  const present = new Set(
    database
      .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
      .all()
      .map((row) => row['name']),
  )
  const queries = Object.entries(tables)
    .filter(([table]) => present.has(table))
    .map(([, query]) => query)
  if (queries.length === 0) {
    throw new UserError(`${path} has none of the tables ${Object.keys(tables).join(', ')}`, {
      hint: 'export its rows as JSON lines or CSV and describe them with --map',
    })
  }
  return (function* () {
    for (const query of queries) yield* database.prepare(query).all() as unknown as JsonObject[]
    database.close()
  })()
}
