import type { Selection } from '../domain/selection.ts'
import { keyHash } from '../engine/cache-key.ts'
import { questionOf } from '../engine/question.ts'
import { loadEvidence } from '../ingest/evidence.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { newestRequest } from '../store/store-facts.ts'
import { momentOf } from './common-options.ts'
import type { SimulationJob } from './simulation.ts'

/** The requests of the logs that the flags choose. */
export function selectionOf({ logs, flags }: Pick<SimulationJob, 'logs' | 'flags'>): Selection {
  const { database } = logs.store
  const relative = [flags.since, flags.until].some((text) => /^\d+[hdw]$/.test(text ?? ''))
  const newest = relative ? newestRequest(database) : null
  return {
    files: logs.files === null ? null : [...logs.files].sort((a, b) => a - b),
    since: momentOf(flags.since, newest, '--since'),
    until: momentOf(flags.until, newest, '--until'),
    where: flags.where ?? [],
  }
}

/** Scores from --evidence and from the policy's own files; null without any. */
export async function evidenceOf({
  flags,
  policies,
  logs,
}: SimulationJob): Promise<Evidence | null> {
  const paths = [...(flags.evidence ?? []), ...policies[0].policy.evidence]
  if (paths.length === 0) return null
  const hash = keyHash(logs.store.secret)
  const { evidence } = await loadEvidence(paths, {
    questionOf: (prompt) => questionOf(prompt, hash),
  })
  return evidence
}
