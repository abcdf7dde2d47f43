import { usdOf } from '../domain/money.ts'
import { priceBookUsed } from '../prices/price-book-used.ts'
import { daysPerMonth } from '../stats/projection.ts'
import { type Share, shareDifferenceZ, surelyDifferentZ } from '../stats/share-difference.ts'
import { isoDay } from '../worlds/calendar.ts'
import {
  crossedText,
  crossingDay,
  forecastText,
  meanBefore,
  monthOf,
  spikeText,
  trailingDays,
} from '../worlds/spend-days.ts'
import type { AnalyzeOptions } from './options.ts'
import type { Alert, Projection } from './result.ts'
import type { DaySum, Sums } from './totals.ts'

/** A day above this many times the mean of the seven days before it (POLICY "alerts"). */
const spikeFactor = 2
const spikesShown = 5
/** A price book older than this may lack models and price changes. */
const oldBookDays = 60

/** What a person should look at, most urgent first. Users' alerts come from users.ts. */
export function dayAlerts(
  sums: Sums,
  projection: Projection,
  options: AnalyzeOptions,
): readonly Alert[] {
  return [
    ...budgetAlerts(sums.days, projection, options),
    ...spikes(sums.days),
    ...risingErrors(sums.days),
    ...fallingShare(
      sums.days,
      'prefix-share-falling',
      'share of prompt tokens read from prompt caches',
      (day) => [day.cacheReadTokens, day.inputTokens],
    ),
    ...fallingShare(
      sums.days,
      'hit-rate-falling',
      'share of requests served from a response cache',
      (day) => [day.servedFromCache, day.requests],
    ),
    ...oldBook(options),
  ]
}

function spikes(days: readonly DaySum[]): readonly Alert[] {
  const alerts = days.flatMap((day, index): Alert[] => {
    const mean = meanBefore(days, index)
    if (mean === null || mean <= 0 || day.cost <= spikeFactor * mean) return []
    return [
      {
        kind: 'day-spike',
        level: 'warn',
        message: spikeText(day, mean),
        at: isoDay(day.day),
        value: usdOf(day.cost),
        limit: usdOf(Math.round(spikeFactor * mean)),
      },
    ]
  })
  return alerts.sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, spikesShown)
}

/** The last seven days against all before: a rise by half that chance explains in one of a thousand cases. */
const riseFactor = 1.5

function risingErrors(days: readonly DaySum[]): readonly Alert[] {
  const recent = total(days.slice(-trailingDays), (day) => [day.errors, day.requests])
  const before = total(days.slice(0, -trailingDays), (day) => [day.errors, day.requests])
  if (recent.of === 0 || before.of === 0) return []
  const now = recent.part / recent.of
  const then = before.part / before.of
  if (now <= then * riseFactor || shareDifferenceZ(recent, before) < surelyDifferentZ) return []
  return [
    {
      kind: 'error-rate-rising',
      level: 'warn',
      message: `errors rose to ${(now * 100).toFixed(1)} % of requests in the last 7 days, from ${(then * 100).toFixed(1)} % before`,
      at: null,
      value: now,
      limit: then,
    },
  ]
}

/** A share that fell by a third or more, beyond what chance explains were each request a draw. */
const fallFactor = 2 / 3
const leastShare = 0.02

function fallingShare(
  days: readonly DaySum[],
  kind: 'prefix-share-falling' | 'hit-rate-falling',
  what: string,
  partOf: (day: DaySum) => readonly [number, number],
): readonly Alert[] {
  const recent = total(days.slice(-trailingDays), partOf)
  const before = total(days.slice(0, -trailingDays), partOf)
  if (recent.of === 0 || before.of === 0) return []
  const now = recent.part / recent.of
  const then = before.part / before.of
  if (then < leastShare || now >= then * fallFactor) return []
  const drawn = (part: number, among: readonly DaySum[]): Share => {
    const of = among.reduce((sum, { requests }) => sum + requests, 0)
    return { part: part * of, of }
  }
  const earlier = drawn(then, days.slice(0, -trailingDays))
  if (shareDifferenceZ(earlier, drawn(now, days.slice(-trailingDays))) < surelyDifferentZ) return []
  return [
    {
      kind,
      level: 'warn',
      message: `the ${what} fell to ${(now * 100).toFixed(1)} % in the last 7 days, from ${(then * 100).toFixed(1)} % before`,
      at: null,
      value: now,
      limit: then,
    },
  ]
}

function total(days: readonly DaySum[], partOf: (day: DaySum) => readonly [number, number]): Share {
  let part = 0
  let of = 0
  for (const day of days) {
    const [more, all] = partOf(day)
    part += more
    of += all
  }
  return { part, of }
}

/** Crossed in any calendar month, or forecast to be crossed in the newest one, with the day. */
function budgetAlerts(
  days: readonly DaySum[],
  projection: Projection,
  options: AnalyzeOptions,
): readonly Alert[] {
  const { budgetUsd } = options
  if (budgetUsd === null) return []
  const crossed = crossings(days, budgetUsd)
  const newest = days[days.length - 1]
  if (newest === undefined) return []
  const month = monthOf(newest.day)
  if (crossed.some(({ at }) => at?.startsWith(month)) || projection.costUsdPerMonth === null)
    return crossed
  return [...crossed, ...forecast(days, newest, projection.costUsdPerMonth, budgetUsd)]
}

function crossings(days: readonly DaySum[], budgetUsd: number): readonly Alert[] {
  const alerts: Alert[] = []
  const budget = budgetUsd * 1e9
  let month = ''
  let spent = 0
  for (const day of days) {
    if (monthOf(day.day) !== month) {
      month = monthOf(day.day)
      spent = 0
    }
    const before = spent
    spent += day.cost
    if (before > budget || spent <= budget) continue
    alerts.push({
      kind: 'budget-crossed',
      level: 'critical',
      message: crossedText(budgetUsd, day.day),
      at: isoDay(day.day),
      value: usdOf(spent),
      limit: budgetUsd,
    })
  }
  return alerts
}

function forecast(
  days: readonly DaySum[],
  newest: DaySum,
  costUsdPerMonth: number,
  budgetUsd: number,
): readonly Alert[] {
  const month = monthOf(newest.day)
  const spent = days
    .filter((day) => monthOf(day.day) === month)
    .reduce((sum, day) => sum + day.cost, 0)
  const spentUsd = usdOf(spent)
  const spend = {
    budgetUsd,
    spentUsd,
    perDayUsd: costUsdPerMonth / daysPerMonth,
    today: newest.day,
  }
  const crossing = crossingDay(spend)
  if (crossing === null) return []
  return [
    {
      kind: 'budget-forecast',
      level: 'warn',
      message: forecastText(spend, crossing),
      at: isoDay(crossing),
      value: spentUsd,
      limit: budgetUsd,
    },
  ]
}

function oldBook({ prices, now }: AnalyzeOptions): readonly Alert[] {
  const { ageDays: age } = priceBookUsed(prices, now)
  if (!(age > oldBookDays)) return []
  return [
    {
      kind: 'price-book-old',
      level: 'info',
      message: `the price book is ${age} days old (${prices.date}): llmcost prices update brings a newer one`,
      at: prices.date,
      value: age,
      limit: oldBookDays,
    },
  ]
}
