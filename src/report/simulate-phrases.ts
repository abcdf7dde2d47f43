import type { Interval } from '../domain/report.ts'
import type { Certified, Range, SimulateResult } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import {
  formatCount,
  formatDay,
  formatShare,
  formatUsd,
  formatUsdCents,
  formatUsdRough,
  plural,
} from './numbers.ts'
import { leftOutLine } from './phrases.ts'

/** A label and what is to be said under it; every piece is safe to print. */
export type Fact = { readonly label: string; readonly pieces: readonly string[] }

/** Facts without what there is nothing to say about. */
export const knownFacts = (facts: readonly Fact[]): readonly Fact[] =>
  facts.flatMap(({ label, pieces }) => {
    const said = pieces.filter((piece) => piece !== '')
    return said.length === 0 ? [] : [{ label, pieces: said }]
  })

/** "2026-10-01 to 2026-10-31 (31 days)". */
export function simulatedPeriod({ period }: SimulateResult): string {
  if (period.from === null) return 'No period'
  const [from, to] = [formatDay(period.from), formatDay(period.to)]
  const days = `(${plural(Math.ceil(period.days), 'day')})`
  return from === to ? `${from} ${days}` : `${from} to ${to} ${days}`
}

/** What the log cost, what the policy comes to, and the difference in words. */
export type Headline = {
  readonly baseline: readonly [amount: string, words: string]
  readonly policy: readonly [amount: string, words: string]
  readonly saved: readonly [amount: string, ...words: string[]]
  readonly isSaving: boolean
}

/** The three amounts of the headline; a policy that costs more says so. */
export function headlineOf({ baseline, savings, policy }: SimulateResult): Headline {
  const { costUsd, share, projectedUsdPerMonth: month } = savings
  const isSaving = costUsd >= 0
  const size = share === null ? null : Math.abs(share)
  return {
    baseline: [formatUsdCents(baseline.costUsd), safeText(baseline.name)],
    policy: [formatUsdCents(policy.costUsd), 'with the policy'],
    saved: [
      formatUsdCents(Math.abs(costUsd)),
      isSaving ? 'saved' : 'dearer',
      ...(size === null ? [] : [`${formatShare(size)} ${isSaving ? 'of the spend' : 'more'}`]),
      ...(month === null ? [] : [`${formatUsdRough(Math.abs(month))} a month, projected`]),
    ],
    isSaving,
  }
}

/** The certified threshold and what it rests on, or what is missing. */
export function certifiedText(certified: Certified): string {
  const { threshold, alpha, confidence, labels, errors, labelsNeeded } = certified
  const advice = safeText(certified.advice)
  const basis = `${plural(labels, 'label')}, ${formatCount(errors)} wrong`
  if (threshold === null && alpha === null && labels === 0) return advice
  if (threshold === null) {
    const missing = labelsNeeded === null ? '' : `${formatCount(labelsNeeded)} more labels`
    const next = advice === '' ? missing : advice
    return `not certified (${basis})${next === '' ? '' : `: ${next}`}`
  }
  if (advice !== '') return `${advice} (${basis})`
  const limit = alpha === null ? '' : `, wrong hits below ${formatShare(alpha)}`
  const sure = confidence === null ? '' : ` with ${formatShare(confidence)} confidence`
  return `${formatThreshold(threshold)} is certified${limit}${sure} (${basis})`
}

/** Warnings, what could not be priced or measured, and the records that were left out. */
export function simulateNotes(result: SimulateResult): readonly string[] {
  const { baseline, policy, layers, warnings, inputs } = result
  const warned = warnings.map(({ message, count }) =>
    count > 1 ? `${safeText(message)} (${formatCount(count)} times)` : safeText(message),
  )
  return [
    ...(baseline.unpricedRequests === 0
      ? []
      : [
          `${plural(baseline.unpricedRequests, 'request')} without a price: $0 where they are as logged, the price of the other model where a route or a baseline sends them there`,
        ]),
    ...(policy.unmeasuredRequests === 0
      ? []
      : [
          `${plural(policy.unmeasuredRequests, 'request')} routed to a model whose answers nobody has: cost and latency there are modelled`,
        ]),
    ...layers.selfHosted
      .filter(({ requests }) => requests > 0)
      .map(
        ({ target, usdPerMonth }) =>
          `the machines of ${safeText(target)} cost ${formatUsd(usdPerMonth)} a month, which no saving counts`,
      ),
    ...warned,
    ...inputs.flatMap(leftOutLine),
  ]
}

/** "2.1%", or "2.1% – 3.4%" where not everything is settled. */
export const formatShareRange = (range: Range): string =>
  oneOrTwo(formatShare(range.low), formatShare(range.high))

/** "1,262", or "1,262 – 2,044". */
export const formatCountRange = (range: Range): string =>
  oneOrTwo(formatCount(range.low), formatCount(range.high))

/** "95% interval 1.8% – 3.9% (bootstrap)", of shares. */
export const intervalText = ({ low, high, level, method }: Interval): string =>
  `${formatShare(level)} interval ${formatShare(low)} – ${formatShare(high)} (${safeText(method)})`

/** A similarity as it is set: 0.92, 0.925. */
export const formatThreshold = (threshold: number): string => {
  const text = threshold.toFixed(4).replace(/0+$/, '')
  return text.padEnd(text.indexOf('.') + 3, '0')
}

/** A difference of two shares, in points of a percent with its sign: -1.8. */
export function formatPoints(delta: number): string {
  const points = Number((delta * 100).toFixed(1)) + 0 // -0 becomes 0
  return `${points > 0 ? '+' : ''}${points.toFixed(1)}`
}

/** How long an answer is kept: 1 day, 90 minutes, without end. */
export function formatTtl(seconds: number | null): string {
  if (seconds === null) return 'without end'
  const [size, name] = timeUnits.find(([unit]) => seconds > 0 && seconds % unit === 0) ?? [
    1,
    'second',
  ]
  return plural(seconds / size, name)
}

const timeUnits: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]

const oneOrTwo = (low: string, high: string): string => (low === high ? low : `${low} – ${high}`)
