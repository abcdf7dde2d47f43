import type { Selection } from '../domain/selection.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { cacheRules } from '../simulate/cache-inputs.ts'
import type { History } from '../worlds/history.ts'
import type { FactsAt } from '../worlds/history-facts.ts'
import { keptByRequest } from './kept-by-request.ts'
import type { OpenLogs } from './logs.ts'

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
