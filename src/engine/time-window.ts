import type { TimeCondition, Weekday } from '../policy/when.ts'

const minuteMs = 60_000
const dayMinutes = 1440

/** Day 0 of the epoch was a Thursday. */
const weekdays: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed']

/**
 * Whether a moment (milliseconds since 1970 UTC) lies in a window of the week on a zone's clock.
 * `to` is out; a window whose `to` is not after its `from` passes midnight and belongs to the day it
 * began.
 */
export function timeMatcher({ days, from, to, timezone }: TimeCondition): (at: number) => boolean {
  const offsetAt = offsetReader(timezone)
  const start = from === undefined ? 0 : minutesOf(from)
  const end = to === undefined ? dayMinutes : minutesOf(to)
  const isAllowed = (day: number) => days === undefined || days.includes(weekdayOf(day))
  return (at) => {
    const minutes = Math.floor((at + offsetAt(at)) / minuteMs)
    const day = Math.floor(minutes / dayMinutes)
    const minute = minutes - day * dayMinutes
    if (start < end) return minute >= start && minute < end && isAllowed(day)
    return (minute >= start && isAllowed(day)) || (minute < end && isAllowed(day - 1))
  }
}

const weekdayOf = (day: number): Weekday => weekdays[((day % 7) + 7) % 7] ?? 'thu'

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return hours * 60 + minutes
}

/** Zones change their offset at whole quarter hours at the earliest, so one look-up serves fifteen minutes. */
const stepMs = 15 * minuteMs
/** A month of quarter hours; a longer log in time order loses nothing by forgetting. */
const mostSteps = 3000

/** What the clock of a zone is ahead of UTC at a moment, milliseconds. */
export function offsetReader(timezone: string): (at: number) => number {
  if (timezone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    timeZoneName: 'longOffset',
  })
  const known = new Map<number, number>()
  return (at) => {
    const step = Math.floor(at / stepMs)
    const remembered = known.get(step)
    if (remembered !== undefined) return remembered
    if (known.size >= mostSteps) known.clear()
    const offset = offsetOf(format, step * stepMs)
    known.set(step, offset)
    return offset
  }
}

/** What a zone's clock is ahead of UTC: "GMT+05:45", and "GMT" alone for none. */
function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const match = /([+-])(\d\d):(\d\d)/.exec(name.replace('\u2212', '-'))
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * minuteMs
}
