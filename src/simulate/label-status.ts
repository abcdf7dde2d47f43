import { certify } from '../stats/certify.ts'
import type { LabelsNeeded, RiskLimit } from '../stats/labels-needed.ts'
import type { CacheRun } from './cache-run.ts'
import { gridPointOf } from './certify-threshold.ts'
import type { LabelSample } from './label-sample.ts'

/** What the labels of one threshold prove so far, and what is missing. */
export type LabelStatus = RiskLimit & {
  readonly threshold: number
  /** Hits of the window. */
  readonly hits: number
  readonly labels: number
  readonly wrong: number
  readonly isCertified: boolean
  readonly needed: LabelsNeeded
}

/** Tests one threshold by the labels that count. */
export function labelStatus(run: CacheRun, sample: LabelSample, limit: RiskLimit): LabelStatus {
  const { points, chosen } = certify([gridPointOf(run, sample, 0)], limit)
  const [point] = points
  return {
    ...limit,
    threshold: run.threshold,
    hits: point?.windowHits ?? 0,
    labels: point?.hits ?? 0,
    wrong: point?.wrong ?? 0,
    isCertified: chosen !== null,
    needed: point?.needed ?? { kind: 'never' },
  }
}
