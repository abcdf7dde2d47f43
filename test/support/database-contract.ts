import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../src/store/database.ts'

export type DriverName = 'better' | 'node'

/** What is asked of a driver; `folder` is empty and the check's own. */
type Check = (driver: DriverName, folder: string) => Promise<void> | void

/**
 * What the project asks of an SQLite driver, by name. Without a test framework, so that it also runs as a plain
 * script under another Node.
 */
export const databaseContract: Readonly<Record<string, Check>> = {
  'says which driver and file it is': async (driver, folder) => {
    const path = join(folder, 'a.db')
    const database = await openDatabase(path, { driver })
    equal(database.driver, driver === 'node' ? 'node:sqlite' : 'better-sqlite3')
    equal(database.path, path)
    equal(existsSync(path), true)
    database.close()
  },

  'runs several statements at once': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE a (x); CREATE TABLE b (y); INSERT INTO b VALUES (1)')
      deepEqual(rowsOf(database, 'SELECT y FROM b'), [{ y: 1 }])
    }),

  'gives back every kind of value as it was put in': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n)')
      const text = 'naïve – 日本 – 🙂 – \n"quoted"'
      const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?)')
      insert.run(2 ** 53 - 1, 0.1, text, new Uint8Array([0, 1, 255]), null)
      insert.run(-42, -1.5e-9, '', new Uint8Array(0), null)
      const [first, second] = rowsOf(database, 'SELECT * FROM t ORDER BY rowid')
      deepEqual(
        { ...first, b: bytesOf(first?.['b']) },
        {
          i: 2 ** 53 - 1,
          r: 0.1,
          s: text,
          b: [0, 1, 255],
          n: null,
        },
      )
      deepEqual(
        { ...second, b: bytesOf(second?.['b']) },
        { i: -42, r: -1.5e-9, s: '', b: [], n: null },
      )
    }),

  'stores a bigint that is a safe integer as an integer': (driver) =>
    inMemory(driver, (database) => {
      const row = database.prepare('SELECT ? AS x, typeof(?) AS kind').get(12n, 12n)
      deepEqual({ ...row }, { x: 12, kind: 'integer' })
    }),

  'counts the rows that a statement changed': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE t (x)')
      const insert = database.prepare('INSERT INTO t VALUES (?)')
      deepEqual([insert.run(1).changes, insert.run(2).changes], [1, 1])
      equal(database.prepare('UPDATE t SET x = x + 1').run().changes, 2)
      equal(database.prepare('DELETE FROM t WHERE x > 5').run().changes, 0)
    }),

  'gives one row, or undefined where there is none': (driver) =>
    inMemory(driver, (database) => {
      const statement = database.prepare('SELECT 7 AS x WHERE ? = 1')
      equal(statement.get(1)?.['x'], 7)
      equal(statement.get(0), undefined)
      deepEqual(statement.all(0), [])
    }),

  'gives cells in the order of the columns': (driver) =>
    inMemory(driver, (database) => {
      const select = database.prepare("SELECT 'z' AS b, 2 AS a, NULL AS c")
      deepEqual(select.columns(), ['b', 'a', 'c'])
      deepEqual(Array.from(select.cells()), [['z', 2, null]])
    }),

  'keeps cells apart whose columns have numbers or the same word for a name': (driver) =>
    inMemory(driver, (database) => {
      const select = database.prepare(`SELECT 'first' AS word, 'second' AS "1", 'third' AS word`)
      deepEqual(select.columns(), ['word', '1', 'word'])
      deepEqual(Array.from(select.cells()), [['first', 'second', 'third']])
    }),

  'names no columns for a statement without a result': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE t (x)')
      deepEqual(database.prepare('INSERT INTO t VALUES (1)').columns(), [])
    }),

  'reads cells lazily, and lets go of them when the reader stops': (driver) =>
    inMemory(driver, (database) => {
      fillNumbers(database, 1000)
      const seen: unknown[] = []
      for (const [x] of database.prepare('SELECT x FROM numbers ORDER BY x').cells()) {
        seen.push(x)
        if (seen.length === 3) break
      }
      deepEqual(seen, [1, 2, 3])
      database.exec('DROP TABLE numbers')
    }),

  'runs a prepared statement many times': (driver) =>
    inMemory(driver, (database) => {
      fillNumbers(database, 5000)
      const select = database.prepare(
        'SELECT count(*) AS n, sum(x) AS sum FROM numbers WHERE x <= ?',
      )
      deepEqual({ ...select.get(10) }, { n: 10, sum: 55 })
      deepEqual({ ...select.get(5000) }, { n: 5000, sum: 12_502_500 })
    }),

  'keeps what a transaction did, and gives back its result': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE t (x)')
      const result = database.transaction(() => {
        database.prepare('INSERT INTO t VALUES (?)').run(1)
        return 'done'
      })
      equal(result, 'done')
      equal(rowsOf(database, 'SELECT * FROM t').length, 1)
    }),

  'takes back what a failed transaction did, and passes its error on': (driver) =>
    inMemory(driver, (database) => {
      database.exec('CREATE TABLE t (x UNIQUE)')
      const failing = (work: () => void) => () => database.transaction(work)
      const insert = database.prepare('INSERT INTO t VALUES (?)')
      throws(
        failing(() => {
          insert.run(1)
          throw new Error('enough')
        }),
        /enough/,
      )
      throws(
        failing(() => {
          insert.run(1)
          insert.run(1)
        }),
        /UNIQUE/,
      )
      throws(
        failing(() => {
          insert.run(1)
          database.exec('ROLLBACK')
          throw new Error('gone')
        }),
        /gone/,
      )
      deepEqual(rowsOf(database, 'SELECT * FROM t'), [])
      database.transaction(() => insert.run(2))
      equal(rowsOf(database, 'SELECT * FROM t').length, 1)
    }),

  'says what is wrong with a statement': (driver) =>
    inMemory(driver, (database) => {
      throws(() => database.prepare('SELECT x FROM nowhere'), /no such table: nowhere/)
      throws(() => database.exec('CREATE TABEL t'), /syntax error/)
    }),

  'knows the JSON and time functions that the views use': (driver) =>
    inMemory(driver, (database) => {
      const row = database
        .prepare(
          `SELECT json_extract('["a",{"b":2}]', '$[1].b') AS inner,
            strftime('%Y-%m-%dT%H:%M:%fZ', 1785578400.5, 'unixepoch') AS at`,
        )
        .get()
      deepEqual({ ...row }, { inner: 2, at: '2026-08-01T10:00:00.500Z' })
    }),

  'writes nothing through a connection that only reads': async (driver, folder) => {
    const path = join(folder, 'a.db')
    const writer = await openDatabase(path, { driver })
    writer.exec('CREATE TABLE t (x)')
    writer.close()
    const reader = await openDatabase(path, { driver, readOnly: true })
    throws(() => reader.exec('INSERT INTO t VALUES (1)'), /readonly/)
    deepEqual(rowsOf(reader, 'SELECT * FROM t'), [])
    reader.close()
  },

  'makes no file where it only reads': async (driver, folder) => {
    const path = join(folder, 'missing.db')
    await rejects(openDatabase(path, { driver, readOnly: true }))
    equal(existsSync(path), false)
  },

  'tells a lock of another connection from every other error': async (driver, folder) => {
    const path = join(folder, 'a.db')
    const first = await openDatabase(path, { driver })
    const second = await openDatabase(path, { driver, busyTimeoutMs: 20 })
    first.exec('BEGIN EXCLUSIVE')
    throws(() => second.exec('BEGIN EXCLUSIVE'), /locked/)
    first.exec('COMMIT')
    second.exec('BEGIN EXCLUSIVE; COMMIT')
    first.close()
    second.close()
  },

  'lets one connection read while another writes': async (driver, folder) => {
    const path = join(folder, 'a.db')
    const writer = await openDatabase(path, { driver })
    writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x)')
    const reader = await openDatabase(path, { driver, busyTimeoutMs: 20 })
    writer.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)')
    deepEqual(rowsOf(reader, 'SELECT * FROM t'), [])
    writer.exec('COMMIT')
    equal(rowsOf(reader, 'SELECT * FROM t').length, 1)
    writer.close()
    reader.close()
  },

  'says so when a file is no database': async (driver, folder) => {
    const { writeFileSync } = await import('node:fs')
    const path = join(folder, 'a.db')
    writeFileSync(
      path,
      'just some text, long enough to be looked at as a header of a file\n'.repeat(20),
    )
    const read = async () =>
      rowsOf(await openDatabase(path, { driver }), 'SELECT 1 FROM sqlite_master')
    await rejects(read, /not a database/)
  },

  'cannot be used once it is closed': async (driver) => {
    const database = await openDatabase(':memory:', { driver })
    database.close()
    throws(() => database.exec('SELECT 1'), /not open/)
  },
}

async function inMemory(driver: DriverName, work: (database: Database) => void): Promise<void> {
  const database = await openDatabase(':memory:', { driver })
  try {
    work(database)
  } finally {
    database.close()
  }
}

/** Rows as plain objects: node:sqlite makes them without a prototype. */
const rowsOf = (database: Database, sql: string) =>
  database
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }))

const bytesOf = (value: unknown): readonly number[] => Array.from(value as Uint8Array)

function fillNumbers(database: Database, count: number): void {
  database.exec('CREATE TABLE numbers (x INTEGER)')
  const insert = database.prepare('INSERT INTO numbers VALUES (?)')
  database.transaction(() => {
    for (let x = 1; x <= count; x++) insert.run(x)
  })
}
