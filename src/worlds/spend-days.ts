import { usdOf } from '../domain/money.ts'
import { isoDay } from './calendar.ts'

/** Spend of one calendar day, nano-dollars. Days are numbered by their date. */
export type DayCost = { readonly day: number; readonly cost: number }

/** A day is held against so many before it (POLICY "alerts"). */
export const trailingDays = 7

/** The mean of the seven days before one of a list without gaps; null where it does not reach so far back. */
export function meanBefore(days: readonly DayCost[], index: number): number | null {
  if (index < trailingDays) return null
  const before = days.slice(index - trailingDays, index)
  return before.reduce((sum, { cost }) => sum + cost, 0) / trailingDays
}

/** A day that stands out, in words. */
export const spikeText = ({ day, cost }: DayCost, mean: number): string =>
  `${isoDay(day)} cost $${usdOf(cost).toFixed(2)}, ${(cost / mean).toFixed(1)} times the mean of the 7 days before ($${usdOf(Math.round(mean)).toFixed(2)})`

/** "2026-08" */
export const monthOf = (day: number): string => isoDay(day).slice(0, 7)

/** A budget of a month in dollars, and what it looks like on a day in it. */
export type MonthSpend = {
  readonly budgetUsd: number
  readonly spentUsd: number
  /** What a day costs by those before. */
  readonly perDayUsd: number
  readonly today: number
}

/** The day on which a month's budget will be crossed; null: not in this month. */
export function crossingDay({ budgetUsd, spentUsd, perDayUsd, today }: MonthSpend): number | null {
  if (!(perDayUsd > 0)) return null
  // The first day that ends above the budget: ending exactly on it is no crossing.
  const crossing = today + Math.floor((budgetUsd - spentUsd) / perDayUsd) + 1
  const isDate = crossing <= lastDay
  return isDate && monthOf(crossing) === monthOf(today) ? crossing : null
}

/** Of the dates that there are. */
const lastDay = 8.64e15 / 86_400_000

export const crossedText = (budgetUsd: number, day: number): string =>
  `the budget of $${budgetUsd} for ${monthOf(day)} was crossed on ${isoDay(day)}`

export const forecastText = ({ budgetUsd, perDayUsd, today }: MonthSpend, crossing: number) =>
  `at $${perDayUsd.toFixed(2)} a day the budget of $${budgetUsd} for ${monthOf(today)} will be crossed on ${isoDay(crossing)}`
