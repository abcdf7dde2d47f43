import { createHash } from 'node:crypto'
import type { MeasuredQuestion } from '../domain/measurement.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { measuredQuestions } from '../store/measurements.ts'
import { readEvidence } from './read-evidence.ts'
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
  return { evidence: await readEvidence(paths, measured, logs.store.secret), fingerprint }
}

const fingerprintOf = (measured: readonly MeasuredQuestion[]): string =>
  measured.length === 0
    ? ''
    : createHash('sha256').update(JSON.stringify(measured)).digest('base64url')
