import { createRequire } from 'node:module'
import { UserError } from '../domain/user-error.ts'

export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlRow = { readonly [column: string]: SqlValue }

export type Statement = {
  run(...values: readonly SqlValue[]): { readonly changes: number }
  get(...values: readonly SqlValue[]): SqlRow | undefined
  all(...values: readonly SqlValue[]): readonly SqlRow[]
  /** Rows as arrays of cells, read lazily. */
  cells(...values: readonly SqlValue[]): Iterable<readonly SqlValue[]>
  /** Names of the result's columns, in order. */
  columns(): readonly string[]
}

/** The few things this project asks of SQLite, the same over both drivers. */
export type Database = {
  readonly driver: 'better-sqlite3' | 'node:sqlite'
  readonly path: string
  exec(sql: string): void
  prepare(sql: string): Statement
  /** Runs the work in one immediate transaction; rolls back when it throws. */
  transaction<T>(work: () => T): T
  /** Loads a compiled extension of SQLite from a file; throws where the driver cannot. */
  loadExtension(path: string): void
  close(): void
}

export type OpenOptions = {
  readonly readOnly?: boolean
  /** Forces one driver; by default better-sqlite3, and node:sqlite where its binary is missing. */
  readonly driver?: string | undefined
  /** Whole numbers come as bigint, so that none beyond 2^53 is rounded. */
  readonly bigIntegers?: boolean
  /** How long to wait for another process's lock. */
  readonly busyTimeoutMs?: number
}

const defaultBusyTimeoutMs = 10_000

/** Opens an SQLite file with whichever driver this machine has. ":memory:" works too. */
export async function openDatabase(path: string, options: OpenOptions = {}): Promise<Database> {
  if (options.driver !== 'node') {
    const opened = openBetter(path, options)
    if (opened !== null) return opened
    if (options.driver === 'better')
      throw new UserError('better-sqlite3 has no binary here', { hint: installHint })
  }
  return await openNode(path, options)
}

const installHint =
  'run `npm rebuild better-sqlite3` after allowing its install script (`npm install-scripts approve better-sqlite3`), or use Node 22.13 or newer'

type BetterStatement = {
  readonly reader: boolean
  run(...values: readonly SqlValue[]): { changes: number }
  get(...values: readonly SqlValue[]): SqlRow | undefined
  all(...values: readonly SqlValue[]): SqlRow[]
  raw(): BetterStatement
  iterate(...values: readonly SqlValue[]): Iterable<readonly SqlValue[]>
  columns(): { readonly name: string }[]
}
type BetterDatabase = {
  exec(sql: string): unknown
  prepare(sql: string): BetterStatement
  pragma(text: string): unknown
  loadExtension(path: string): unknown
  defaultSafeIntegers(on: boolean): unknown
  close(): void
}
type BetterConstructor = new (
  path: string,
  options: { readonly: boolean; fileMustExist: boolean; timeout: number },
) => BetterDatabase

const missingBinary =
  /bindings file|Cannot find (?:module|package)|NODE_MODULE_VERSION|ERR_DLOPEN|invalid ELF|self-register/

function openBetter(path: string, options: OpenOptions): Database | null {
  const readOnly = options.readOnly === true
  try {
    const Better = createRequire(import.meta.url)('better-sqlite3') as BetterConstructor
    const database = new Better(path, {
      readonly: readOnly,
      fileMustExist: readOnly,
      timeout: options.busyTimeoutMs ?? defaultBusyTimeoutMs,
    })
    if (options.bigIntegers === true) database.defaultSafeIntegers(true)
    return databaseOf('better-sqlite3', path, database, (sql) => {
      const statement = database.prepare(sql)
      const raw = statement.reader ? database.prepare(sql).raw() : statement
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        cells: (...values) => raw.iterate(...values),
        columns: () => (statement.reader ? statement.columns().map((column) => column.name) : []),
      }
    })
  } catch (error) {
    if (missingBinary.test(String(error))) return null
    throw error
  }
}

