import type { ReplayPlan, ReplayResult } from '../replay/result.ts'
import type { JudgeSummary } from '../score/judge-audit.ts'
import { safeText } from './escape.ts'
import { formatCount, formatPart, formatShare, formatUsd, plural } from './numbers.ts'
import {
  caseCount,
  endTexts,
  formatMargin,
  isSuite,
  judgeRefusal,
  numberInterval,
  signedMs,
  signedUsd,
} from './replay-phrases.ts'
import { type Fact, formatPoints, intervalText, knownFacts } from './simulate-phrases.ts'

/** What was found, each with what it is a share of. */
export function foundFacts(result: ReplayResult): readonly Fact[] {
  const { verdictBecause, end, delta, comparison, escalations } = result
  return knownFacts([
    { label: 'because', pieces: [safeText(verdictBecause), endTexts[end]] },
    { label: 'pairs', pieces: pairPieces(result) },
    { label: 'overall', pieces: overallPieces(result) },
    {
      label: 'compared',
      pieces: [
        safeText(comparison.meaning),
        `by ${safeText(comparison.scorer)}${comparison.isEstimate ? ', estimated' : ''}`,
      ],
    },
    {
      label: 'cost',
      pieces: measured(delta.costUsd === null ? null : `${signedUsd(delta.costUsd)} a request`),
    },
    {
      label: 'latency',
      pieces: measured(delta.latencyMs === null ? null : `${signedMs(delta.latencyMs)} a request`),
    },
    { label: 'noise floor', pieces: noisePieces(result) },
    {
      label: 'escalated',
      pieces:
        escalations.of === 0
          ? []
          : [
              `${formatCount(escalations.count)} of ${formatCount(escalations.of)} whose answer was validated went up the ladder (${formatShare(escalations.rate)})`,
            ],
    },
    { label: 'not compared', pieces: unsettledPieces(result) },
    { label: 'spent', pieces: spendPieces(result) },
  ])
}

const measured = (text: string | null): readonly string[] =>
  text === null ? ['unmeasured'] : [text, 'measured, mean of the pairs']

function pairPieces({ delta }: ReplayResult): readonly string[] {
  const { pairs, discordant, designEffect, mcNemar } = delta
  if (pairs === 0) return ['unmeasured: no pair of answers could be compared']
  return [
    `${formatCount(discordant)} of ${plural(pairs, 'pair')} differ (${formatPart(discordant, pairs)})`,
    ...(designEffect > leastDesignEffect
      ? [
          `worth ${formatCount(Math.floor(pairs / designEffect))} independent ones of equal weight (design effect ${designEffect.toFixed(2)})`,
        ]
      : []),
    ...(mcNemar === null ? [] : [`difference: McNemar p ${pText(mcNemar.exactP)} (exact)`]),
  ]
}

function overallPieces({ plan, delta, comparison }: ReplayResult): readonly string[] {
  const { marginOverall, requests } = plan
  if (delta.qualityOverall === null) return []
  return [
    `${comparison.isEstimate ? 'estimated ' : ''}${formatPoints(delta.qualityOverall)} points over all ${plural(requests, 'request')}, the unchanged ones counting 0`,
    ...(marginOverall === null ? [] : [`the margin is worth ${formatMargin(marginOverall)} there`]),
  ]
}

function noisePieces({ noiseFloor, comparison }: ReplayResult): readonly string[] {
  if (noiseFloor === null) {
    return comparison.kind === 'agreement'
      ? ['unmeasured: the model of the log was not asked again']
      : []
  }
  const { agreement, pairs, interval } = noiseFloor
  return [
    `the model of the log, asked again, agrees with itself in ${formatShare(agreement)} of ${plural(pairs, 'pair')}`,
    intervalText(interval),
  ]
}

