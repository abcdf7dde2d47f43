import { expect, test } from 'vitest'
import { calendarOf, isoDay, isoWeek, weekdayOf } from '../../src/worlds/calendar.ts'
import { report } from '../support/analyze-source.ts'

const dayMs = 86_400_000
const at = (iso: string): number => Date.parse(iso)
const dayNumber = (iso: string): number => at(`${iso}T00:00:00Z`) / dayMs

test.each([
  ['2024-12-29', '2024-W52'],
  ['2024-12-30', '2025-W01'],
  ['2020-12-31', '2020-W53'],
  ['2021-01-03', '2020-W53'],
  ['2021-01-04', '2021-W01'],
  ['2026-12-31', '2026-W53'],
  ['2024-02-29', '2024-W09'],
  ['1969-12-28', '1969-W52'],
  ['1969-12-29', '1970-W01'],
  ['1969-12-22', '1969-W52'],
])('%s is in week %s', (day, week) => {
  expect(isoWeek(dayNumber(day))).toBe(week)
})

test('weekdays start on Monday, before 1970 too', () => {
  expect(weekdayOf(dayNumber('2026-07-06'))).toBe(0)
  expect(weekdayOf(dayNumber('1969-12-28'))).toBe(6)
})

test.each([
  ['2026-03-29', 23],
  ['2026-10-25', 25],
  ['2026-07-06', 24],
])('%s in Berlin has %d hours', (day, hours) => {
  const berlin = calendarOf('Europe/Berlin')
  const number = dayNumber(day)
  const start = berlin.startOf(number)
  const end = berlin.startOf(number + 1)
  expect((end - start) / 3_600_000).toBe(hours)
  expect([start - 1, start, end - 1, end].map((time) => isoDay(berlin.dayOf(time)))).toEqual([
    isoDay(number - 1),
    day,
    day,
    isoDay(number + 1),
  ])
})

test('zones of quarter hours', () => {
  const kathmandu = calendarOf('Asia/Kathmandu')
  expect(kathmandu.hourOf(at('2026-07-05T18:14:59.999Z'))).toBe('2026-07-05T23:00')
  expect(kathmandu.hourOf(at('2026-07-05T18:15:00.000Z'))).toBe('2026-07-06T00:00')
})

test('hours, days, weeks and months of a zone when its clocks change', () => {
  const zone = 'Europe/Berlin'
  const log = [
    '2026-10-24T21:59:59Z',
    '2026-10-24T22:00:00Z',
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:30:00Z',
    '2026-10-25T22:59:59Z',
    '2026-10-25T23:00:00Z',
    '2026-10-31T23:00:00Z',
  ].map((time) => ({ at: time, costs: { input: 1 } }))
  const labels = (name: string) =>
    Object.fromEntries(
      report(log, { zone, by: [name] }).groups.map(({ by, requests }) => [by[name], requests]),
    )
  expect(labels('day')).toEqual({
    '2026-10-24': 1,
    '2026-10-25': 4,
    '2026-10-26': 1,
    '2026-11-01': 1,
  })
  // The clock shows two o'clock twice.
  expect(labels('hour')).toMatchObject({ '2026-10-25T00:00': 1, '2026-10-25T02:00': 2 })
  expect(labels('week')).toEqual({ '2026-W43': 5, '2026-W44': 2 })
  expect(labels('month')).toEqual({ '2026-10': 6, '2026-11': 1 })
})

test('a day of 23 hours is complete', () => {
  const log = ['2026-03-28T23:00:00Z', '2026-03-29T21:59:00Z'].map((time) => ({ at: time }))
  expect(report(log, { zone: 'Europe/Berlin' }).projection.days).toBe(1)
  expect(report(log).projection.days).toBe(0)
})

test('the leap day is a day', () => {
  const log = ['2024-02-28T10:00:00Z', '2024-03-01T10:00:00Z'].map((time) => ({ at: time }))
  expect(report(log).daily.map(({ day }) => day)).toEqual([
    '2024-02-28',
    '2024-02-29',
    '2024-03-01',
  ])
})
