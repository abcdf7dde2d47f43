import { createHash } from 'node:crypto'
import type { Selection } from '../domain/selection.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { cacheRules } from '../simulate/cache-inputs.ts'
import { storeArrays, storedArrays } from '../store/kept-arrays.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import type { History } from '../worlds/history.ts'
import type { FactsAt } from '../worlds/history-facts.ts'
import type { OpenLogs } from './logs.ts'
import { packageVersion } from './package-version.ts'

/** Which cache rule holds for each request: found in their texts once, and kept until requests or rules change. */
export function keptRules(
  logs: OpenLogs,
  selection: Selection,
  history: History,
  compiled: CompiledPolicy,
  factsAt: FactsAt,
): Int16Array {
  const { cache, classifiers, timeouts } = compiled.policy
  const parts = ['rules', selection, cache.rules, classifiers, timeouts]
  const cells = keptByRequest(logs, parts, () => {
    const rules = cacheRules(history, compiled, factsAt)
    return new Uint8Array(rules.buffer, rules.byteOffset, rules.byteLength)
  })
  return new Int16Array(cells.buffer, cells.byteOffset, cells.byteLength / 2)
}

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

const name = 'by request'
