import type { Interval } from '../domain/report.ts'
import type { Assertion, AssertionLimit, NoData } from '../policy/governance.ts'
import { familyLevel } from './compare.ts'
import type { View } from './filtered.ts'
import type { Evidence } from './noise.ts'
import type { ScenarioPair } from './pair-scenarios.ts'
import type { CheckVerdict, Comparison, Finding, Reason } from './result.ts'
import { testedFigure } from './tested-figures.ts'

/** One assertion with the figures it is about. */
export type Question = {
  readonly assertion: Assertion
  readonly metric: string
  readonly before: View | null
  readonly after: View
  readonly baseline: number | null
  readonly actual: number | null
  /** How the requests it is about are held against each other. */
  readonly mode: Comparison['mode']
  readonly pairs: readonly ScenarioPair[]
}

/** Counts are what they are: more of them is no noise. */
const countedMetrics = new Set([
  'requests',
  'totals.requests',
  'perRun.runs',
  'perRun.callsMean',
  'perTrace.callsMean',
])
const volumeMetrics = new Set([
  'costUsd',
  'totals.costUsd',
  'totals.inputTokens',
  'totals.cacheReadTokens',
  'totals.outputTokens',
])

export const isRelative = ({ limit }: Assertion): boolean => limit.kind !== 'value'

const isIncrease = ({ kind }: AssertionLimit): boolean =>
  kind === 'increase' || kind === 'increase-by'

/** 1 where more is worse, −1 where less is. */
export const worseOf = (limit: AssertionLimit): 1 | -1 => (isIncrease(limit) ? 1 : -1)

/** Whether an assertion is held to a test where runs are noisy. */
export function needsTest({ metric, limit }: Assertion): boolean {
  const figure = testedFigure(metric)
  return limit.kind !== 'value' && figure !== null && (figure.kind !== 'sum' || isIncrease(limit))
}

/** The bound in the unit of the figure; null where the baseline is unknown. */
export function boundOf(limit: AssertionLimit, baseline: number | null): number | null {
  if (limit.kind !== 'value' && baseline === null) return null
  const from = baseline ?? 0
  switch (limit.kind) {
    case 'value':
      return limit.value
    case 'increase':
      return from + Math.abs(from) * limit.maxShare
    case 'decrease':
      return from - Math.abs(from) * limit.maxShare
    case 'increase-by':
      return from + limit.max
    case 'decrease-by':
      return from - limit.max
  }
}

export const operatorOf = (limit: AssertionLimit): Finding['operator'] =>
  limit.kind === 'value' ? limit.operator : isIncrease(limit) ? '<=' : '>='

/** The finding, given the evidence and its p-values after Holm's correction. */
export function judgeFinding(
  question: Question,
  evidence: Evidence | null,
  adjusted: readonly number[],
): Finding {
  const { assertion, metric, baseline, actual } = question
  const { name, where, limit, level } = assertion
  const expected = boundOf(limit, baseline)
  const reason =
    missing(question) ??
    reasonOf(question, evidence, adjusted, expected as number, actual as number)
  const outcome = outcomeOf(reason, level)
  return {
    name,
    metric,
    filter: where,
    level: level === 'warn' ? 'warn' : 'error',
    expected,
    actual,
    operator: operatorOf(limit),
    baseline,
    change: changeOf(baseline, actual),
    interval: evidence?.interval ?? measuredInterval(question),
    typicalChange: evidence?.typicalChange ?? null,
    pValue: adjusted.length === 0 ? null : Math.min(...adjusted),
    outcome,
    reason,
    pass: outcome === 'pass',
  }
}

export const changeOf = (baseline: number | null, actual: number | null): number | null =>
  baseline === null || actual === null || baseline === 0
    ? null
    : (actual - baseline) / Math.abs(baseline)

function missing({ assertion, metric, before, after, baseline, actual }: Question): Reason | null {
  const sides = isRelative(assertion) && before !== null ? [before, after] : [after]
  if (sides.some(({ requests }) => requests === 0)) return 'no-requests'
  const isMoney = metric === 'cost' || /usd/i.test(metric)
  if (isMoney && sides.some(({ requests, unpriced }) => requests === unpriced))
    return 'nothing-priced'
  if (actual === null) return 'unknown-now'
  return isRelative(assertion) && baseline === null ? 'unknown-before' : null
}

