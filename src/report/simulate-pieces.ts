import type { SimulateResult } from '../simulate/result.ts'
import type { Limits, SelfHostedLine } from '../simulate/result-parts.ts'
import { safeText } from './escape.ts'
import {
  formatCount,
  formatMs,
  formatPart,
  formatShare,
  formatTokens,
  formatUsd,
  formatUsdRough,
  plural,
} from './numbers.ts'

/** What budgets and the loop guard stop. Nobody was served for what is refused, so nothing is called saved. */
export function limitPieces(limits: Limits): readonly string[] {
  const { refusedRequests, downgradedRequests, alertedRequests, budgets } = limits
  if (budgets.length === 0) return ['no budget or loop guard stops a request']
  const stopped = refusedRequests + downgradedRequests
  return [
    ...(refusedRequests === 0
      ? []
      : [
          `${plural(refusedRequests, 'request')} refused, ${formatUsd(limits.refusedUsd)}: refused, not saved`,
        ]),
    ...(downgradedRequests === 0
      ? []
      : [
          `${plural(downgradedRequests, 'request')} kept on the first rung, ${differenceText(limits.downgradedUsd)}`,
        ]),
    ...(alertedRequests === 0 ? [] : [`${plural(alertedRequests, 'request')} only warned of`]),
    ...(stopped === 0
      ? []
      : [
          ...(limits.othersUsd === 0 ? [] : [`all others ${differenceText(limits.othersUsd)}`]),
          `with its limits the policy costs ${formatUsd(limits.costUsd)}`,
        ]),
    `by ${budgets.map(({ budget, ...counts }) => `${safeText(budget)} ${formatCount(counts.refused + counts.downgraded + counts.alerted)}`).join(', ')}`,
  ]
}

const differenceText = (lessUsd: number): string =>
  `${formatUsd(Math.abs(lessUsd))} ${lessUsd < 0 ? 'dearer' : 'less'}`

/** Before and after, with what that rests on. */
export function latencyPieces({ baseline, policy }: SimulateResult): readonly string[] {
  const [before, after] = [baseline.latencyMs, policy.latencyMs]
  const pieces = [
    ['p50', before.p50, after.p50],
    ['p95', before.p95, after.p95],
  ] as const
  const logged = pieces.filter(([, old, now]) => old !== null || now !== null)
  if (logged.length === 0) return ['unknown: no request logs it']
  const { requests, known, note } = policy.latencyBasis
  return [
    ...logged.map(([name, old, now]) => `${name} ${formatMs(old)} → ${formatMs(now)}`),
    `of ${plural(requests, 'request')} that log it`,
    ...(known < requests ? [`unknown for ${formatPart(requests - known, requests)}`] : []),
    safeText(note),
  ]
}

/** The baseline's month and the policy's, if days behave alike. */
export function monthPieces({ baseline, policy }: SimulateResult): readonly string[] {
  const months = [
    [safeText(baseline.name), baseline.projection],
    ['with the policy', policy.projection],
  ] as const
  const known = months.flatMap(([name, month]) =>
    month === null || month.costUsdPerMonth === null ? [] : [{ name, ...month }],
  )
  return [
    ...known.map(({ name, costUsdPerMonth, interval }) => {
      const range =
        interval === null
          ? ''
          : ` (${formatUsdRough(interval.low)} – ${formatUsdRough(interval.high)})`
      return `${formatUsdRough(costUsdPerMonth ?? 0)}${range} ${name}`
    }),
    ...(known.length === 0
      ? []
      : [`from ${plural(policy.projection.days, 'complete day')}, if days behave alike`]),
    ...(known.length > 0 && policy.projection.notes.includes('no-whole-week')
      ? ['no whole week']
      : []),
  ]
}

/** Machines at a month of this log: what they cost, what is bought today, and where they break even. */
export function selfHostedPieces(line: SelfHostedLine): readonly string[] {
  const { usdPerMillion, filledShare, elsewhereUsdPerMillion, breakEvenTokensPerMonth } = line
  const million = (usd: number) => `${formatUsd(usd)} a million output tokens`
  return [
    `${safeText(line.target)}: ${formatUsd(line.usdPerMonth)} a month, in no figure above`,
    line.requests === 0
      ? 'no request goes there'
      : `${plural(line.requests, 'request')} ${line.requests === 1 ? 'goes' : 'go'} there`,
    ...(usdPerMillion === null ? [] : [million(usdPerMillion)]),
    ...(filledShare === null || line.requests === 0
      ? []
      : [
          `${formatShare(filledShare)} of the used time filled${filledShare > 1 ? ': more than they can do' : ''}`,
        ]),
    ...(elsewhereUsdPerMillion === null
      ? []
      : [
          `as logged they cost ${million(elsewhereUsdPerMillion)}`,
          breakEvenTokensPerMonth === null
            ? 'never breaks even at this throughput'
            : `breaks even at ${formatTokens(breakEvenTokensPerMonth)} output tokens a month`,
        ]),
  ]
}
