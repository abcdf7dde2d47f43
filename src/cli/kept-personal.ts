import type { Selection } from '../domain/selection.ts'
import type { Policy } from '../policy/policy.ts'
import type { History } from '../worlds/history.ts'
import { personalMarks, type SharedHistory, withoutPersonal } from '../worlds/personal.ts'
import { keptByRequest } from './kept-by-request.ts'
import type { OpenLogs } from './logs.ts'

/**
 * The history as a policy's redaction leaves it to caches. What is personal is found in the texts once, and kept until
 * requests change.
 */
export function sharedHistory(
  history: History,
  policy: Policy,
  logs: OpenLogs,
  selection: Selection,
): SharedHistory {
  if (!policy.privacy.redact) return { history, unknown: 0 }
  const marks = keptByRequest(logs, ['personal', selection], () => personalMarks(history))
  return withoutPersonal(history, marks, policy)
}
