import { createHash } from 'node:crypto'
import type { MeasuredQuestion } from '../domain/measurement.ts'
import type { Prompt } from '../domain/request.ts'
import { keyHash } from '../engine/cache-key.ts'
import { questionOf } from '../engine/question.ts'
import { loadEvidence } from '../ingest/evidence.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { measuredQuestions } from '../store/measurements.ts'
import type { SimulationJob } from './simulation.ts'

/** What is known of models on questions, and what stands for all of it in a key. */
export type KnownEvidence = {
  /** Null without any. */
  readonly evidence: Evidence | null
  /** Null where files say it: they may say something else tomorrow. */
  readonly fingerprint: string | null
}

/** Scores from --evidence, from the policy's own files and from what replays measured. */
export async function evidenceOf({ flags, policies, logs }: SimulationJob): Promise<KnownEvidence> {
  const paths = [...(flags.evidence ?? []), ...policies[0].policy.evidence]
  const measured = flags.measured === false ? [] : measuredQuestions(logs.store.database)
  const fingerprint = paths.length > 0 ? null : fingerprintOf(measured)
  if (paths.length === 0 && measured.length === 0) return { evidence: null, fingerprint }
  const hash = keyHash(logs.store.secret)
  const ports = { questionOf: (prompt: Prompt) => questionOf(prompt, hash) }
  const { evidence } = await loadEvidence(paths, ports, measured)
  return { evidence, fingerprint }
}

const fingerprintOf = (measured: readonly MeasuredQuestion[]): string =>
  measured.length === 0
    ? ''
    : createHash('sha256').update(JSON.stringify(measured)).digest('base64url')
