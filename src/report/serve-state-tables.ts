import type { ForecastMetric, ForecastScore, ScoredFigure } from '../domain/forecast.ts'
import type { BreakerLine, BudgetLine } from '../serve/gateway-snapshot.ts'
import type { TrialLine } from '../serve/trial-lines.ts'
import { safeText } from './escape.ts'
import { formatCount, formatMs, formatShare, formatUsd, unknownMark } from './numbers.ts'
import { type BarTable, nameColumn, numberColumn } from './serve-tables.ts'

export const breakersTable = (breakers: readonly BreakerLine[]): BarTable => ({
  title: 'Circuit breakers',
  remark: 'failures in a row',
  columns: [
    nameColumn('target'),
    { title: 'state' },
    numberColumn('failures'),
    { title: 'next try', dropOrder: 1 },
  ],
  rows: breakers.map(({ target, state, failures, nextTryAt }) => [
    safeText(target),
    state,
    formatCount(failures),
    nextTryAt === null ? unknownMark : `${nextTryAt.slice(11, 19)} UTC`,
  ]),
  shares: null,
})

/** Spent and held back against the limit. */
export const budgetsTable = (budgets: readonly BudgetLine[]): BarTable => ({
  title: 'Budgets',
  remark: 'spent, with what is held back for calls under way',
  columns: [
    nameColumn('budget'),
    { title: 'of', minWidth: 8 },
    numberColumn('spent'),
    numberColumn('held back', 1),
    numberColumn('limit'),
    numberColumn('used'),
    { title: 'beyond it', dropOrder: 2 },
    { title: 'resets', dropOrder: 3 },
  ],
  rows: budgets.map((line) => [
    safeText(line.budget),
    line.member === null ? 'all' : safeText(line.member),
    formatUsd(line.spentUsd),
    formatUsd(line.reservedUsd),
    formatUsd(line.limitUsd),
    formatShare(usedOf(line)),
    line.action,
    line.resetsAt === null ? unknownMark : timeText(line.resetsAt),
  ]),
  shares: budgets.map(usedOf),
})

const usedOf = ({ spentUsd, reservedUsd, limitUsd }: BudgetLine): number | null =>
  limitUsd > 0 ? (spentUsd + reservedUsd) / limitUsd : null

const timeText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`

/** What answers held against fresh ones say of layers, features and routes. */
export const trialsTable = (trials: readonly TrialLine[]): BarTable => ({
  title: 'Shadow, canary and audits',
  remark: 'answers held against fresh ones; evidence is of what it takes to act',
  columns: [
    nameColumn('layer'),
    { title: 'of', minWidth: 8 },
    { title: 'is' },
    numberColumn('compared'),
    numberColumn('wrong'),
    numberColumn('unsettled', 2),
    numberColumn('rate'),
    numberColumn('limit', 1),
    numberColumn('evidence'),
    numberColumn('threshold', 3),
  ],
  rows: trials.map((line) => [
    line.purpose === 'promotion' ? `${line.layer}, for all` : line.layer,
    line.group === null ? unknownMark : safeText(line.group),
    line.mode,
    formatCount(line.compared),
    formatCount(line.wrong),
    formatCount(line.unsettled),
    formatShare(line.rate),
    formatShare(line.limit),
    formatShare(line.isProved ? 1 : line.evidence),
    line.threshold === null ? unknownMark : String(line.threshold),
  ]),
  shares: null,
})

/** What the simulation said beside what came of it. */
export function forecastTable({ generatedAt, from, scored }: ForecastScore): BarTable {
  return {
    title: 'Forecast and actual',
    remark: `simulated ${generatedAt.slice(0, 10)}; actual since ${timeText(from)}`,
    columns: [
      nameColumn('', 23),
      numberColumn('forecast'),
      numberColumn('interval', 1),
      { ...numberColumn('actual'), style: 'bold' },
      numberColumn('requests', 2),
      { title: 'off by' },
    ],
    rows: scored.map((figure) => {
      const { value, interval, actual, requests } = figure
      const { format } = forecastWords[figure.metric]
      return [
        wordsOf(figure),
        format(value),
        interval === null ? unknownMark : `${format(interval.low)} – ${format(interval.high)}`,
        format(actual),
        formatCount(requests),
        offText(figure),
      ]
    }),
    shares: null,
  }
}

/** How far forecasts were off before: this tool's own errors. */
export const earlierForecastsTable = (scores: readonly ForecastScore[]): BarTable => ({
  title: 'Earlier forecasts',
  remark: 'how far they were off; each run of the gateway under a policy',
  columns: [
    nameColumn('from', 16),
    { title: 'policy', dropOrder: 2 },
    { title: 'simulated', dropOrder: 1 },
    numberColumn('requests'),
    ...earlierMetrics.map((metric) => numberColumn(forecastWords[metric].short)),
  ],
  rows: scores.map(({ from, policy, generatedAt, scored }) => [
    timeText(from),
    safeText(policy.slice(0, 8)),
    generatedAt.slice(0, 10),
    formatCount(Math.max(0, ...scored.map(({ requests }) => requests))),
    ...earlierMetrics.map((metric) => {
      const figure = scored.find((each) => each.metric === metric)
      return figure === undefined ? unknownMark : offText(figure)
    }),
  ]),
  shares: null,
})

const earlierMetrics = ['costUsdPer1k', 'hitRate', 'savedShare'] as const

const wordsOf = ({ metric, route }: ScoredFigure): string =>
  route === null ? forecastWords[metric].words : `${forecastWords[metric].words} ${safeText(route)}`

/** Shares in points, the rest in proportion to the forecast. */
function offText({ metric, value, actual, isInside }: ScoredFigure): string {
  if (actual === null) return 'not yet'
  const { isShare } = forecastWords[metric]
  if (!isShare && value === 0) return unknownMark
  const off = (isShare ? actual - value : actual / value - 1) * 100
  const text = `${off >= 0 ? '+' : '−'}${Math.abs(off).toFixed(1)} ${isShare ? 'points' : '%'}`
  return isInside === null ? text : `${text}, ${isInside ? 'inside' : 'outside'}`
}

const forecastWords: Readonly<
  Record<
    ForecastMetric,
    {
      readonly words: string
      readonly short: string
      readonly isShare: boolean
      readonly format: (value: number | null) => string
    }
  >
> = {
  costUsdPer1k: {
    words: 'cost per 1,000 requests',
    short: 'cost',
    isShare: false,
    format: formatUsd,
  },
  hitRate: { words: 'combined hit rate', short: 'hit rate', isShare: true, format: formatShare },
  savedShare: {
    words: 'saved, of the baseline',
    short: 'saved',
    isShare: true,
    format: formatShare,
  },
  p95LatencyMs: { words: 'p95 latency', short: 'p95', isShare: false, format: formatMs },
  routeShare: { words: 'to route', short: 'route', isShare: true, format: formatShare },
}
