import { availableParallelism } from 'node:os'
import type { Batch } from '../domain/batch.ts'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { type IngestReport, ingest } from '../ingest/ingest.ts'
import type { MapFile } from '../ingest/map-file.ts'
import type { IngestPorts } from '../ingest/ports.ts'
import { readInTurns } from '../ingest/ranges.ts'
import { type ReadPlan, readPlanned, readPlannedRows } from '../ingest/read-plan.ts'
import type { IngestReading } from '../ingest/session.ts'
import type { AskedSettings } from '../ingest/settings.ts'
import { beginBulkLoad, finalize } from '../store/finalize.ts'
import { openForeignRows } from '../store/foreign-rows.ts'
import { IngestSink } from '../store/ingest-sink.ts'
import { compactIfDue } from '../store/purge.ts'
import { beginSnapshot, type Snapshot } from '../store/snapshot.ts'
import { type Store, withLoadLock } from '../store/store.ts'
import type { InputFlags } from './common-options.ts'
import { ingestPorts } from './ingest-ports.ts'
import { interruptible, untilInterrupted } from './interrupt.ts'
import type { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { readText } from './read-text.ts'
import { applyEstimates, repriceIfNeeded } from './reprice.ts'
import type { Terminal } from './terminal.ts'
import { WorkerPool } from './worker-pool.ts'

/** What was read, and the store as it then was. */
export type ReadLogs = {
  readonly report: IngestReport
  readonly interrupted: boolean
  readonly snapshot: Snapshot
}

/** Reads the named logs into the store, alone among processes, and completes it. */
export async function readInto(
  store: Store,
  inputs: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
  prices: RunPrices,
  narrator: Narrator,
): Promise<ReadLogs> {
  const settings = await askedSettings(flags)
  const reading = new Reading(store, flags, terminal, prices)
  const work = async (signal: AbortSignal) => {
    const sink = new IngestSink(store.database, () => beginBulkLoad(store.database))
    const report = await storingWhatWasRead(sink, () =>
      ingest(
        {
          inputs,
          settings,
          stdin: untilInterrupted(terminal.stdin, signal),
          signal,
          openReading: (bytes, files) => reading.open(bytes, files),
          readTables: (plan, tables) => reading.tables(plan, tables),
          onVerdict: (file, note) => narrator.verdict(file, note),
          onProgress: (progress) => narrator.progress(progress),
        },
        sink,
      ),
    )
    // What the readers hold is not needed any more, and finishing the load needs memory of its own.
    await reading.close()
    narrator.clear()
    // Whoever comes next completes what was cut off.
    if (!signal.aborted) {
      finalize(store.database)
      await applyEstimates(store, prices)
      compactIfDue(store.database)
    }
    // Taken before another process may load: it begins by taking apart what this one has just built.
    return { report, interrupted: signal.aborted, snapshot: beginSnapshot(store.database) }
  }
  try {
    const waiting = () => narrator.waiting()
    return await withLoadLock(store, waiting, () => {
      repriceIfNeeded(store, prices, narrator)
      return interruptible(terminal, work)
    })
  } finally {
    await reading.close()
    narrator.clear()
  }
}

/** Closes the sink however reading ends: files read before a bad one stay stored. */
async function storingWhatWasRead<T>(sink: IngestSink, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } finally {
    sink.close()
  }
}

/** From this many bytes on, starting a thread to read them pays. */
const threadBytes = 24e6
/** More files than this keep the readers busy; of fewer, a long one is read by all of them in turns. */
const manyFiles = 8
/** More readers than this only wait for the one thread that stores. */
const readerCount = Math.min(2, availableParallelism())

/** How files are read in this run: here, or in a thread beside the one that stores. */
class Reading {
  readonly #store: Store
  readonly #flags: InputFlags
  readonly #terminal: Terminal
  readonly #ports: IngestPorts
  #pool: WorkerPool | null = null

  constructor(store: Store, flags: InputFlags, terminal: Terminal, prices: RunPrices) {
    this.#store = store
    this.#flags = flags
    this.#terminal = terminal
    this.#ports = ingestPorts(store.secret, prices)
  }

  open(pendingBytes: number, pendingFiles: number): IngestReading {
    if (pendingBytes < threadBytes || !WorkerPool.isAvailable()) {
      return (plan, head) => readPlanned(plan, this.#ports, head)
    }
    const { secret } = this.#store
    const pool = new WorkerPool(readerCount, {
      secret,
      flags: this.#flags,
      env: { ...this.#terminal.env },
    })
    this.#pool = pool
    return (plan, head) => {
      if (head !== undefined) return readPlanned(plan, this.#ports, head)
      if (pendingFiles > manyFiles) return pool.read(plan)
      return readInTurns(plan, readerCount, (part) => pool.read(part))
    }
  }

  async tables(
    plan: ReadPlan,
    tables: Readonly<Record<string, string>>,
  ): Promise<AsyncIterable<Batch>> {
    return readPlannedRows(plan, await openForeignRows(plan.absolutePath, tables), this.#ports)
  }

  /** Ends the threads; what they have read but not handed over is lost. */
  async close(): Promise<void> {
    await this.#pool?.close()
    this.#pool = null
  }
}

/** Parsed and checked by libraries that most runs do not need. */
async function loadMapFile(path: string): Promise<MapFile> {
  const { readYaml } = await import('../policy/read-yaml.ts')
  const { readMapFile } = await import('../ingest/map-file.ts')
  return readMapFile(readYaml(readText(path, 'a mapping file'), path), path)
}

async function askedSettings(flags: InputFlags): Promise<AskedSettings> {
  const file = flags.mapFile === undefined ? {} : await loadMapFile(flags.mapFile)
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
    answerLabel: flags.answerLabel,
    content: flags.content,
    redact: flags.redact,
  }
}
