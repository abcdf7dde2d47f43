import type { CheckResult, CheckVerdict, Finding, Reason, ScenarioChange } from '../check/result.ts'
import type { Interval } from '../domain/report.ts'
import {
  formatCount,
  formatShare,
  formatUsd,
  formatUsdExact,
  plural,
  unknownMark,
} from './numbers.ts'
import type { Style } from './paint.ts'

export const outcomeStyles: Readonly<Record<CheckVerdict, Style>> = {
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  'no-data': 'yellow',
}

/** The headline: what was found, in one line. */
export function checkHeadline({ verdict, findings }: CheckResult): string {
  const count = (wanted: CheckVerdict) => findings.filter((each) => each.outcome === wanted).length
  const words = [
    [count('fail'), 'failed'],
    [count('warn'), 'warned'],
    [count('no-data'), 'without data'],
    [count('pass'), 'passed'],
  ] as const
  const counted = words.filter(([n]) => n > 0).map(([n, word]) => `${formatCount(n)} ${word}`)
  return `${verdict}: ${counted.join(', ')} of ${plural(findings.length, 'assertion')}`
}

/** Signed: +12%, -3.0%. */
export function signedShare(share: number | null): string {
  if (share === null) return unknownMark
  return share > 0 ? `+${formatShare(share)}` : formatShare(share)
}

export const signedUsd = (usd: number): string => (usd > 0 ? `+${formatUsd(usd)}` : formatUsd(usd))

/** A figure in its unit, as its name tells it. */
function figure(metric: string, value: number | null, isExact: boolean): string {
  if (value === null) return unknownMark
  if (metric === 'cost' || /usd/i.test(metric))
    return isExact ? formatUsdExact(value) : formatUsd(value)
  if (/rate$|share$|quality|wrong/i.test(metric))
    return isExact ? `${exactNumber(value * 100)}%` : formatShare(value)
  const count = isExact ? exactNumber(value) : formatCount(value)
  return /Ms(?:$|\.)/.test(metric) ? `${count} ms` : count
}

const exactNumber = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: 7 })

/** Figures and bound of a finding, rounded; exact where rounded ones would look the same and are not. */
export function findingFigures({ metric, baseline, actual, expected }: Finding) {
  const values = [...new Set([baseline, actual, expected])]
  const isExact = new Set(values.map((value) => figure(metric, value, false))).size < values.length
  return {
    baseline: figure(metric, baseline, isExact),
    actual: figure(metric, actual, isExact),
    expected: figure(metric, expected, isExact),
  }
}

const reasons: Readonly<Record<Reason, string>> = {
  within: 'within the bound',
  beyond: 'beyond the bound',
  'inside-noise': 'beyond the bound, but noise alone may look like this',
  'too-few-runs': 'beyond the bound, but too few runs to tell it from noise',
  'no-test': 'beyond the bound, but this figure has no test to tell it from noise',
  'unknown-now': 'this run does not say',
  'unknown-before': 'the baseline does not say',
  'nothing-priced': 'no request has a known price',
  'no-requests': 'there are no requests',
}

/** The finding in a sentence: "$1.20 → $1.38, +15% (+11% to +19%): beyond the bound of $1.26". */
export function findingSentence(finding: Finding): string {
  const { operator, reason, interval } = finding
  const { baseline, actual, expected } = findingFigures(finding)
  const values = finding.baseline === null ? actual : `${baseline} → ${actual}`
  const own = interval?.method === 'measured' ? intervalWords(interval) : ''
  const change = changeWords(finding)
  const bound = finding.expected === null ? '' : ` (${operator} ${expected})`
  return `${[values + own, ...change].join(', ')}: ${reasons[reason]}${bound}`
}

function changeWords({ change, interval, typicalChange, baseline }: Finding): readonly string[] {
  if (baseline === null || change === null) return []
  const range = interval === null || interval.method === 'measured' ? '' : intervalWords(interval)
  const typical = typicalChange === null ? [] : [`a typical scenario ${signedShare(typicalChange)}`]
  return [`${signedShare(change)}${range}`, ...typical]
}

const intervalWords = ({ low, high, level }: Interval): string =>
  ` (${formatShare(level)} interval ${signedShare(low)} to ${signedShare(high)})`

/** The name of a finding with what it is narrowed to. */
export function findingTitle({ name, metric, filter }: Finding): string {
  const narrowed = Object.entries(filter).map(([field, value]) => `${field}=${value}`)
  const shown = name === metric ? name : `${name} (${metric})`
  return [shown, ...narrowed].join(' · ')
}

/** How the sides were compared; nothing without a baseline. */
export function comparisonSentence({ comparison }: CheckResult): string {
  const { mode, pairs, runs, detectableIncrease } = comparison
  switch (mode) {
    case 'none':
      return ''
    case 'exact':
      return pairs === 0
        ? 'compared exactly'
        : `compared exactly, ${plural(pairs, 'scenario')} in both`
    case 'paired':
      return `compared by ${plural(pairs, 'scenario')}; a failure is chance in ${formatShare(comparison.familyLevel)} of checks at most`
    case 'unpaired': {
      const sizes = `${formatCount(runs.before)} runs before, ${formatCount(runs.after)} now`
      const least =
        detectableIncrease === null
          ? 'no increase would show'
          : `increases below ${formatShare(detectableIncrease)} may pass as noise`
      return `compared as two samples (${sizes}): ${least}`
    }
  }
}

/** What a scenario's runs do otherwise: "+1 call, +412 input tokens". */
export function causeOf(scenario: ScenarioChange): string {
  const { change, difference, differenceUsd, formerly } = scenario
  if (difference === null) return change
  const parts = [
    [difference.calls, 'call', 'calls'],
    [difference.inputTokens, 'input token', 'input tokens'],
    [difference.cacheReadTokens, 'cached token', 'cached tokens'],
    [difference.cacheWriteTokens, 'token written to the cache', 'tokens written to the cache'],
    [difference.outputTokens, 'output token', 'output tokens'],
  ] as const
  const moved = parts
    .filter(([count]) => count !== 0)
    .map(([count, one, many]) => {
      const size = formatCount(Math.abs(count))
      return `${count > 0 ? '+' : '-'}${size} ${size === '1' ? one : many}`
    })
  const same = differenceUsd === 0 ? 'otherwise the same' : 'the same tokens at another price'
  const cause = moved.length === 0 ? same : moved.join(', ')
  return formerly === null ? cause : `renamed from ${formerly}; ${cause}`
}

/** The whole in one line; nothing without a baseline. */
export function totalLine({ baseline, current }: CheckResult): string {
  if (baseline === null) return ''
  const difference = current.costUsd - baseline.costUsd
  const share = baseline.costUsd === 0 ? null : difference / baseline.costUsd
  return `total ${formatUsd(baseline.costUsd)} → ${formatUsd(current.costUsd)} (${signedUsd(Number(difference.toFixed(9)))}, ${signedShare(share)})`
}
