import { createHash } from 'node:crypto'
import { storeArrays, storedArrays } from '../store/kept-arrays.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import type { OpenLogs } from './logs.ts'
import { packageVersion } from './package-version.ts'

/** The array in which it is kept. */
const name = 'by request'

/** What is found for each request, under everything that it was found by. */
export function keptByRequest(
  { store: { database }, snapshot }: OpenLogs,
  parts: readonly unknown[],
  find: () => Uint8Array,
): Uint8Array {
  const text = JSON.stringify([packageVersion(), ...parts])
  const key = createHash('sha256').update(text).digest('base64url')
  const kept = storedArrays(database, key, [name])?.[name]
  if (kept !== undefined) return kept
  const cells = find()
  try {
    writeStillUnchanged(database, snapshot, () => storeArrays(database, key, { [name]: cells }))
  } catch {
    // What cannot be kept, be it on a full disk, is only asked again next time.
  }
  return cells
}
