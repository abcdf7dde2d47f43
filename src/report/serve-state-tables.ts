import type { ForecastMetric, ForecastScore } from '../serve/forecast.ts'
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
export function forecastTable({
  policy,
  isOfThisPolicy,
  generatedAt,
  scored,
}: ForecastScore): BarTable {
  const of = isOfThisPolicy ? 'of this policy' : `of another policy, ${safeText(policy)}`
  return {
    title: 'Forecast and actual',
    remark: `simulated ${generatedAt.slice(0, 10)} ${of}; actual since the start`,
    columns: [
      nameColumn('', 23),
      numberColumn('forecast'),
      numberColumn('interval', 1),
      { ...numberColumn('actual'), style: 'bold' },
      numberColumn('requests', 2),
      { title: '' },
    ],
    rows: scored.map(({ metric, value, interval, actual, requests, isInside }) => {
      const { words, format } = forecastWords[metric]
      return [
        words,
        format(value),
        interval === null ? unknownMark : `${format(interval.low)} – ${format(interval.high)}`,
        format(actual),
        formatCount(requests),
        insideWord(isInside, actual),
      ]
    }),
    shares: null,
  }
}

function insideWord(isInside: boolean | null, actual: number | null): string {
  if (isInside !== null) return isInside ? 'inside' : 'outside'
  return actual === null ? 'not yet' : 'no interval'
}

const forecastWords: Readonly<
  Record<
    ForecastMetric,
    { readonly words: string; readonly format: (value: number | null) => string }
  >
> = {
  costUsdPer1k: { words: 'cost per 1,000 requests', format: formatUsd },
  hitRate: { words: 'combined hit rate', format: formatShare },
  savedShare: { words: 'saved, of the baseline', format: formatShare },
  p95LatencyMs: { words: 'p95 latency', format: formatMs },
}
