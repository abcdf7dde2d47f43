import type { AnalyzeResult, Percentiles } from '../analyze/result.ts'
import { divideColumns, sparkline } from './charts.ts'
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
import type { Block, Screen } from './screen.ts'
import { flowPieces, padText, textWidth, truncateText } from './text-width.ts'
import { usageClasses } from './usage-classes.ts'

/** Which period, which files, which prices. */
export function headerBlock(result: AnalyzeResult, { width, paint }: Screen): Block {
  const { priceBook, inputs } = result
  const prices = `prices ${safeText(priceBook.name)} of ${formatDay(priceBook.date)}`
  const pieces = [
    paint('bold', periodText(result)),
    paint('dim', truncateText(prices, width)),
    ...(inputs.length > 0 ? [paint('dim', filesText(inputs, width))] : []),
  ]
  return flowPieces(pieces, width, paint('dim', ' · '))
}

/** The spend, the month, the days and the classes it is made of. */
export function spendBlock(result: AnalyzeResult, screen: Screen): Block {
  if (result.totals.requests === 0) return [`  ${screen.paint('bold', 'No requests.')}`]
  const charts = [daysLines(result, screen), compositionLines(result, screen)]
  return [
    ...amountLines(result, screen),
    ...charts.flatMap((lines) => (lines.length > 0 ? ['', ...lines] : [])),
  ]
}

/** Requests, dollars per request, latency, and how much of it is known. */
export function figuresBlock(result: AnalyzeResult, screen: Screen): Block {
  const { totals, perRequest, perTrace, firstTokenMs } = result
  if (totals.requests === 0) return []
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['requests', requestPieces(result)],
    [
      'per request',
      known([
        ['mean', formatUsd(perRequest.meanUsd), perRequest.meanUsd],
        ['p50', formatUsd(perRequest.p50Usd), perRequest.p50Usd],
        ['p95', formatUsd(perRequest.p95Usd), perRequest.p95Usd],
        ['p99', formatUsd(perRequest.p99Usd), perRequest.p99Usd],
      ]),
    ],
    [
      'per trace',
      known([
        ['mean', formatUsd(perTrace.meanUsd), perTrace.meanUsd],
        ['p95', formatUsd(perTrace.p95Usd), perTrace.p95Usd],
        ['max', formatUsd(perTrace.maxUsd), perTrace.maxUsd],
        ['most calls', formatCount(perTrace.callsMax), perTrace.callsMax],
      ]),
    ],
    ['latency', latencyPieces(result.latencyMs)],
    [
      'first token',
      known([
        ['p50', formatMs(firstTokenMs.p50), firstTokenMs.p50],
        ['p95', formatMs(firstTokenMs.p95), firstTokenMs.p95],
      ]),
    ],
    ['not certain', uncertainPieces(result)],
    ['as logged', loggedPieces(result)],
  ]
  return rows.flatMap(([label, pieces]) => labelled(label, pieces, screen))
}

function periodText({ period, daily }: AnalyzeResult): string {
  const from = daily[0]?.day ?? period.from
  const to = daily.at(-1)?.day ?? period.to
  if (from === null && to === null) return 'No period'
  const days = plural(period.days, 'day')
  if (formatDay(from) === formatDay(to)) return `${formatDay(from)} (${days})`
  return `${formatDay(from)} to ${formatDay(to)} (${days})`
}

/** As many names as fit on a line; the rest as a count. */
function filesText(inputs: AnalyzeResult['inputs'], width: number): string {
  const names = inputs.map(({ path }) => safeText(path.split(/[\\/]/).at(-1) ?? path))
  const text = names.join(', ')
  if (names.length === 1 || textWidth(text) <= width / 2) return truncateText(text, width)
  return `${formatCount(names.length)} files`
}

