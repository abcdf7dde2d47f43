const hourMs = 3_600_000
const dayMs = 86_400_000

/** Turns moments into calendar days and hours of a time zone. Days are numbered by their date, day 0 = 1970-01-01. */
export type Calendar = {
  readonly zone: string
  dayOf(at: number): number
  hourOf(at: number): string
  /** The moment a day begins. */
  startOf(day: number): number
}

export function calendarOf(zone: string): Calendar {
  const offset = offsetReader(zone)
  const local = (at: number) => at + offset(at)
  return {
    zone,
    dayOf: (at) => Math.floor(local(at) / dayMs),
    hourOf: (at) =>
      `${new Date(Math.floor(local(at) / hourMs) * hourMs).toISOString().slice(0, 13)}:00`,
    startOf(day) {
      const utc = day * dayMs
      return utc - offset(utc - offset(utc))
    },
  }
}

/** Zones change their offset at whole quarter hours at the earliest, so one look-up serves fifteen minutes. */
const stepMs = 900_000

function offsetReader(zone: string): (at: number) => number {
  if (zone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const known = new Map<number, number>()
  return (at) => {
    const step = Math.floor(at / stepMs)
    let offset = known.get(step)
    if (offset === undefined) {
      const parts = Object.fromEntries(
        format.formatToParts(step * stepMs).map(({ type, value }) => [type, Number(value)]),
      )
      const wall = Date.UTC(
        parts['year'] ?? 0,
        (parts['month'] ?? 1) - 1,
        parts['day'],
        parts['hour'],
        parts['minute'],
      )
      offset = wall - step * stepMs
      known.set(step, offset)
    }
    return offset
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
