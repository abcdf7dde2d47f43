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
  const { database } = logs.store
  const { cache, classifiers, timeouts } = compiled.policy
  const parts = [packageVersion(), 'rules', selection, cache.rules, classifiers, timeouts]
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
  const kept = storedArrays(database, key, ['rules'])?.['rules']
  if (kept !== undefined) return new Int16Array(kept.buffer)
  const rules = cacheRules(history, compiled, factsAt)
  const cells = new Uint8Array(rules.buffer, rules.byteOffset, rules.byteLength)
  try {
    writeStillUnchanged(database, logs.snapshot, () => storeArrays(database, key, { rules: cells }))
  } catch {
    // Rules that cannot be kept, be it on a full disk, are only asked again next time.
  }
  return rules
}
