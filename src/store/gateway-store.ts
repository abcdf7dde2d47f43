import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { JournalEntry } from '../domain/journal.ts'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { type Database, openDatabase } from './database.ts'
import { forecastScoreTables } from './forecasts.ts'
import { newestCheckpoint, saveCheckpoint } from './gateway-checkpoints.ts'
import { type JournalTurn, turnsAfter } from './journal.ts'
import { readMeta, writeMeta } from './meta.ts'
import { type Migration, refuseForeign, runMigrations } from './migrations.ts'
import { makeFolder, openLock, readSecret, storeError, tryLock } from './store.ts'
import { keepWalShort } from './wal-keeper.ts'

export type GatewayOptions = {
  /** Of the store that the gateway belongs to. */
  readonly path: string
  /** "better" or "node"; the first that works by default. */
  readonly driver?: string | undefined
  /** What a committed turn survives: the end of the process, or a power cut as well. */
  readonly durability: 'process' | 'power'
  /** To write no more than a little: no thread is started for what follows. */
  readonly isBrief?: boolean
}

/**
 * What the gateway of a store writes: its journal, checkpoints of what that adds up to, and what it keeps of answers. A
 * database of its own, which one process at a time may write and any may read.
 */
export type GatewayStore = {
  readonly database: Database
  readonly path: string
  /** Of the store: keys are hashed with it. */
  readonly secret: string
  /** Whether what is committed survives a power cut. */
  readonly isDurable: boolean
  /** The last turn that was written; 0 where none was. */
  newestTurn(): number
  /** Writes the entries of a turn, as the JSON of their list; a turn that is there already stays as it is. */
  append(turn: number, entries: string): void
  /** Runs the work in one transaction. */
  transaction(work: () => void): void
  /** Keeps what all turns up to this one add up to: a restart reads only those after it. */
  checkpoint(turn: number, state: JsonObject): void
  recover(): Recovered
  journalAfter(turn: number, onDamage: (turn: number) => void): Iterable<JournalTurn>
  close(): void
}

/** What a restart goes on from. */
export type Recovered = {
  readonly checkpoint: { readonly turn: number; readonly state: JsonObject } | null
  /** What was written after it, in order, read as it is asked for. */
  readonly entries: Iterable<JournalEntry>
  /** Turns among them that cannot be read: complete once `entries` has been read to its end. */
  readonly damaged: readonly number[]
}

/** Longest wait for another process's lock: the event loop waits with it. */
const busyTimeoutMs = 50

const migrations: readonly Migration[] = [
  { name: 'gateway-0001-journal', up: (database) => database.exec(journalTables) },
  { name: 'gateway-0002-forecasts', up: (database) => database.exec(forecastScoreTables) },
]
const journalTables = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE journal (turn INTEGER PRIMARY KEY, entries TEXT NOT NULL);
CREATE TABLE checkpoints (turn INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE erasures (id INTEGER PRIMARY KEY, user TEXT, before INTEGER);
`
const insertTurn = 'INSERT OR IGNORE INTO journal (turn, entries) VALUES (?, ?)'
const selectNewest = `SELECT max((SELECT coalesce(max(turn), 0) FROM journal),
  (SELECT coalesce(max(turn), 0) FROM checkpoints)) AS turn`
const readAnything = 'SELECT count(*) AS n FROM sqlite_master'

/** Where the gateway of a store keeps its database. */
export const gatewayPath = (storePath: string): string => `${resolve(storePath)}.gateway`

/** Whether a gateway has ever run on the store. */
export const hasGateway = (storePath: string): boolean => existsSync(gatewayPath(storePath))

/**
 * Opens the gateway's database, making it where it is missing, as the one process that may write it. Throws a UserError
 * where another one does, and where a newer llmcost made it.
 */
export async function openGatewayStore(options: GatewayOptions): Promise<GatewayStore> {
  const { path: storePath, driver } = options
  const path = gatewayPath(storePath)
  try {
    makeFolder(dirname(path))
    const claim = await claimed(resolve(storePath), driver)
    try {
      const secret = readSecret(`${resolve(storePath)}.secret`)
      const database = await opened(path, options)
      const stop = options.isBrief === true ? () => {} : keepWalShort(database)
      const close = () => {
        stop()
        database.close()
        claim.close()
      }
      const isDurable = options.durability === 'power'
      return { path, secret, isDurable, ...accessTo(database), close }
    } catch (error) {
      claim.close()
      throw error
    }
  } catch (error) {
    throw storeError(error, path)
  }
}

/** The lock that says whose the ledger is, held until it is closed; the operating system frees it in any case. */
async function claimed(storePath: string, driver: string | undefined): Promise<Database> {
  const lock = await openLock(lockPath(storePath), driver)
  if (tryLock(lock)) return lock
  lock.close()
  throw new UserError(`another llmcost serve is running on the store ${storePath}`, {
    hint: 'stop it first, or name another store with --db',
  })
}

/** Whether a process is writing the ledger of the store. */
export async function isGatewayRunning(
  storePath: string,
  driver: string | undefined,
): Promise<boolean> {
  const path = lockPath(storePath)
  if (!existsSync(path)) return false
  const lock = await openDatabase(path, { driver, readOnly: true, busyTimeoutMs: 0 })
  try {
    lock.prepare(readAnything).get()
    return false
  } catch (error) {
    if (/locked|busy/i.test(String(error))) return true
    throw error
  } finally {
    lock.close()
  }
}

const lockPath = (storePath: string): string => `${gatewayPath(storePath)}.lock`

async function opened(path: string, { driver, durability }: GatewayOptions): Promise<Database> {
  // Made empty with its mode first, so that SQLite never creates it readable for others.
  if (!existsSync(path)) writeFileSync(path, '', { mode: 0o600, flag: 'a' })
  const database = await openDatabase(path, { driver, busyTimeoutMs })
  try {
    refuseForeign(database)
    const synchronous = durability === 'power' ? 'FULL' : 'NORMAL'
    // It writes at the end and seldom reads: pages that are kept, 16 MB by default, would only take memory.
    database.exec(
      `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON; PRAGMA cache_size = -2000`,
    )
    runMigrations(database, migrations)
    if (ledgerId(database) === null) writeMeta(database, ledgerName, randomBytes(8).toString('hex'))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const ledgerName = 'ledger'

/** Tells one ledger from another that takes its place; null before it is made. */
export function ledgerId(database: Database): string | null {
  const id = readMeta(database, ledgerName)
  return id === undefined ? null : String(id)
}

function accessTo(
  database: Database,
): Omit<GatewayStore, 'path' | 'secret' | 'isDurable' | 'close'> {
  const insert = database.prepare(insertTurn)
  const newest = database.prepare(selectNewest)
  return {
    database,
    newestTurn: () => Number(newest.get()?.['turn']),
    append: (turn, entries) => {
      insert.run(turn, entries)
    },
    transaction: (work) => database.transaction(work),
    checkpoint: (turn, state) => saveCheckpoint(database, turn, state),
    recover: () => recover(database),
    journalAfter: (turn, onDamage) => turnsAfter(database, turn, onDamage),
  }
}

function recover(database: Database): Recovered {
  const checkpoint = newestCheckpoint(database)
  const damaged: number[] = []
  function* entries(): Generator<JournalEntry> {
    damaged.length = 0
    const turns = turnsAfter(database, checkpoint?.turn ?? 0, (turn) => damaged.push(turn))
    for (const turn of turns) yield* turn.entries
  }
  return { checkpoint, entries: { [Symbol.iterator]: entries }, damaged }
}
