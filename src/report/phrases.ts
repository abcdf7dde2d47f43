import type { AnalyzeResult, Verdict } from '../analyze/result.ts'
import { inTable } from '../domain/json.ts'
import type { InputSummary, PriceBookUsed } from '../domain/report.ts'
import type { ProjectionNote } from '../stats/projection.ts'
import { safeText } from './escape.ts'
import {
  formatCount,
  formatDay,
  formatMs,
  formatPart,
  formatShare,
  formatUsd,
  formatUsdCents,
  formatUsdRough,
  plural,
} from './numbers.ts'
import { usageClasses } from './usage-classes.ts'

/** "2026-10-01 to 2026-10-31 (31 days)": the calendar days of --tz where they are known. */
export function periodText({ period, daily }: AnalyzeResult): string {
  const from = formatDay(daily[0]?.day ?? period.from)
  const to = formatDay(daily.at(-1)?.day ?? period.to)
  if (period.from === null && daily.length === 0) return 'No period'
  const days = plural(period.days, 'day')
  return from === to ? `${from} (${days})` : `${from} to ${to} (${days})`
}

/** "genai-prices 0.1.8 of 2026-10-28"; a name that does not say so is called prices. */
export function pricesText({ name, date }: PriceBookUsed): string {
  const safeName = safeText(name)
  return `${/price/i.test(safeName) ? '' : 'prices '}${safeName} of ${safeText(formatDay(date))}`
}

/** Month, interval and basis of the projection; nothing where nothing can be projected. */
export function projectionPieces({ projection }: AnalyzeResult): readonly string[] {
  const { costUsdPerMonth, interval, days } = projection
  if (costUsdPerMonth === null) return []
  const range =
    interval === null
      ? []
      : [
          `${formatShare(interval.level)} interval ${formatUsdRough(interval.low)} – ${formatUsdRough(interval.high)}`,
        ]
  return ['a month, projected', ...range, `from ${plural(days, 'full day')}`]
}

export function requestPieces({
  totals,
  usdPerThousandRequests,
}: AnalyzeResult): readonly string[] {
  const { requests, attempts, errors, servedFromCacheRequests } = totals
  return [
    formatCount(requests),
    ...(usdPerThousandRequests === null ? [] : [`${formatUsd(usdPerThousandRequests)} per 1,000`]),
    ...(attempts === requests ? [] : [plural(attempts, 'attempt')]),
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(servedFromCacheRequests > 0
      ? [`${formatCount(servedFromCacheRequests)} served from a cache`]
      : []),
  ]
}

/** What the figures leave open, as shares of the requests. */
export function uncertainPieces({ totals }: AnalyzeResult): readonly string[] {
  return [
    ...(totals.unpricedRequests > 0 ? [`${formatShare(totals.unpricedShare)} unpriced`] : []),
    ...(totals.estimatedRequests > 0
      ? [`${formatShare(totals.estimatedShare)} with estimated tokens`]
      : []),
    ...(totals.undatedRequests > 0
      ? [`${formatCount(totals.undatedRequests)} without a date`]
      : []),
  ]
}

export function loggedPieces({ totals }: AnalyzeResult): readonly string[] {
  if (totals.loggedCostUsd === null) return []
  const { loggedCostUsd, loggedRequests, comparedRequests, comparedLoggedCostUsd } = totals
  const book = `by the price book ${formatUsdCents(totals.computedCostOfLoggedUsd)}`
  const logged = `${formatUsdCents(loggedCostUsd)} on ${plural(loggedRequests, 'request')}`
  if (comparedRequests === loggedRequests) return [logged, book]
  if (comparedRequests === 0) return [logged, 'none of them priced by the price book']
  const compared = `${formatCount(comparedRequests)} of them ${formatUsdCents(comparedLoggedCostUsd)}`
  return [logged, `${compared}, ${book}`]
}