type NodeStatement = {
  run(...values: readonly SqlValue[]): { changes: number | bigint }
  get(...values: readonly SqlValue[]): SqlRow | undefined
  all(...values: readonly SqlValue[]): SqlRow[]
  iterate(...values: readonly SqlValue[]): Iterable<SqlRow>
  columns?(): { readonly name: string }[]
  setReadBigInts(on: boolean): void
  setReturnArrays?(on: boolean): void
}
type NodeDatabase = {
  exec(sql: string): void
  prepare(sql: string): NodeStatement
  /** From Node 22.13 on, like `loadExtension`. */
  enableLoadExtension?(on: boolean): void
  loadExtension?(path: string): void
  close(): void
}
type NodeSqlite = {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean; allowExtension: true },
  ) => NodeDatabase
}

async function openNode(path: string, options: OpenOptions): Promise<Database> {
  const { DatabaseSync } = await importNodeSqlite()
  const readOnly = options.readOnly === true
  const database = new DatabaseSync(path, { readOnly, allowExtension: true })
  // Only while one is loaded: no query may do it.
  database.enableLoadExtension?.(false)
  database.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? defaultBusyTimeoutMs}`)
  const driver = {
    exec: (sql: string) => database.exec(sql),
    close: () => database.close(),
    loadExtension: (file: string) => loadIntoNode(database, file),
  }
  return databaseOf('node:sqlite', path, driver, (sql) => {
    const statement = database.prepare(sql)
    // From Node 22.16 on. Before it, columns of one name, or of a number for a name, cannot be told apart.
    const arrays = database.prepare(sql)
    arrays.setReturnArrays?.(true)
    if (options.bigIntegers === true) {
      statement.setReadBigInts(true)
      arrays.setReadBigInts(true)
    }
    return {
      run: (...values) => ({ changes: Number(statement.run(...values).changes) }),
      get: (...values) => statement.get(...values),
      all: (...values) => statement.all(...values),
      *cells(...values) {
        for (const row of arrays.iterate(...values))
          yield Array.isArray(row) ? row : Object.values(row)
      },
      columns: () => statement.columns?.().map((column) => column.name) ?? [],
    }
  })
}

function loadIntoNode(database: NodeDatabase, file: string): void {
  if (database.loadExtension === undefined || database.enableLoadExtension === undefined)
    throw new Error('node:sqlite loads extensions from Node 22.13 on')
  database.enableLoadExtension(true)
  try {
    database.loadExtension(file)
  } finally {
    database.enableLoadExtension(false)
  }
}

/** Node's own SQLite, without the warning that it is experimental: it is the fallback we chose and test. */
async function importNodeSqlite(): Promise<NodeSqlite> {
  const warn = process.emitWarning
  process.emitWarning = () => {}
  try {
    return (await import('node:sqlite')) as unknown as NodeSqlite
  } catch {
    throw new UserError('no SQLite driver: better-sqlite3 came without its binary', {
      hint: installHint,
    })
  } finally {
    process.emitWarning = warn
  }
}

function databaseOf(
  driver: Database['driver'],
  path: string,
  database: { exec(sql: string): unknown; loadExtension(path: string): unknown; close(): void },
  prepare: (sql: string) => Statement,
): Database {
  /** Made once they are needed: SQL text would be read anew for each transaction. */
  let ends: { readonly begin: Statement; readonly commit: Statement } | null = null
  return {
    driver,
    path,
    exec: (sql) => {
      database.exec(sql)
    },
    prepare,
    transaction(work) {
      ends ??= { begin: prepare('BEGIN IMMEDIATE'), commit: prepare('COMMIT') }
      ends.begin.run()
      try {
        const result = work()
        ends.commit.run()
        return result
      } catch (error) {
        rollBack(database)
        throw error
      }
    },
    loadExtension: (file) => {
      database.loadExtension(file)
    },
    close: () => database.close(),
  }
}

/** SQLite itself rolls back on a full disk; a second ROLLBACK must not hide the first error. */
export function rollBack(database: { exec(sql: string): unknown }): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // already rolled back
  }
}