function amountLines({ totals, projection }: AnalyzeResult, { width, paint }: Screen): Block {
  const spent = formatUsdCents(totals.costUsd)
  const month = projection.costUsdPerMonth
  const monthText = formatUsdRough(month)
  const column = Math.max(spent.length, monthText.length)
  const amount = (text: string) => `  ${paint('bold', padText(text, column, 'right'))}  `
  const first = amount(spent) + paint('dim', 'spent')
  if (month === null) return [first]
  const days = `from ${plural(projection.days, 'full day')}`
  const { interval } = projection
  const pieces = [
    'a month, projected',
    ...(interval === null
      ? []
      : [
          `${formatShare(interval.level)} interval ${formatUsdRough(interval.low)} – ${formatUsdRough(interval.high)}`,
        ]),
    days,
  ]
  const lines = flowPieces(pieces, width - column - 4, ' · ')
  return [
    first,
    ...lines.map((line, index) =>
      index === 0
        ? amount(monthText) + paint('dim', line)
        : ' '.repeat(column + 4) + paint('dim', line),
    ),
  ]
}

/** A sparkline of the days, with its ends and its peak written under it. */
function daysLines({ daily }: AnalyzeResult, { width, unicode, paint }: Screen): Block {
  const [first, last] = [daily[0], daily.at(-1)]
  if (first === undefined || last === undefined || daily.length < 2) return []
  const line = sparkline(
    daily.map(({ costUsd }) => costUsd),
    { width: width - 4, unicode },
  )
  const peak = daily.reduce((a, b) => (b.costUsd > a.costUsd ? b : a))
  const room = Math.max(line.length, Math.min(width - 4, 52))
  const middle = `peak ${formatUsd(peak.costUsd)} on ${monthDay(peak.day)}`
  const ends = [monthDay(first.day), monthDay(last.day)] as const
  const free = room - ends[0].length - ends[1].length - middle.length
  const left = Math.max(1, Math.floor(free / 2))
  const label = `${ends[0]}${' '.repeat(left)}${middle}${' '.repeat(Math.max(1, free - left))}${ends[1]}`
  return [`  ${paint('cyan', line)}`, `  ${paint('dim', truncateText(label, width - 2))}`]
}

const monthDay = (day: string): string => day.slice(5, 10)

/** One bar of all usage classes with its legend; classes that cost nothing are left out. */
function compositionLines({ totals }: AnalyzeResult, { width, unicode, paint }: Screen): Block {
  const classes = usageClasses.filter(({ key }) => totals.costByClass[key] > 0)
  if (classes.length === 0) return []
  const columns = divideColumns(
    classes.map(({ key }) => totals.costByClass[key]),
    width - 4,
  )
  const sign = (index: number) => (unicode ? classes[index]?.sign : classes[index]?.asciiSign) ?? ''
  const line = classes
    .map(({ style }, index) => paint(style, sign(index).repeat(columns[index] ?? 0)))
    .join('')
  const legend = classes.map(({ key, name, style }, index) => {
    const cost = totals.costByClass[key]
    const share = formatPart(cost, totals.costUsd)
    return `${paint(style, sign(index))} ${name} ${share}${width >= 80 ? paint('dim', ` ${formatUsdRough(cost)}`) : ''}`
  })
  return [`  ${line}`, ...flowPieces(legend, width - 4, '   ').map((each) => `  ${each}`)]
}

function requestPieces({ totals, usdPerThousandRequests }: AnalyzeResult): readonly string[] {
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

const latencyPieces = ({ p50, p95, p99 }: Percentiles): readonly string[] =>
  known([
    ['p50', formatMs(p50), p50],
    ['p95', formatMs(p95), p95],
    ['p99', formatMs(p99), p99],
  ])

function uncertainPieces({ totals }: AnalyzeResult): readonly string[] {
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

function loggedPieces({ totals }: AnalyzeResult): readonly string[] {
  if (totals.loggedCostUsd === null) return []
  return [
    `${formatUsdCents(totals.loggedCostUsd)} on ${plural(totals.loggedRequests, 'request')}`,
    `by the price book ${formatUsdCents(totals.computedCostOfLoggedUsd)}`,
  ]
}

const known = (
  values: readonly (readonly [name: string, text: string, value: number | null])[],
): readonly string[] =>
  values.flatMap(([name, text, value]) => (value === null ? [] : [`${name} ${text}`]))

/** A dim label, then pieces over as many lines as they need. */
function labelled(label: string, pieces: readonly string[], { width, paint }: Screen): Block {
  if (pieces.length === 0) return []
  return flowPieces(pieces, width - labelWidth, '   ').map(
    (line, index) => paint('dim', padText(index === 0 ? `  ${label}` : '', labelWidth)) + line,
  )
}

const labelWidth = 15