function unsettledPieces({ unsettled, delta }: ReplayResult): readonly string[] {
  const { noAnswer, unscored, faults } = unsettled
  const asked = delta.pairs + noAnswer + unscored
  const kinds = Object.entries(faults).map(
    ([kind, count]) => `${safeText(kind)} ${formatCount(count)}`,
  )
  return [
    ...(noAnswer === 0
      ? []
      : [`${formatCount(noAnswer)} of ${plural(asked, 'pair')} without an answer`]),
    ...(unscored === 0
      ? []
      : [`${formatCount(unscored)} of ${plural(asked, 'pair')} could not be scored`]),
    ...(kinds.length === 0 ? [] : [`failures: ${kinds.join(', ')}`]),
  ]
}

function spendPieces({ spentUsd, maybeBilledUsd, plan }: ReplayResult): readonly string[] {
  return [
    plan.budgetUsd === null
      ? formatUsd(spentUsd)
      : `${formatUsd(spentUsd)} of a budget of ${formatUsd(plan.budgetUsd)}`,
    ...(maybeBilledUsd === 0
      ? []
      : [`perhaps billed besides, for calls that never ended: ${formatUsd(maybeBilledUsd)}`]),
  ]
}

/** What the judge is worth, held to people. */
export function judgeFacts({ judge }: ReplayResult): readonly Fact[] {
  if (judge === null) return []
  return knownFacts([
    {
      label: 'judge',
      pieces: [
        safeText(judge.name),
        judge.flipRate === null
          ? 'flips unmeasured'
          : `${formatShare(judge.flipRate)} of the pairs flip with the order, and count as ties`,
        `${plural(judge.parseFailures, 'reply', 'replies')} could not be read`,
      ],
    },
    { label: 'people', pieces: peoplePieces(judge) },
    {
      label: 'corrected',
      pieces:
        judge.ppi === null
          ? []
          : [
              `estimated ${formatShare(judge.ppi.estimate)} of the pairs prefer the candidate`,
              intervalText(judge.ppi.interval),
              `λ ${judge.ppi.lambda.toFixed(3)}`,
            ],
    },
    { label: 'refused', pieces: [judgeRefusal(judge) ?? ''] },
  ])
}

function peoplePieces(judge: JudgeSummary): readonly string[] {
  const { agreement, labelled, sensitivity, specificity, kappa, informativeness } = judge
  if (labelled === 0) {
    return ['unmeasured: no labels of people to hold it to', '--write-pairs writes pairs for them']
  }
  const interval = judge.informativenessInterval
  return [
    `${plural(labelled, 'pair')} labelled`,
    `agrees with people in ${formatShare(agreement)} of those that both decided`,
    `sensitivity ${formatShare(sensitivity)}`,
    `specificity ${formatShare(specificity)}`,
    `κ ${numberText(kappa)}`,
    `informativeness ${numberText(informativeness)}${interval === null ? '' : ` (${numberInterval(interval)})`}`,
  ]
}

/** What the figures were made with. */
export function settingFacts(result: ReplayResult): readonly Fact[] {
  const { run, baseline, policyText, plan, fingerprints } = result
  return knownFacts([
    { label: 'run', pieces: [safeText(run)] },
    { label: 'baseline', pieces: [safeText(baseline)] },
    ...(result.end === 'planned' ? [] : samplingFacts(plan)),
    { label: 'prices', pieces: [safeText(fingerprints.prices)] },
    { label: 'policy', pieces: [safeText(policyText)] },
  ])
}

/** What is said of a plan before anything is asked, and is still to be known after. */
const samplingFacts = (plan: ReplayPlan): readonly Fact[] => [
  {
    label: 'sample',
    pieces: [
      `${formatCount(plan.sampled)} of ${caseCount(plan)}`,
      ...(isSuite(plan) ? [] : [`of ${plural(plan.requests, 'request')} in all`]),
    ],
  },
  {
    label: 'margin',
    pieces: [formatMargin(plan.margin), `one-sided ${formatShare(1 - plan.power.level)}`],
  },
  { label: 'assumed', pieces: plan.assumptions.map(safeText) },
]

const numberText = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(3))

const pText = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toFixed(4))

/** Weights that differ by less change nothing. */
const leastDesignEffect = 1.02
