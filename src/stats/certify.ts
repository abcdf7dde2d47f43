import {
  type ClusteredHits,
  clusteredHits,
  type EntryHits,
  probabilityAtLeast,
} from './clustered-hits.ts'
import {
  type LabelsNeeded,
  labelsNeeded,
  labelsToStart,
  type RiskLimit,
  requireLimit,
} from './labels-needed.ts'

/** One threshold of a grid that was fixed before any label was read. */
export type GridPoint = {
  readonly threshold: number
  /** All hits of the tested window, labelled or not. */
  readonly windowHits: number
  /** Those of them that are labelled or could be; all where it is left out. */
  readonly labellable?: number
  /** The labelled ones, by the entry that served them. */
  readonly entries: readonly EntryHits[]
  /** What the threshold saves, in any one unit. */
  readonly savings: number
}

/**
 * "too-few": before the sequence began. "certified": proved, as was all before it. "failed": the
 * first that was not proved. "untested": after it.
 */
export type PointStatus = 'too-few' | 'certified' | 'failed' | 'untested'

export type CertifiedPoint = ClusteredHits & {
  readonly threshold: number
  readonly windowHits: number
  readonly labellable: number
  readonly savings: number
  /** Labelled / all hits of the window; null without hits. */
  readonly labelledShare: number | null
  /** How likely the labels leave a rate of alpha or more: at most delta where the limit is proved. */
  readonly probability: number
  readonly status: PointStatus
  readonly needed: LabelsNeeded
}

export type Certification = RiskLimit & {
  /** Labels over design effect from which on the sequence tests. */
  readonly labelsToStart: number
  /** In falling order of the threshold. */
  readonly points: readonly CertifiedPoint[]
  /** Of the certified thresholds the one that saves most; null where none is. */
  readonly chosen: CertifiedPoint | null
  /** Without a chosen one: the threshold that the fewest labels more would prove; null where its hits do for none. */
  readonly nearest: CertifiedPoint | null
}

/**
 * Tests thresholds from high to low: from the first with enough labels on, for as long as each
 * proves that wrong hits stay below alpha. All of those hold together with confidence 1 − delta
 * (fixed-sequence testing: Maurer, Hothorn, Lehmacher 1995; for risk limits Angelopoulos et al.,
 * "Learn then Test", 2021), so the one that saves most may be picked from them freely. Asking
 * again after labelling more is a second chance to err: `advanceEProcess` is made for that.
 */
export function certify(grid: readonly GridPoint[], limit: RiskLimit): Certification {
  requireLimit(limit)
  const start = labelsToStart(limit)
  const sorted = [...grid].sort((a, b) => b.threshold - a.threshold)
  let stage: PointStatus = 'too-few'
  const points: CertifiedPoint[] = []
  for (const point of sorted) {
    const found = clusteredHits(point.entries)
    if (found.hits > point.windowHits)
      throw new RangeError(`${found.hits} labels on ${point.windowHits} hits`)
    const probability = probabilityAtLeast(limit.alpha, found)
    const enough = found.hits / found.designEffect >= start
    stage = nextStage(stage, enough, probability <= limit.delta)
    points.push({
      ...found,
      threshold: point.threshold,
      windowHits: point.windowHits,
      labellable: point.labellable ?? point.windowHits,
      savings: point.savings,
      labelledShare: point.windowHits === 0 ? null : found.hits / point.windowHits,
      probability,
      status: stage,
      needed: labelsNeeded(found, limit),
    })
  }
  const chosen = mostSaving(points.filter(({ status }) => status === 'certified'))
  return {
    ...limit,
    labelsToStart: start,
    points,
    chosen,
    nearest: chosen === null ? fewestMore(points) : null,
  }
}

function nextStage(stage: PointStatus, enough: boolean, proved: boolean): PointStatus {
  if (stage === 'failed' || stage === 'untested') return 'untested'
  if (stage === 'too-few' && !enough) return 'too-few'
  return proved ? 'certified' : 'failed'
}

/** Of equal savings the higher threshold. */
function mostSaving(points: readonly CertifiedPoint[]): CertifiedPoint | null {
  let best: CertifiedPoint | null = null
  for (const point of points) if (best === null || point.savings > best.savings) best = point
  return best
}

/** Of those that are tested next, and have hits enough for the labels. */
function fewestMore(points: readonly CertifiedPoint[]): CertifiedPoint | null {
  let best: CertifiedPoint | null = null
  let fewest = Infinity
  for (const point of points) {
    const { status, needed, labellable } = point
    if (status === 'untested' || needed.kind === 'never' || needed.labels > labellable) continue
    if (needed.more >= fewest) continue
    best = point
    fewest = needed.more
  }
  return best
}
