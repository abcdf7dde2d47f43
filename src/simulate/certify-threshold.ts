import { certify, type GridPoint } from '../stats/certify.ts'
import type { RiskLimit } from '../stats/labels-needed.ts'
import type { CacheRun } from './cache-run.ts'
import { entriesOf } from './hit-quality.ts'
import type { LabelSample } from './label-sample.ts'
import type { Certified } from './result.ts'

/**
 * The threshold that saves most among those proved to keep wrong hits below the limit in future traffic: the cache is
 * warm from the whole past, and only hits of the second half of the requests count.
 */
export function certifyThreshold(
  runs: readonly CacheRun[],
  sample: LabelSample,
  savingOf: (run: CacheRun) => number,
  limit: RiskLimit,
): Certified {
  const grid = runs.map((run) => gridPointOf(run, sample, savingOf(run)))
  const { chosen, nearest } = certify(grid, limit)
  const shown = chosen ?? nearest
  const needed = nearest?.needed ?? null
  const labelsNeeded = needed?.kind === 'number' ? Math.max(0, Math.ceil(needed.more)) : null
  return {
    threshold: chosen?.threshold ?? null,
    alpha: limit.alpha,
    confidence: 1 - limit.delta,
    labels: shown?.hits ?? 0,
    errors: shown?.wrong ?? 0,
    labelsNeeded: chosen === null ? labelsNeeded : 0,
    advice: adviceOf(chosen?.threshold ?? null, nearest?.threshold ?? null, labelsNeeded, limit),
  }
}

/** A run as a point of the grid. Where somebody was asked and could not tell, the hit counts as wrong. */
export const gridPointOf = (run: CacheRun, sample: LabelSample, savings: number): GridPoint => ({
  threshold: run.threshold,
  windowHits: sample.hitsOf(run).length,
  entries: entriesOf(sample.countedOf(run), ({ judgement }) => judgement.verdict !== 'right'),
  savings,
})

function adviceOf(
  chosen: number | null,
  nearest: number | null,
  labelsNeeded: number | null,
  { alpha, delta }: RiskLimit,
): string {
  const limit = `wrong hits below ${percent(alpha)} with ${percent(1 - delta)} confidence`
  if (chosen !== null)
    return `${chosen} saves most with ${limit}, for traffic like the second half of this log`
  if (nearest === null || labelsNeeded === null)
    return `${limit} cannot be certified: at no threshold of the grid are hits right often enough, and no number of labels will change that`
  return `${limit} cannot be certified yet: label ${labelsNeeded} more hits (llmcost label), nearest is ${nearest}`
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`
