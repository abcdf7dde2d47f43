import { usdOf } from '../domain/money.ts'
import { type Projection, projectMonth } from '../stats/projection.ts'
import { type Calendar, calendarOf, weekdayOf } from '../worlds/calendar.ts'
import type { History } from '../worlds/history.ts'
import type { SimulateResult } from './result.ts'
import type { MonthOf } from './result-parts.ts'
import { loggedCost } from './spend.ts'

/** From the first to the last dated request, and how many days of the calendar that touches. */
export function periodOf(history: History, zone: string): SimulateResult['period'] {
  const span = spanOf(history)
  if (span === null) return { from: null, to: null, days: 0 }
  const calendar = calendarOf(zone)
  return {
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    days: calendar.dayOf(span.to) - calendar.dayOf(span.from) + 1,
  }
}

/** Dated requests stand first and in order. */
function spanOf({ at, count, hasTimes }: History): { from: number; to: number } | null {
  let last = count - 1
  while (last >= 0 && Number.isNaN(at[last])) last--
  return hasTimes && last >= 0 ? { from: at[0] as number, to: at[last] as number } : null
}

/** Of which nano-dollars a day is made: the amount of each request. */
type AmountAt = (place: number) => number

/**
 * What complete days cost, as a month, with the interval that the next one falls into "if days behave alike". A first or
 * last day that the log only touches is left out; null amounts without any other.
 */
export function projectedMonth(history: History, amountAt: AmountAt, zone: string): MonthOf {
  const { costPerMonth, interval, days, notes } = monthOf(history, amountAt, zone)
  const dollars = (amount: number) => usdOf(Math.round(amount))
  return {
    costUsdPerMonth: costPerMonth === null ? null : dollars(costPerMonth),
    interval: interval && {
      ...interval,
      low: dollars(interval.low),
      high: dollars(interval.high),
    },
    days,
    notes,
  }
}

/** What complete days save, as a month; null without one. */
export const projectedSavings = (
  history: History,
  costs: Float64Array,
  zone: string,
): number | null =>
  projectedMonth(history, (place) => loggedCost(history, place) - (costs[place] as number), zone)
    .costUsdPerMonth

/** In the unit of the amounts. */
export function monthOf(history: History, amountAt: AmountAt, zone: string): Projection {
  const span = spanOf(history)
  if (span === null) return projectMonth([])
  const calendar = calendarOf(zone)
  const totals = new Map<number, number>()
  for (let place = 0; place < history.count; place++) {
    const at = history.at[place] as number
    if (Number.isNaN(at)) continue
    const day = calendar.dayOf(at)
    totals.set(day, (totals.get(day) ?? 0) + amountAt(place))
  }
  return projectMonth(
    completeDays(span, calendar).map((day) => ({
      total: totals.get(day) ?? 0,
      weekday: weekdayOf(day),
    })),
  )
}

/** A log that begins within the first hour of a day has all of it, and the same at its end. */
const graceMs = 3_600_000

function completeDays(
  { from, to }: { readonly from: number; readonly to: number },
  calendar: Calendar,
): readonly number[] {
  const [first, last] = [calendar.dayOf(from), calendar.dayOf(to)]
  const begin = from - calendar.startOf(first) <= graceMs ? first : first + 1
  const end = calendar.startOf(last + 1) - to <= graceMs ? last : last - 1
  return Array.from({ length: Math.max(0, end - begin + 1) }, (_, index) => begin + index)
}
