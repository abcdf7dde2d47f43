import type { Interval } from '../domain/report.ts'
import type { ReplayPlan, ReplayResult, WorstPair } from '../replay/result.ts'
import type { VerdictWord } from '../replay/verdict.ts'
import type { JudgeSummary } from '../score/judge-audit.ts'
import { safeText } from './escape.ts'
import { formatCount, formatMs, formatShare, formatUsd, plural } from './numbers.ts'
import type { Style } from './paint.ts'
import { leftOutLine } from './phrases.ts'
import { formatPoints } from './simulate-phrases.ts'

/** What the replay proves, in plain words: the first line of every report. */
export function verdictLine(result: ReplayResult): string {
  const { plan, verdict, pairsNeeded, verdictBecause } = result
  if (plan.affected === 0) return nothingLine(plan)
  if (result.end === 'planned') {
    return `planned: ${formatCount(plan.sampled)} of ${caseCount(plan)} would be asked again`
  }
  const points = `${formatMargin(plan.margin)} on ${isSuite(plan) ? 'the questions of the suite' : 'changed requests'}`
  switch (verdict) {
    case 'non-inferior':
      return `non-inferior: the policy loses less than ${points}`
    case 'inferior':
      return `inferior: the policy loses more than ${points}`
    case 'undecided':
      return pairsNeeded === null
        ? `undecided: ${safeText(verdictBecause)}`
        : `undecided: about ${plural(pairsNeeded, 'pair')} would decide`
  }
}

function nothingLine({ requests, withoutText }: ReplayPlan): string {
  if (requests === 0) return 'nothing to measure: no requests'
  return withoutText === 0
    ? `nothing to measure: the policy changes none of ${plural(requests, 'request')}`
    : `nothing to measure: ${plural(withoutText, 'changed request')} without text`
}

/** Questions that somebody wrote, in place of a log. */
export const isSuite = ({ affected, changes }: ReplayPlan): boolean =>
  affected > 0 && changes.routed + changes.cached + changes.rewritten === 0

/** "9,000 changed requests", or "200 questions". */
export const caseCount = (plan: ReplayPlan): string =>
  isSuite(plan) ? plural(plan.affected, 'question') : plural(plan.affected, 'changed request')

/** The difference in words, with its interval and what both rest on; nothing where nothing was compared. */
export function deltaPieces({ delta, comparison }: ReplayResult): readonly string[] {
  const { quality, interval, pairs, discordant } = delta
  if (quality === null) return []
  return [
    `${comparison.isEstimate ? 'estimated ' : ''}${formatPoints(quality)} points`,
    ...(interval === null ? [] : [pointsInterval(interval)]),
    `n ${plural(pairs, 'pair')}, ${formatCount(discordant)} discordant`,
  ]
}

/** "95% interval -3.1 to -0.6 points (tango)". */
export const pointsInterval = ({ low, high, level, method }: Interval): string =>
  `${formatShare(level)} interval ${formatPoints(low)} to ${formatPoints(high)} points (${safeText(method)})`

/** A margin in points of a percent: "5 points", "0.14 points". */
export function formatMargin(margin: number): string {
  const points = Number((margin * 100).toFixed(margin < 0.01 ? 2 : 1))
  return `${points} ${points === 1 ? 'point' : 'points'}`
}

/** A difference of dollars or time with its sign: "-$0.0041", "+312 ms". */
export const signedUsd = (usd: number): string => `${usd > 0 ? '+' : ''}${formatUsd(usd)}`
export const signedMs = (ms: number): string =>
  `${ms > 0 ? '+' : ms < 0 ? '-' : ''}${formatMs(Math.abs(ms))}`

/** Why nothing can be concluded from a judge alone; null where something can. */
export function judgeRefusal(judge: JudgeSummary | null): string | null {
  const interval = judge?.informativenessInterval ?? null
  if (interval === null || interval.low > 0) return null
  return `no verdict by this judge alone: its informativeness may be 0 (${numberInterval(interval)}), so that it may know nothing of what people prefer`
}

/** "95% interval 0.410 to 0.622", of what is no share. */
export const numberInterval = ({ low, high, level }: Interval): string =>
  `${formatShare(level)} interval ${low.toFixed(3)} to ${high.toFixed(3)}`

export const verdictStyles: Readonly<Record<VerdictWord, Style>> = {
  'non-inferior': 'green',
  inferior: 'red',
  undecided: 'yellow',
}

/** Why no more was asked. */
export const endTexts: Readonly<Record<ReplayResult['end'], string>> = {
  planned: 'nothing has been asked',
  complete: 'the whole sample was asked',
  decided: 'it stopped when that was proved',
  budget: 'the budget ended it',
  stopped: 'it was stopped',
}

/** Warnings, what could not be priced or compared, and the records that were left out. */
export function replayNotes(result: ReplayResult): readonly string[] {
  const { plan, arms, warnings, inputs } = result
  const unpriced = [arms?.baseline, arms?.again, arms?.candidate].reduce(
    (sum, arm) => sum + (arm?.unpriced ?? 0),
    0,
  )
  const warned = warnings.map(({ message, count }) =>
    count > 1 ? `${safeText(message)} (${formatCount(count)} times)` : safeText(message),
  )
  return [
    ...(plan.withoutText === 0 || result.end === 'planned'
      ? []
      : [`${plural(plan.withoutText, 'changed request')} without text: nobody can ask them again`]),
    ...(unpriced === 0
      ? []
      : [`${plural(unpriced, 'answer')} without a price: in no figure of cost`]),
    ...(plan.design === 'sequential' && result.end === 'decided'
      ? [
          'the run stopped as soon as it could: the verdict allows for that, the interval does not and may be a little too good',
        ]
      : []),
    ...warned,
    ...inputs.flatMap(leftOutLine),
  ]
}

/** What a candidate's answer is read beside: a suite's expected answer where it has one, else the baseline's. */
export const referenceName = ({ comparison }: ReplayResult): string =>
  comparison.kind === 'expected' ? 'reference' : 'baseline'

/** Which pair it is: its id, what it lost, who answered, and why it lost. */
export const pairTitle = ({ id, difference, target, reason }: WorstPair): readonly string[] => [
  safeText(id),
  `score ${difference.toFixed(2)}`,
  ...(target === null ? [] : [safeText(target)]),
  ...(reason === null ? [] : [safeText(reason)]),
]
