import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DayTotal, daysPerMonth, projectMonth } from '../../src/stats/projection.ts'

const daysFrom = (weekday: number, totals: readonly number[]): DayTotal[] =>
  totals.map((total, i) => ({ total, weekday: (weekday + i) % 7 }))

describe('the projected month', () => {
  // The bounds were made with scipy 1.17 and numpy.
  it('is the mean day and a prediction interval from three days on', () => {
    const { costPerMonth, interval, days, notes } = projectMonth(daysFrom(1, [10, 12, 11]))
    expect(costPerMonth).toBeCloseTo(334.8125, 9)
    expect(interval?.low).toBeCloseTo(255.51107542997437, 8)
    expect(interval?.high).toBeCloseTo(414.11392457002563, 8)
    expect(interval).toMatchObject({ level: 0.95, method: 'student-t-prediction' })
    expect({ days, notes }).toEqual({ days: 3, notes: ['no-whole-week'] })
  })

  it('is the mean of the weekday means from seven days on', () => {
    const totals = [100, 120, 90, 110, 130, 30, 20, 105, 115]
    const { costPerMonth, interval, notes } = projectMonth(daysFrom(1, totals))
    expect(costPerMonth).toBeCloseTo(2608.928571428571, 8)
    expect(interval?.low).toBeCloseTo(1561.2875025976464, 8)
    expect(interval?.high).toBeCloseTo(3656.5696402594963, 8)
    expect(notes).toEqual([])
  })

  it('does not lean to the weekends a log happens to hold more of', () => {
    const twoWeekends = daysFrom(6, [0, 0, 70, 70, 70, 70, 70, 0, 0])
    expect(projectMonth(twoWeekends).costPerMonth).toBeCloseTo(daysPerMonth * 50, 9)
  })

  it('never predicts below zero', () => {
    const { interval } = projectMonth(daysFrom(1, [1, 200, 3]))
    expect(interval?.low).toBe(0)
    expect(interval?.high).toBeCloseTo(11135.467214023427, 7)
  })

  it('gives the observed rate only below three days, and nothing without a day', () => {
    const notes = ['observed-rate-only', 'no-whole-week']
    expect(projectMonth(daysFrom(0, [4, 6]))).toEqual({
      costPerMonth: 5 * daysPerMonth,
      interval: null,
      days: 2,
      notes,
    })
    expect(projectMonth([])).toEqual({ costPerMonth: null, interval: null, days: 0, notes })
  })

  it('keeps the estimate inside the interval', () => {
    const totals = fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 3, maxLength: 60 })
    fc.assert(
      fc.property(totals, fc.nat(6), (values, weekday) => {
        const { costPerMonth, interval } = projectMonth(daysFrom(weekday, values))
        expect(interval?.low).toBeLessThanOrEqual(costPerMonth ?? Number.NaN)
        expect(interval?.high).toBeGreaterThanOrEqual(costPerMonth ?? Number.NaN)
      }),
    )
  })
})
