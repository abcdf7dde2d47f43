import {
  type Certification,
  type CertifiedPoint,
  certify,
  type GridPoint,
} from '../stats/certify.ts'
import { hypergeometricUpper } from '../stats/hypergeometric.ts'
import type { LabelsNeeded, RiskLimit } from '../stats/labels-needed.ts'
import type { CacheOutcome } from './cache-run.ts'
import { entriesOf } from './hit-quality.ts'
import type { LabelSample, LabelSamples } from './label-sample.ts'
import type { Certified } from './result.ts'

/** One run as a point of two grids: its hits in the second half of the requests, and in a random half. */
export type CertifyPoint = { readonly later: GridPoint; readonly random: GridPoint }

/** What of a run certifies; `savings` orders the runs. */
export const certifyPointOf = (
  run: CacheOutcome,
  { later, random }: LabelSamples,
  savings: number,
): CertifyPoint => ({
  later: gridPointOf(run, later, savings),
  random: gridPointOf(run, random, savings),
})

/**
 * The threshold that saves most among those proved to keep wrong hits below the limit in future traffic: the cache is
 * warm from the whole past, and only hits of the second half of the requests count. Beside it, the same of a random half.
 * Points from the highest threshold to the lowest.
 */
export function certifyThreshold(points: readonly CertifyPoint[], limit: RiskLimit): Certified {
  const found = certify(
    points.map(({ later }) => later),
    limit,
  )
  const split = certify(
    points.map(({ random }) => random),
    limit,
  )
  const { chosen, nearest } = found
  const shown = shownPoint(found)
  return {
    threshold: chosen?.threshold ?? null,
    alpha: limit.alpha,
    confidence: 1 - limit.delta,
    labels: shown?.hits ?? 0,
    errors: shown?.wrong ?? 0,
    labelsNeeded: chosen === null ? moreOf(nearest?.needed) : 0,
    advice: adviceOf(found, limit),
    thisLog: shown === null ? null : thisLogOf(shown, limit),
    randomSplit: {
      threshold: split.chosen?.threshold ?? null,
      labels: shownPoint(split)?.hits ?? 0,
      errors: shownPoint(split)?.wrong ?? 0,
    },
  }
}

/** What is said where nothing was to be certified, or where there is nothing to certify. */
export const nothingCertified = (limit: RiskLimit | null, hasLayer: boolean): Certified => ({
  threshold: null,
  alpha: limit?.alpha ?? null,
  confidence: limit === null ? null : 1 - limit.delta,
  labels: 0,
  errors: 0,
  labelsNeeded: null,
  advice: reasonOf(limit, hasLayer),
  thisLog: null,
  randomSplit: null,
})

function reasonOf(limit: RiskLimit | null, hasLayer: boolean): string {
  if (limit === null)
    return 'nothing was to be certified: --max-wrong-hits 1% --confidence 95% finds the threshold that keeps it'
  return hasLayer
    ? `${limitWords(limit)} cannot be certified: there is no text to compare`
    : `${limitWords(limit)} cannot be certified: the policy has no semantic layer`
}

/** A run as a point of the grid. Where nobody could tell, the hit counts as wrong. */
export function gridPointOf(run: CacheOutcome, sample: LabelSample, savings: number): GridPoint {
  const windowHits = sample.hitsOf(run).length
  return {
    threshold: run.threshold,
    windowHits,
    labellable: windowHits - sample.unansweredOf(run),
    entries: entriesOf(sample.countedOf(run), ({ judgement }) => judgement.verdict !== 'right'),
    savings,
  }
}

/** Of a random sample of the window's hits, how many of all of them are wrong at most. */
function thisLogOf(
  { windowHits, hits, wrong }: CertifiedPoint,
  { delta }: RiskLimit,
): Certified['thisLog'] {
  if (hits === 0) return null
  const sampled = { population: windowHits, sample: hits, wrong }
  return {
    hits: windowHits,
    labels: hits,
    wrong,
    wrongAtMost: hypergeometricUpper(sampled, 1 - delta),
  }
}

const moreOf = (needed: LabelsNeeded | undefined): number | null =>
  needed?.kind === 'number' ? needed.more : null

/** The threshold that is spoken of: else the one that lacks fewest hits, else the first that is wrong too often. */
const shownPoint = (found: Certification): CertifiedPoint | null =>
  found.chosen ?? found.nearest ?? scarcestOf(found) ?? tooWrongOf(found)

/** Labels may prove it, but a log this long has not as many hits. */
function scarcestOf({ points }: Certification): CertifiedPoint | null {
  const lackOf = ({ needed, labellable }: CertifiedPoint) =>
    needed.kind === 'number' ? needed.labels - labellable : Number.POSITIVE_INFINITY
  const open = points.filter(
    ({ status, windowHits, needed }) =>
      status !== 'untested' && windowHits > 0 && needed.kind === 'number',
  )
  return open.reduce<CertifiedPoint | null>(
    (least, point) => (least === null || lackOf(point) < lackOf(least) ? point : least),
    null,
  )
}

const tooWrongOf = ({ points }: Certification): CertifiedPoint | null =>
  points.find(({ status }) => status === 'failed') ??
  points.findLast(({ windowHits }) => windowHits > 0) ??
  null

function adviceOf(found: Certification, limit: RiskLimit): string {
  const { chosen, nearest } = found
  const words = limitWords(limit)
  if (chosen !== null)
    return `${chosen.threshold} saves most with ${words}, for traffic like the second half of this log`
  if (nearest !== null) {
    const flags = `--max-wrong-hits ${percent(limit.alpha)}% --confidence ${percent(1 - limit.delta)}%`
    return `${words} cannot be certified yet: label ${moreOf(nearest.needed)} more hits (llmcost label --threshold ${nearest.threshold} ${flags})`
  }
  return `${words} cannot be certified: ${obstacleOf(found)}`
}

/** Why no number of labels on this log's hits would do. */
function obstacleOf(found: Certification): string {
  const scarcest = scarcestOf(found)
  const shown = scarcest ?? tooWrongOf(found)
  if (shown === null)
    return 'at no threshold of the grid is there a hit in the second half of this log'
  const { threshold, windowHits, labellable, hits, wrong } = shown
  const lost = windowHits - labellable
  const lostWords = `${lost} have neither labels nor both answers`
  if (scarcest === null || scarcest.needed.kind === 'never') {
    const because = lost === 0 ? '' : ` (of ${windowHits} hits ${lostWords}, which counts as wrong)`
    return `at ${threshold}, ${wrong} of ${hits} labelled hits are wrong${because}, and at that rate no number of labels will do`
  }
  const can = lost === 0 ? '' : `, of which ${lostWords}`
  return `at ${threshold} only ${windowHits} hits are in the second half of this log${can}, and ${scarcest.needed.labels} labels are needed: use a longer log`
}

const limitWords = ({ alpha, delta }: RiskLimit): string =>
  `wrong hits below ${percent(alpha)} % with ${percent(1 - delta)} % confidence`

const percent = (share: number): number => Number((share * 100).toFixed(2))
