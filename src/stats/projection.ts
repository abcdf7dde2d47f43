import type { Interval } from './intervals.ts'
import { studentTQuantile } from './student-t.ts'

/** A month projected from whole days, in the unit of the totals, "if days behave alike". */
export type Projection = {
  /** Null without one complete day. */
  readonly costPerMonth: number | null
  /** Where the next month falls: a prediction interval. Null below three complete days. */
  readonly interval: Interval | null
  readonly days: number
  readonly notes: readonly ProjectionNote[]
}

/**
 * "observed-rate-only": too few days for an interval. "no-whole-week": some weekdays were never
 * seen.
 */
export type ProjectionNote = 'observed-rate-only' | 'no-whole-week'

/** The spend of one complete day; days without requests count, with total 0. */
export type DayTotal = {
  readonly total: number
  /** 0–6, from any day on: it only tells weekdays apart. */
  readonly weekday: number
}

/** Mean length of a month: 365.25 / 12. */
export const daysPerMonth = 30.4375
/** The days a month is predicted for. */
const predictedDays = 30
const level = 0.95
const minDaysForInterval = 3
const daysPerWeek = 7

/**
 * What a month costs, from complete days in order (drop the partial first and last day before).
 *
 * `daysPerMonth` × the mean day; from seven days on the mean of the weekday means, so that a log of
 * two weekends and one week does not lean to weekends. Interval: mean ± t(n−1) · s · √(1/n + 1/30),
 * clipped at 0, times the same factor.
 */
export function projectMonth(days: readonly DayTotal[]): Projection {
  const n = days.length
  if (n === 0) return { costPerMonth: null, interval: null, days: 0, notes: notesFor(0) }
  const totals = days.map((day) => day.total)
  const mean = n >= daysPerWeek ? meanOfWeekdayMeans(days) : meanOf(totals)
  const interval = n >= minDaysForInterval ? predict(mean, totals) : null
  return { costPerMonth: daysPerMonth * mean, interval, days: n, notes: notesFor(n) }
}

function notesFor(days: number): readonly ProjectionNote[] {
  if (days < minDaysForInterval) return ['observed-rate-only', 'no-whole-week']
  return days < daysPerWeek ? ['no-whole-week'] : []
}

function meanOfWeekdayMeans(days: readonly DayTotal[]): number {
  const byWeekday = new Map<number, number[]>()
  for (const { weekday, total } of days) {
    const totals = byWeekday.get(weekday)
    if (totals === undefined) byWeekday.set(weekday, [total])
    else totals.push(total)
  }
  return meanOf([...byWeekday.values()].map(meanOf))
}

function predict(mean: number, totals: readonly number[]): Interval {
  const n = totals.length
  const t = studentTQuantile((1 + level) / 2, n - 1)
  const half = t * standardDeviation(totals) * Math.sqrt(1 / n + 1 / predictedDays)
  return {
    low: Math.max(0, daysPerMonth * (mean - half)),
    high: Math.max(0, daysPerMonth * (mean + half)),
    level,
    method: 'student-t-prediction',
  }
}

/** Of a sample (n − 1), about its plain mean. */
function standardDeviation(values: readonly number[]): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
