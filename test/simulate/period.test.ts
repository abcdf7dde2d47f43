import { describe, expect, it } from 'vitest'
import { projectedMonth, projectedSavings } from '../../src/simulate/period.ts'
import { historyOf } from '../support/history.ts'

const day = (date: number, hour: number) => Date.UTC(2026, 7, date, hour)
const dollars = 1e9
const costing = (at: number, usd: number) => ({ at, question: 0, costNanoUsd: usd * dollars })
/** $10, $12 and $14 on three whole days, and a fourth that the log only touches. */
const history = historyOf([
  costing(day(3, 0), 4),
  costing(day(3, 12), 6),
  costing(day(4, 12), 12),
  costing(day(5, 12), 14),
  costing(day(6, 2), 50),
])
const logged = (place: number) => history.columns.cost[place] as number

describe('a projected month', () => {
  it('is 30.4375 mean days, with the interval of the next one', () => {
    const month = projectedMonth(history, logged, 'UTC')
    expect(month).toMatchObject({ costUsdPerMonth: 365.25, days: 3, notes: ['no-whole-week'] })
    // 12 ± t(2) 4.302653 × s 2 × √(1/3 + 1/30), a day.
    const half = 4.302653 * 2 * Math.sqrt(1 / 3 + 1 / 30)
    expect(month.interval?.low).toBeCloseTo(30.4375 * (12 - half), 3)
    expect(month.interval?.high).toBeCloseTo(30.4375 * (12 + half), 3)
    expect(month.interval).toMatchObject({ level: 0.95, method: 'student-t-prediction' })
  })

  it('of what is saved is the one less the other', () => {
    const costs = history.columns.cost.map((cost) => cost / 2)
    const policy = projectedMonth(history, (place) => costs[place] as number, 'UTC')
    expect(policy.costUsdPerMonth).toBe(182.625)
    expect(projectedSavings(history, costs, 'UTC')).toBe(182.625)
  })

  it('is unknown without a complete day', () => {
    const short = historyOf([costing(day(3, 5), 4), costing(day(3, 9), 4)])
    expect(projectedMonth(short, () => 1, 'UTC')).toMatchObject({
      costUsdPerMonth: null,
      interval: null,
      days: 0,
    })
  })
})
