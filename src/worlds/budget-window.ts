import type { Budget } from '../policy/governance.ts'
import { calendarOf } from './calendar.ts'

/** How a budget divides time: days, weeks, months of a time zone, or all of it. */
export type BudgetWindow = {
  /** The number of the window that a moment lies in; they count up. Infinite for a moment that nobody knows. */
  numberOf(at: number): number
  /** When a window begins, milliseconds since 1970 UTC; null: no such moment. */
  startOf(number: number): number | null
  /** When a window is over, milliseconds since 1970 UTC; null: never. */
  endOf(number: number): number | null
}

export function budgetWindow(window: Budget['window'], timezone: string): BudgetWindow {
  if (window === 'lifetime') return lifetime
  const { dayOf, startOf } = calendarOf(timezone)
  const { ofDay, firstDay } = kinds[window]
  const firstMoment = (number: number) =>
    Number.isFinite(number) ? startOf(firstDay(number)) : null
  let [lastDay, lastNumber] = [Number.NaN, Number.NaN]
  return {
    numberOf(at) {
      if (Number.isNaN(at)) return Number.POSITIVE_INFINITY
      const day = dayOf(at)
      // Traffic asks for the same day again and again.
      if (day !== lastDay) [lastDay, lastNumber] = [day, ofDay(day)]
      return lastNumber
    },
    startOf: firstMoment,
    endOf: (number) => firstMoment(number + 1),
  }
}

const lifetime: BudgetWindow = { numberOf: () => 0, startOf: () => null, endOf: () => null }

const dayMs = 86_400_000
/** Day 0 of the epoch was a Thursday; weeks begin on Monday. */
const mondayShift = 3

type Kind = { ofDay(day: number): number; firstDay(number: number): number }

const kinds: Readonly<Record<'day' | 'week' | 'month', Kind>> = {
  day: { ofDay: (day) => day, firstDay: (number) => number },
  week: {
    ofDay: (day) => Math.floor((day + mondayShift) / 7),
    firstDay: (number) => number * 7 - mondayShift,
  },
  month: {
    ofDay(day) {
      const date = new Date(day * dayMs)
      return date.getUTCFullYear() * 12 + date.getUTCMonth()
    },
    firstDay: (number) => Date.UTC(Math.floor(number / 12), number % 12) / dayMs,
  },
}
