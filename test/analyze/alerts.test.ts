import { expect, test } from 'vitest'
import type { AnalyzeOptions } from '../../src/analyze/options.ts'
import type { Alert } from '../../src/analyze/result.ts'
import { optionsOf, report, usd } from '../support/analyze-source.ts'
import type { PlainRequest } from '../support/request-source.ts'

const dayMs = 86_400_000
const first = Date.parse('2026-07-01T00:00:00Z')

/** A request at the start and at the end of every day, so that each is complete; the cost at its start. */
const days = (
  costs: readonly number[],
  fields: (day: number) => PlainRequest = () => ({}),
): readonly PlainRequest[] =>
  costs.flatMap((cost, day) => [
    { at: first + day * dayMs, costs: { input: usd(cost) }, ...fields(day) },
    { at: first + (day + 1) * dayMs - 1, ...fields(day) },
  ])

const alertsOf = (
  log: readonly PlainRequest[],
  kind: Alert['kind'],
  options: Partial<AnalyzeOptions> = {},
): readonly Alert[] => report(log, options).alerts.filter((alert) => alert.kind === kind)

test('a day above twice the mean of the seven before', () => {
  expect(alertsOf(days([1, 1, 1, 1, 1, 1, 1, 2]), 'day-spike')).toEqual([])
  expect(alertsOf(days([1, 1, 1, 1, 1, 1, 1, 2.01]), 'day-spike')).toMatchObject([
    { at: '2026-07-08', value: 2.01, limit: 2 },
  ])
  // Days without requests count in the mean, and the first week has nothing to be compared with.
  expect(alertsOf(days([9, 1, 1, 1, 1, 1, 0]), 'day-spike')).toEqual([])
  expect(alertsOf(days([0, 0, 0, 0, 0, 0, 0, 5]), 'day-spike')).toEqual([])
})

test('the five dearest spikes', () => {
  const costs = Array.from({ length: 80 }, (_, day) => (day % 8 === 7 ? 100 + day : 1))
  const spikes = alertsOf(days(costs), 'day-spike')
  expect(spikes.map(({ value }) => value)).toEqual([179, 171, 163, 155, 147])
})

test('the day a budget is crossed, exactly', () => {
  const tenths = days([0.1, 0.2, 0, 0.1])
  // 0.1 + 0.2 is not above 0.3.
  expect(alertsOf(tenths, 'budget-crossed', { budgetUsd: 0.3 })).toMatchObject([
    { at: '2026-07-04', value: 0.4, limit: 0.3, level: 'critical' },
  ])
})

test('each calendar month has its own budget', () => {
  const log = days(Array.from({ length: 62 }, () => 1))
  expect(alertsOf(log, 'budget-crossed', { budgetUsd: 30 }).map(({ at }) => at)).toEqual([
    '2026-07-31',
    '2026-08-31',
  ])
})

test('the day a budget will be crossed at the projected rate', () => {
  const log = days(Array.from({ length: 10 }, () => 1))
  const forecast = (budgetUsd: number) => alertsOf(log, 'budget-forecast', { budgetUsd })
  // $10 by 10 July: $20 are reached on the 20th and passed on the 21st.
  expect(forecast(20)).toMatchObject([{ at: '2026-07-21', value: 10, limit: 20 }])
  expect(forecast(20.5)).toMatchObject([{ at: '2026-07-21' }])
  expect(forecast(10)).toMatchObject([{ at: '2026-07-11' }])
  expect(forecast(31)).toEqual([])
  expect(alertsOf(log, 'budget-crossed', { budgetUsd: 9 })).toMatchObject([{ at: '2026-07-10' }])
  expect(forecast(9)).toEqual([])
})

test('errors rise by half and beyond chance', () => {
  const failing = (share: number) => (day: number) => ({
    status: day >= 14 && day % 7 < share ? 'error' : 'ok',
  })
  const log = days(
    Array.from({ length: 21 }, () => 1),
    failing(5),
  )
  expect(alertsOf(log, 'error-rate-rising')).toMatchObject([{ value: 5 / 7, limit: 0 }])
  // Two of fourteen after none of twenty-eight may be chance: z = 2.05.
  expect(
    alertsOf(
      days(
        Array.from({ length: 21 }, () => 1),
        failing(1),
      ),
      'error-rate-rising',
    ),
  ).toEqual([])
})

test('prompt-cache reads and cache hits that fall by a third, beyond chance', () => {
  const each = 100
  const log = (now: number, times = each) =>
    days(Array.from({ length: 21 }, () => 1)).flatMap((request, index) =>
      Array.from(
        { length: times },
        (): PlainRequest => ({
          ...request,
          inputTokens: index < 28 ? 70 : 100 - now,
          cacheReadTokens: index < 28 ? 30 : now,
        }),
      ),
    )
  expect(alertsOf(log(19), 'prefix-share-falling')).toMatchObject([{ value: 0.19, limit: 0.3 }])
  expect(alertsOf(log(20), 'prefix-share-falling')).toEqual([])
  // 30 % of 28 requests and none of 14: z = 2.3.
  expect(alertsOf(log(0, 1), 'prefix-share-falling')).toEqual([])
  const hits = days(
    Array.from({ length: 21 }, () => 1),
    (day) => ({ flags: day < 14 ? 4 : 0 }),
  )
  expect(alertsOf(hits, 'hit-rate-falling')).toMatchObject([{ value: 0, limit: 1 }])
})

test('users far above the median, with ten users at least', () => {
  const log = Array.from({ length: 10 }, (_, user) => ({
    at: first,
    user: `u${user}`,
    costs: { input: user === 9 ? 1001 : 100 },
  }))
  expect(alertsOf(log, 'user-far-above-median')).toMatchObject([
    { value: 0.000001001, limit: 0.000001 },
  ])
  expect(alertsOf(log, 'user-far-above-median')[0]?.message).toMatch(
    /^1 of 10 users costs over 10 /,
  )
  expect(alertsOf(log.slice(1), 'user-far-above-median')).toEqual([])
})

test('users above the limit of a month', () => {
  const log = days([1, 1, 1], () => ({ user: 'ann' }))
  expect(alertsOf(log, 'user-above-limit', { userLimitUsd: 30 })).toMatchObject([
    { value: 30.4375, limit: 30, message: '1 user costs more than $30 a month: ann ($30.44)' },
  ])
  expect(alertsOf(log, 'user-above-limit', { userLimitUsd: 31 })).toEqual([])
})

test('an old price book', () => {
  const dated = (date: string) => ({ prices: { ...optionsOf().prices, date } })
  expect(alertsOf([], 'price-book-old', dated('2026-06-11'))).toEqual([])
  expect(alertsOf([], 'price-book-old', dated('2026-06-10'))).toMatchObject([{ value: 61 }])
})
