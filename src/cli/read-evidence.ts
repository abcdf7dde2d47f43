import type { MeasuredQuestion } from '../domain/measurement.ts'
import type { Prompt } from '../domain/request.ts'
import { keyHash } from '../engine/cache-key.ts'
import { questionOf } from '../engine/question.ts'
import type { Evidence } from '../ingest/evidence-table.ts'

/** What files and replays say of models, keys hashed with the store's secret; null without any. */
export async function readEvidence(
  paths: readonly string[],
  measured: readonly MeasuredQuestion[],
  secret: string,
): Promise<Evidence | null> {
  if (paths.length === 0 && measured.length === 0) return null
  const { loadEvidence } = await import('../ingest/evidence.ts')
  const hash = keyHash(secret)
  const ports = { questionOf: (prompt: Prompt) => questionOf(prompt, hash) }
  return (await loadEvidence(paths, ports, measured)).evidence
}
