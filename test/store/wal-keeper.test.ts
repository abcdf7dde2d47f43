import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { keepWalShort } from '../../src/store/wal-keeper.ts'

const thread = pathToFileURL(resolve(import.meta.dirname, '../../dist/wal-worker.js'))

let folder = ''
let database: Database
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-wal-'))
  database = await openDatabase(join(folder, 'a.db'))
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE texts (text TEXT)')
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

const write = (megabytes: number) => {
  const insert = database.prepare('INSERT INTO texts VALUES (?)')
  for (let count = 0; count < megabytes; count++) insert.run('x'.repeat(1e6))
}
const pagesToCommit = () =>
  Number(database.prepare('PRAGMA wal_autocheckpoint').get()?.['wal_autocheckpoint'])
const until = async (isDone: () => boolean) => {
  while (!isDone()) await new Promise((resume) => setTimeout(resume, 10))
}

test('the log is brought into the file without its writer, and begun anew when it is long', async () => {
  const stop = keepWalShort(database, thread)
  expect(pagesToCommit()).toBe(16_000)
  write(20)
  await until(() => statSync(database.path).size > 20e6)
  const logBytes = () => statSync(`${database.path}-wal`).size
  await until(() => {
    const before = logBytes()
    write(1)
    return logBytes() === before
  })
  stop()
})

test('where the thread fails, its writer sees to the log as it commits', async () => {
  const broken = join(folder, 'broken.mjs')
  writeFileSync(broken, "throw new Error('no thread')")
  const stop = keepWalShort(database, pathToFileURL(broken))
  await until(() => pagesToCommit() === 1000)
  stop()
})

test('without the bundle of the thread nothing changes', () => {
  keepWalShort(database)()
  expect(pagesToCommit()).toBe(1000)
})
