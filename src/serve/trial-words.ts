import type { Interval } from '../domain/report.ts'
import { wilson } from '../stats/intervals.ts'
import { pairedDifference } from '../stats/paired-difference.ts'
import type { HitEvidence } from './hit-evidence.ts'
import { comparedRoutes, lossOf, type RouteCounts } from './route-group.ts'
import type { TrialEvent } from './trial-event.ts'

/** What comparisons add up to, for people and for JSON. */
export type TrialNumbers = {
  readonly compared: number
  /** Of routes: answers worse than the strongest model's. */
  readonly wrong: number
  /** Of routes: better ones. */
  readonly better: number
  readonly unsettled: number
  /** Wrong per settled hit; of routes worse less better, per settled answer. Null: none is settled. */
  readonly rate: number | null
  /** Of `rate`, for display; decisions are made by the evidence. */
  readonly interval: Interval | null
}

export function hitNumbers({ compared, wrong, unsettled }: HitEvidence): TrialNumbers {
  const settled = compared - unsettled
  const known = settled > 0
  return {
    compared,
    wrong,
    better: 0,
    unsettled,
    rate: known ? wrong / settled : null,
    interval: known ? wilson({ successes: wrong, trials: settled }) : null,
  }
}

export function routeNumbers(evidence: RouteCounts): TrialNumbers {
  const { better, same, worse, unsettled } = evidence
  const rate = lossOf(evidence)
  const counts = { both: same, onlyFirst: worse, onlySecond: better, neither: 0 }
  return {
    compared: comparedRoutes(evidence),
    wrong: worse,
    better,
    unsettled,
    rate,
    interval: rate === null ? null : pairedDifference(counts, 0.95),
  }
}

type Told = Omit<TrialEvent, 'text'>

/** An event in a sentence. */
export const eventText = (event: Told): string =>
  `${subject(event)}: ${finding(event)}; ${consequence(event)}`

function subject({ layer, group }: Told): string {
  if (layer === 'validator') return `validator ${group}`
  if (layer === 'routes') return group === null ? 'routes' : `route ${group}`
  return group === null ? `${layer} cache` : `${layer} cache, feature ${group}`
}

function finding({ kind, layer, compared, wrong, unsettled, limit, confidence }: Told): string {
  const open = unsettled > 0 ? `, ${unsettled} unsettled` : ''
  const side = kind === 'promote' || kind === 'promoted' ? 'below' : 'above'
  const what =
    layer === 'validator'
      ? `${wrong} of ${compared} wrong answers passed`
      : layer === 'routes'
        ? `${wrong} of ${compared} audited answers are worse than the strongest model's`
        : `${wrong} of ${compared} compared hits are wrong`
  const rate = layer === 'routes' ? 'the loss' : 'the rate'
  return `${what}${open}, ${rate} is ${side} ${percent(limit)} with ${percent(confidence)} confidence`
}

function consequence({ kind, layer, threshold }: Told): string {
  switch (kind) {
    case 'exceeded':
      return 'nothing is changed'
    case 'tightened':
      return `the threshold is ${threshold} from now on`
    case 'disabled':
      return layer === 'routes'
        ? 'its requests go where they were meant to from now on'
        : 'it only watches from now on'
    case 'promote':
      return layer === 'validator' ? 'it may be enforced' : 'all may get it'
    case 'promoted':
      return 'all get it from now on'
  }
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))}%`
