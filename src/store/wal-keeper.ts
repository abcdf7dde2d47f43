import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Database } from './database.ts'

/** What the thread is told. */
export type WalSetup = { readonly path: string; readonly driver: string | undefined }

/** The thread's bundle: beside this one, or above it where this code landed in a shared chunk. */
const entry = ['./wal-worker.js', '../wal-worker.js']
  .map((name) => new URL(name, import.meta.url))
  .find((url) => existsSync(url))

/** Frames of the log, of 8 kB, from which a writer sees to it itself: more where a thread is there to be first. */
const usualLog = 1000
const longestLog = 16_000

/**
 * Brings what is in a database's write-ahead log into its file, in a thread of its own: a writer that does so waits for
 * the disk, again and again, and everything waits with it. Without the thread's bundle SQLite does it as it commits.
 * Returns what ends it.
 */
export function keepWalShort(database: Database, url = entry): () => void {
  if (url === undefined) return () => {}
  const driver = database.driver === 'node:sqlite' ? 'node' : 'better'
  const setup: WalSetup = { path: database.path, driver }
  const worker = new Worker(url, { workerData: setup })
  worker.unref()
  let isOpen = true
  worker.on('error', () => {
    if (isOpen) database.exec(`PRAGMA wal_autocheckpoint = ${usualLog}`)
  })
  database.exec(`PRAGMA wal_autocheckpoint = ${longestLog}`)
  return () => {
    isOpen = false
    worker.postMessage('stop')
  }
}
