import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../domain/user-error.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate, refuseForeign } from './migrations.ts'
import { sqliteCode } from './sqlite-code.ts'

export const defaultStorePath = '.llmcost/llmcost.db'

export type StoreOptions = {
  /** The file; made on first use with mode 0600 in a folder that git ignores. */
  readonly path: string
  /** "better" or "node"; the first that works by default. */
  readonly driver?: string | undefined
  /** Called with a plain sentence when the store is made, or has to be a temporary one. */
  readonly notice?: (sentence: string) => void
  /** False to fail where the store is missing, instead of making it. */
  readonly create: boolean
}

export type Store = {
  readonly database: Database
  readonly path: string
  /** A secret of this store: keys are hashed with it. */
  readonly secret: string
  readonly isNew: boolean
  readonly isTemporary: boolean
  close(): void
}

/** Opens the store, making it where it is missing; null when it is missing and may not be made. */
export async function openStore(options: StoreOptions): Promise<Store | null> {
  const path = resolve(options.path)
  const isNew = !existsSync(path)
  if (isNew && !options.create) return null
  const folder = dirname(path)
  try {
    if (isNew) makeFolder(folder)
    return await openAt(path, isNew, false, options)
  } catch (error) {
    if (!isNew || !isDenied(error)) throw storeError(error, path)
    const temporary = mkdtempSync(join(tmpdir(), 'llmcost-'))
    options.notice?.(
      `${folder} cannot be written to: this run keeps its store in ${temporary} and removes it at the end (name another place with --db)`,
    )
    return await openAt(join(temporary, 'llmcost.db'), true, true, options)
  }
}

async function openAt(
  path: string,
  isNew: boolean,
  isTemporary: boolean,
  options: StoreOptions,
): Promise<Store> {
  // Made empty with its mode first, so that SQLite never creates it readable for others.
  if (isNew) writeFileSync(path, '', { mode: 0o600, flag: 'a' })
  const database = await openDatabase(path, { driver: options.driver })
  refuseForeign(database)
  database.exec(
    'PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = FILE; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 2000',
  )
  migrate(database)
  const secret = readSecret(`${path}.secret`)
  const close = () => {
    database.close()
    if (isTemporary) rmSync(dirname(path), { recursive: true, force: true })
  }
  return { database, path, secret, isNew, isTemporary, close }
}

/** Makes a folder that its owner alone can read and git ignores. */
export function makeFolder(folder: string): void {
  const existed = existsSync(folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existed) writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'a' })
}

/** 128 random bits beside the store, readable by its owner only: hashes in the store cannot be guessed without it. */
export function readSecret(path: string): string {
  if (!existsSync(path)) writeSecret(path)
  const secret = readFileSync(path, 'utf8')
  if (secret.length === 32) return secret
  throw new UserError(`${path} is damaged`, {
    hint: 'remove the store and its secret, and read the logs again',
  })
}

/** Whole or not at all: another process may be looking for it, or making its own, at the same moment. */
function writeSecret(path: string): void {
  const own = `${path}.${process.pid}`
  writeFileSync(own, randomBytes(16).toString('hex'), { mode: 0o600 })
  try {
    linkSync(own, path)
  } catch {
    // Another one was first, or the file system knows no links.
    if (!existsSync(path)) renameSync(own, path)
  } finally {
    rmSync(own, { force: true })
  }
}

const deniedCodes = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'ENOTDIR',
])

const isDenied = (error: unknown): boolean => deniedCodes.has(sqliteCode(error))

/** SQLite's own words turned into a user's. Anything unknown is passed on as it is. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error
  const code = sqliteCode(error)
  const text = String(error)
  if (
    code === 'SQLITE_FULL' ||
    code === 'ENOSPC' ||
    code === 'EFBIG' ||
    /disk is full|disk I\/O error/.test(text)
  ) {
    return new UserError(`the disk is full: ${path} could not be written`, {
      hint: 'what was stored so far is kept; free some space, or name another place with --db, and run the same command again',
    })
  }
  if (code === 'SQLITE_BUSY' || /database is locked/.test(text)) {
    return new UserError(`${path} is in use by another process`, {
      hint: 'try again when it is done',
    })
  }
  if (code === 'SQLITE_NOTADB' || /not a database/.test(text)) {
    return new UserError(`${path} is not an llmcost store`, {
      hint: 'name another place with --db',
    })
  }
  if (isDenied(error))
    return new UserError(`${path} cannot be opened (${code})`, {
      hint: 'name another place with --db',
    })
  return error
}

/** Sizes of the store's files in bytes: the database with its write-ahead log. */
export function storeBytes(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, each) => sum + (existsSync(each) ? statSync(each).size : 0),
    0,
  )
}

/**
 * One process at a time loads a store. The lock is an exclusive transaction on a file beside it, so that the operating
 * system frees it however the process ends. `onWait` is called once when another process holds it.
 */
export const withLoadLock = <T>(
  store: Store,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> => withLock(store, `${store.path}.lock`, { onWait }, work)

/**
 * One process at a time asks models on behalf of a store: two would pay twice for what both of them need, and each
 * keep a budget of its own. Held as the lock of loads is; whoever waits goes on at once when the signal says so.
 */
export const withReplayLock = <T>(
  store: Store,
  waiting: LockWait,
  work: () => Promise<T>,
): Promise<T> => withLock(store, `${store.path}.replay.lock`, waiting, work)

type LockWait = {
  /** Called once when another process holds the lock. */
  readonly onWait: () => void
  readonly signal?: AbortSignal
}

async function withLock<T>(
  store: Store,
  path: string,
  { onWait, signal }: LockWait,
  work: () => Promise<T>,
): Promise<T> {
  const driver = store.database.driver === 'node:sqlite' ? 'node' : 'better'
  const lock = await openLock(path, driver)
  try {
    for (let waited = false; !tryLock(lock) && signal?.aborted !== true; waited = true) {
      if (!waited) onWait()
      await new Promise((resume) => setTimeout(resume, 100))
    }
    return await work()
  } finally {
    lock.close()
  }
}

/** The database that is a lock: whoever holds an exclusive transaction on it has the lock, until its process ends. */
export async function openLock(path: string, driver: string | undefined): Promise<Database> {
  const lock = await openDatabase(path, { driver, busyTimeoutMs: 50 })
  chmodSync(path, 0o600)
  return lock
}

/** Takes the lock where nobody has it. */
export function tryLock(lock: Database): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (/locked|busy/i.test(String(error))) return false
    throw error
  }
}