/** "input 31% $4,880" and so on for the usage classes that cost anything. */
export const compositionPieces = ({ totals }: AnalyzeResult): readonly string[] =>
  usageClasses
    .filter(({ key }) => totals.costByClass[key] > 0)
    .map(({ key, name }) => {
      const cost = totals.costByClass[key]
      return `${name} ${formatPart(cost, totals.costUsd)} (${formatUsdRough(cost)})`
    })

/** What one request, trace and answer take: a label, then mean, p50, p95, p99 and max or blanks. */
export function spreadRows(result: AnalyzeResult): readonly (readonly string[])[] {
  const { perRequest: each, perTrace: trace, latencyMs, firstTokenMs: first } = result
  const rows = [
    ['per request', ...[each.meanUsd, each.p50Usd, each.p95Usd, each.p99Usd, null].map(usd)],
    ['per trace', ...[trace.meanUsd, null, trace.p95Usd, null, trace.maxUsd].map(usd)],
    ['calls a trace', ...[trace.callsMean, null, trace.callsP95, null, trace.callsMax].map(count)],
    ['latency', ...[null, latencyMs.p50, latencyMs.p95, latencyMs.p99, null].map(ms)],
    ['first token', ...[null, first.p50, first.p95, null, null].map(ms)],
  ]
  return rows.filter((row) => row.slice(1).some((cell) => cell !== ''))
}

export const spreadTitles: readonly string[] = ['mean', 'p50', 'p95', 'p99', 'max']

/** Models without a price, warnings, and the records that were not counted, by file and reason. */
export function noteLines({
  totals,
  warnings,
  projection,
  inputs,
}: AnalyzeResult): readonly string[] {
  const unpriced = totals.unpricedModels.map(
    ({ model, requests }) => `no price for ${safeText(model)} (${plural(requests, 'request')})`,
  )
  // What was rejected stands with its file.
  const warned = warnings
    .filter(({ code }) => !code.startsWith('rejected-'))
    .map(({ message, count: times }) =>
      times > 1 ? `${safeText(message)} (${formatCount(times)} times)` : safeText(message),
    )
  const projected = projection.costUsdPerMonth === null ? [] : projection.notes
  const notes = projected.map((note) => inTable(projectionWords, note) ?? safeText(note))
  return [...unpriced, ...warned, ...notes, ...inputs.flatMap(leftOutLine)]
}

/** What `projection.notes` says, in words. */
const projectionWords: Readonly<Record<ProjectionNote, string>> = {
  'observed-rate-only': 'the log has too few complete days for an interval around the month',
  'no-whole-week': 'some days of the week are not in the log: a month may be otherwise',
}

/** The records of a file that were not counted, by reason; nothing where all were. */
export function leftOutLine({ path, skipped, duplicates }: InputSummary): readonly string[] {
  const reasons = Object.entries(skipped)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, records]) => `${formatCount(records)} ${safeText(reason)}`)
  const counts = [...reasons, ...(duplicates > 0 ? [plural(duplicates, 'duplicate')] : [])]
  return counts.length === 0 ? [] : [`${safeText(path)}: left out ${counts.join(', ')}`]
}

/** Whether a gateway is worth it, in words. */
export const verdictTexts: Readonly<Record<Verdict['gateway'], string>> = {
  'does-not-pay': 'a gateway does not pay',
  'look-again': 'look again when the traffic grows',
  'worth-a-trial': 'a gateway is worth a trial',
  unknown: 'unknown',
}

const usd = (value: number | null): string => (value === null ? '' : formatUsd(value))
const count = (value: number | null): string => (value === null ? '' : formatCount(value))
const ms = (value: number | null): string => (value === null ? '' : formatMs(value))

/** What savings are counted over: a month, or where nothing can be projected the log itself. */
export const savingPeriod = ({ projection }: Pick<AnalyzeResult, 'projection'>): string =>
  projection.costUsdPerMonth === null ? 'in this log' : 'a month'
