import type { AnalyzeResult } from '../analyze/result.ts'
import { ledgerFormat } from '../domain/journal.ts'
import type { InputSummary } from '../domain/report.ts'
import { divideColumns, sparkline } from './charts.ts'
import { safeText } from './escape.ts'
import { formatGrid } from './grid.ts'
import { formatCount, formatPart, formatUsd, formatUsdCents, formatUsdRough } from './numbers.ts'
import {
  loggedPieces,
  periodText,
  pricesText,
  projectionPieces,
  requestPieces,
  spreadRows,
  spreadTitles,
  uncertainPieces,
} from './phrases.ts'
import { type Block, fillSign, labelled, labelWidth, type Screen } from './screen.ts'
import { flowPieces, padText, textWidth, truncateText } from './text-width.ts'
import { usageClasses } from './usage-classes.ts'

/** Which period, which files, which prices. */
export function headerBlock(result: AnalyzeResult, { width, paint }: Screen): Block {
  const { priceBook, inputs, store } = result
  const pieces = [
    paint('bold', periodText(result)),
    paint('dim', truncateText(pricesText(priceBook), width)),
    ...(store === null ? [] : [paint('dim', truncateText(`store ${safeText(store)}`, width))]),
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
  if (result.totals.requests === 0) return []
  return [
    ...labelled('requests', requestPieces(result), screen),
    ...labelled('not certain', uncertainPieces(result), screen),
    ...labelled('as logged', loggedPieces(result), screen),
    ...spreadLines(result, screen),
  ]
}

/** What one request, one trace and one answer take, from the middle to the tail. */
function spreadLines(result: AnalyzeResult, screen: Screen): Block {
  const rows = spreadRows(result)
  if (rows.length === 0) return []
  const isWide = screen.width >= 60
  const columns = spreadTitles.map((title) => ({
    title: title.padStart(isWide ? 7 : 0),
    align: 'right' as const,
    dropOrder: spreadDropOrder[title] ?? 0,
  }))
  const label = {
    title: ''.padEnd(isWide ? labelWidth - 4 : 0),
    style: 'dim' as const,
    minWidth: 8,
  }
  return ['', ...formatGrid([label, ...columns], rows, screen)]
}

const spreadDropOrder: Readonly<Record<string, number>> = { mean: 3, max: 2, p99: 1 }

/** As many names as fit on a line; the rest as a count. */
export function filesText(inputs: readonly InputSummary[], width: number): string {
  const names = inputs.map(fileName)
  const text = names.join(', ')
  if (names.length === 1 || textWidth(text) <= width / 2) return truncateText(text, width)
  return `${formatCount(names.length)} files`
}

const fileName = ({ path, format }: InputSummary): string =>
  format === ledgerFormat ? "the gateway's ledger" : safeText(path.split(/[\\/]/).at(-1) ?? path)

function amountLines(result: AnalyzeResult, { width, paint }: Screen): Block {
  const spent = formatUsdCents(result.totals.costUsd)
  const month = formatUsdRough(result.projection.costUsdPerMonth)
  const column = Math.max(spent.length, month.length)
  const amount = (text: string) => `  ${paint('bold', padText(text, column, 'right'))}  `
  const indent = ' '.repeat(column + 4)
  const lines = flowPieces(projectionPieces(result), width - column - 4, ' · ')
  return [
    amount(spent) + paint('dim', 'spent'),
    ...lines.map((line, index) => (index === 0 ? amount(month) : indent) + paint('dim', line)),
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
function compositionLines({ totals }: AnalyzeResult, screen: Screen): Block {
  const { width, paint } = screen
  const classes = usageClasses.filter(({ key }) => totals.costByClass[key] > 0)
  if (classes.length === 0) return []
  const columns = divideColumns(
    classes.map(({ key }) => totals.costByClass[key]),
    width - 4,
  )
  const signs = classes.map((each) => fillSign(screen, each))
  const line = classes
    .map(({ style }, index) => paint(style, (signs[index] ?? '').repeat(columns[index] ?? 0)))
    .join('')
  const legend = classes.map(({ key, name, style }, index) => {
    const cost = totals.costByClass[key]
    const share = formatPart(cost, totals.costUsd)
    return `${paint(style, signs[index] ?? '')} ${name} ${share}${width >= 80 ? paint('dim', ` ${formatUsdRough(cost)}`) : ''}`
  })
  return [`  ${line}`, ...flowPieces(legend, width - 4, '   ').map((each) => `  ${each}`)]
}
