import { createHash } from 'node:crypto'
import { storedResult, storeResult } from '../store/results.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import type { OpenLogs } from './logs.ts'
import { packageVersion } from './package-version.ts'

/** Gives back a value that an earlier run made of the same things, as JSON; makes and keeps it where there was none. */
export type Keep = <T>(name: string, make: () => T) => T

/** `parts` is everything that the values depend on, besides the stored requests. */
export const keeperOf =
  (logs: OpenLogs, parts: readonly unknown[]): Keep =>
  (name, make) => {
    const { database } = logs.store
    const key = createHash('sha256')
      .update(JSON.stringify([packageVersion(), name, parts]))
      .digest('base64url')
    const stored = storedResult(database, key)
    if (stored !== null) return JSON.parse(stored) as ReturnType<typeof make>
    const made = make()
    try {
      writeStillUnchanged(database, logs.snapshot, () =>
        storeResult(database, key, JSON.stringify(made)),
      )
    } catch {
      // A value that cannot be kept, be it on a full disk, is only made again next time.
    }
    return made
  }
