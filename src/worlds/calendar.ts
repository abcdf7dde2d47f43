import { offsetReader } from '../engine/time-window.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000

/** Turns moments into calendar days and hours of a time zone. Days are numbered by their date, day 0 = 1970-01-01. */
export type Calendar = {
  readonly zone: string
  dayOf(at: number): number
  hourOf(at: number): string
  /** The moment a day begins. */
  startOf(day: number): number
  /** The moment at which the zone's clock shows what clocks in UTC show at this one. */
  momentOf(clock: number): number
}

export function calendarOf(zone: string): Calendar {
  const offset = offsetReader(zone)
  const local = (at: number) => at + offset(at)
  const momentOf = (clock: number) => clock - offset(clock - offset(clock))
  return {
    zone,
    dayOf: (at) => Math.floor(local(at) / dayMs),
    hourOf: (at) =>
      `${new Date(Math.floor(local(at) / hourMs) * hourMs).toISOString().slice(0, 13)}:00`,
    startOf: (day) => momentOf(day * dayMs),
    momentOf,
  }
}

export const isoDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

/** The ISO week of a day, e.g. "2026-W31". */
export function isoWeek(day: number): string {
  const thursday = new Date((day - weekdayOf(day) + 3) * dayMs)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / dayMs / 7) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/** 0 Monday … 6 Sunday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7
