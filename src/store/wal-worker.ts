import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import type { WalSetup } from './wal-keeper.ts'

/** A thread that keeps a write-ahead log short. */
const everyMs = 500
/** Frames from which the log is begun anew, for which the writer has to wait a moment. */
const longLog = 4000

const { path, driver } = workerData as WalSetup
const database = await openDatabase(path, { driver, busyTimeoutMs: 0 })
const passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
const restart = database.prepare('PRAGMA wal_checkpoint(RESTART)')

const timer = setInterval(() => {
  try {
    if (Number(passive.get()?.['log']) >= longLog) restart.get()
  } catch {
    // Busy, or the disk is full: the next time may be better.
  }
}, everyMs)

parentPort?.on('message', () => {
  clearInterval(timer)
  database.close()
  parentPort?.close()
})
