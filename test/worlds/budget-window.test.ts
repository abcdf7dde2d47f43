import fc from 'fast-check'
import { expect, test } from 'vitest'
import { budgetWindow } from '../../src/worlds/budget-window.ts'

const at = (iso: string): number => Date.parse(iso)

test.each([
  ['day', 'UTC', '2026-08-05T00:00:00Z', '2026-08-06T00:00:00Z'],
  ['day', 'Pacific/Auckland', '2026-08-05T12:00:00Z', '2026-08-06T12:00:00Z'],
  // Clocks go back an hour on this day.
  ['day', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  // A Monday.
  ['week', 'UTC', '2026-08-03T00:00:00Z', '2026-08-10T00:00:00Z'],
  ['month', 'UTC', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['month', 'America/New_York', '2026-02-01T05:00:00Z', '2026-03-01T05:00:00Z'],
] as const)('a %s in %s begins at %s and ends at %s', (window, timezone, start, end) => {
  const { numberOf, startOf, endOf } = budgetWindow(window, timezone)
  const number = numberOf(at(start))
  expect([startOf(number), endOf(number)]).toEqual([at(start), at(end)])
  expect(numberOf(at(end) - 1)).toBe(number)
  expect([numberOf(at(start) - 1), numberOf(at(end))]).toEqual([number - 1, number + 1])
})

test('every moment lies in the window that it is given', () => {
  const moment = fc.integer({ min: at('1999-01-01'), max: at('2040-01-01') })
  const kind = fc.constantFrom('day' as const, 'week' as const, 'month' as const)
  const zone = fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York', 'Europe/London')
  fc.assert(
    fc.property(moment, kind, zone, (now, window, timezone) => {
      const { numberOf, startOf, endOf } = budgetWindow(window, timezone)
      expect(startOf(numberOf(now))).toBeLessThanOrEqual(now)
      expect(endOf(numberOf(now))).toBeGreaterThan(now)
    }),
  )
})

test('a lifetime is one window, and so are all moments that nobody knows', () => {
  const life = budgetWindow('lifetime', 'UTC')
  expect([life.numberOf(0), life.numberOf(1e12), life.endOf(0)]).toEqual([0, 0, null])
  const day = budgetWindow('day', 'UTC')
  expect(day.numberOf(Number.NaN)).toBe(Number.POSITIVE_INFINITY)
  expect(day.endOf(Number.POSITIVE_INFINITY)).toBeNull()
})