function reasonOf(
  question: Question,
  evidence: Evidence | null,
  adjusted: readonly number[],
  expected: number,
  actual: number,
): Reason {
  const { assertion, before, after, baseline, mode } = question
  const { limit } = assertion
  const isWithin = isWithinBound(limit, baseline, actual)
  const isCounted = !isRelative(assertion) || countedMetrics.has(assertion.metric)
  if (mode === 'exact' || isCounted) return isWithin ? 'within' : settledReason(question, expected)
  const mostShare = changeOf(baseline, expected) ?? 0
  if (evidence !== null && isProven(evidence, adjusted, mostShare, worseOf(limit))) return 'beyond'
  if (isWithin) return 'within'
  const isVolume = mode === 'unpaired' && volumeMetrics.has(assertion.metric)
  if (isVolume && moreRuns(before, after) > mostShare) return 'beyond'
  if (evidence === null) return 'no-test'
  return evidence.pValues.length === 0 ? 'too-few-runs' : 'inside-noise'
}

/** Of a figure that was measured with one, its own: of the figure, not of its change. */
function measuredInterval({ after: { metrics }, metric }: Question): Interval | null {
  const [low, high, level] = ['low', 'high', 'level'].map((end) => metrics[`${metric}.${end}`])
  return typeof low === 'number' && typeof high === 'number' && typeof level === 'number'
    ? { low, high, level, method: 'measured' }
    : null
}

/** A sample may have come out on this side of the bound by chance, where its interval reaches to the other. */
function settledReason(question: Question, expected: number): Reason {
  const interval = isRelative(question.assertion) ? null : measuredInterval(question)
  const isDoubtful = interval !== null && interval.low <= expected && expected <= interval.high
  return isDoubtful ? 'inside-noise' : 'beyond'
}

/** By which share there are more runs: more of the same, whatever one of them costs. */
const moreRuns = (before: View | null, after: View): number =>
  before === null ? 0 : after.runs.count / before.runs.count - 1

/** A typical scenario that got worse proves nothing where all together surely got better. */
function isProven(
  { interval, shares }: Evidence,
  adjusted: readonly number[],
  mostShare: number,
  worse: 1 | -1,
): boolean {
  const hasImproved = interval !== null && (worse > 0 ? interval.high < 0 : interval.low > 0)
  return (
    !hasImproved &&
    adjusted.some((p, test) => p <= familyLevel && worse * ((shares[test] ?? 0) - mostShare) > 0)
  )
}

/** Whether a figure is on the right side of its bound; of a relative bound, that of the baseline. */
export function isWithinBound(
  limit: AssertionLimit,
  baseline: number | null,
  actual: number,
): boolean {
  const bound = boundOf(limit, baseline)
  return bound !== null && holds(operatorOf(limit), actual, bound)
}

/** Sums of the same amounts in another order differ in their last digits. */
function holds(operator: Finding['operator'], actual: number, expected: number): boolean {
  const slack = 1e-12 * Math.max(Math.abs(actual), Math.abs(expected))
  const difference = actual - expected
  switch (operator) {
    case '<':
      return difference < -slack
    case '<=':
      return difference <= slack
    case '=':
      return Math.abs(difference) <= slack
    case '>=':
      return difference >= -slack
    case '>':
      return difference > slack
  }
}

const noDataReasons: readonly Reason[] = [
  'unknown-now',
  'unknown-before',
  'nothing-priced',
  'no-requests',
]
const doubtful: readonly Reason[] = ['inside-noise', 'too-few-runs', 'no-test']

function outcomeOf(reason: Reason, level: Assertion['level']): CheckVerdict {
  if (reason === 'within') return 'pass'
  if (noDataReasons.includes(reason)) return 'no-data'
  return doubtful.includes(reason) || level === 'warn' ? 'warn' : 'fail'
}

/** The worst of all findings: what fails counts for more than what is unknown. */
export function verdictOf(findings: readonly Finding[], noData: NoData): CheckVerdict {
  const has = (wanted: CheckVerdict) => findings.some(({ outcome }) => outcome === wanted)
  if (has('fail')) return 'fail'
  if (has('no-data') && (noData === 'fail' || findings.every((each) => each.outcome === 'no-data')))
    return 'no-data'
  if (has('warn') || (has('no-data') && noData === 'warn')) return 'warn'
  return 'pass'
}

/** 0 passed or warned, 1 a regression, 2 nothing to tell it by. */
export function exitCodeOf(verdict: CheckVerdict, noData: NoData): number {
  if (verdict === 'fail') return 1
  return verdict === 'no-data' && noData === 'fail' ? 2 : 0
}
