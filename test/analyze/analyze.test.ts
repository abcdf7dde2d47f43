import { expect, test } from 'vitest'
import { day, opportunity, report, usd } from '../support/analyze-source.ts'
import { type PlainRequest, priceAt } from '../support/request-source.ts'

const dayMs = 86_400_000

/** Every number of a result is one. */
function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(numbersIn)
}

test.each<[string, readonly PlainRequest[]]>([
  ['no request', []],
  ['one request', [{ at: 0, costs: { input: 5 } }]],
  ['one undated request', [{ at: null, costs: { input: 5 } }]],
  [
    'unpriced requests',
    [
      { at: 0, costs: null },
      { at: dayMs, costs: null },
    ],
  ],
  [
    'free requests',
    [
      { at: 0, user: 'u', trace: 't' },
      { at: dayMs, user: 'v', plan: 'p' },
    ],
  ],
])('every number is finite with %s', (_name, log) => {
  const result = report(log, {
    by: ['model', 'day'],
    budgetUsd: 1,
    userLimitUsd: 1,
    planPrices: new Map([['p', 0]]),
  })
  expect(numbersIn(result).filter((number) => !Number.isFinite(number))).toEqual([])
})

test('unknown is null, not zero', () => {
  const { perRequest, perTrace, latencyMs, period, usdPerThousandRequests, totals } = report([
    { at: null, costs: null },
  ])
  expect(perRequest).toEqual({ meanUsd: null, p50Usd: null, p95Usd: null, p99Usd: null })
  expect(perTrace).toMatchObject({ traces: 0, meanUsd: null, callsMean: null, worst: [] })
  expect(latencyMs).toEqual({ p50: null, p95: null, p99: null })
  expect(period).toEqual({ from: null, to: null, days: 0 })
  expect(usdPerThousandRequests).toBeNull()
  expect(totals).toMatchObject({
    loggedCostUsd: null,
    unpricedRequests: 1,
    unpricedShare: 1,
    undatedRequests: 1,
  })
})

test('what the log alone prices is not compared with itself', () => {
  const prices = [priceAt(), { ...priceAt(), source: 'logged' }]
  const byLog: PlainRequest = { costs: { other: 100 }, loggedCost: 100, price: 1 }
  const byBook: PlainRequest = { costs: { input: 30 }, loggedCost: 40, price: 0 }
  expect(report([byLog, byBook, byLog], {}, prices).totals).toMatchObject({
    loggedCostUsd: 240e-9,
    loggedRequests: 3,
    comparedRequests: 1,
    comparedLoggedCostUsd: 40e-9,
    computedCostOfLoggedUsd: 30e-9,
  })
  expect(report([byLog], {}, prices).totals).toMatchObject({
    loggedCostUsd: 100e-9,
    comparedRequests: 0,
    comparedLoggedCostUsd: null,
    computedCostOfLoggedUsd: null,
  })
})

test('totals, counted by hand', () => {
  const { totals } = report([
    {
      inputTokens: 1,
      cacheReadTokens: 2,
      cacheWrite5mTokens: 3,
      cacheWrite1hTokens: 4,
      outputTokens: 5,
      reasoningTokens: 6,
      costs: { input: 1, cacheRead: 2, cacheWrite: 3, output: 4, tools: 5, other: 6 },
      loggedCost: 20,
    },
    { status: 'timeout', flags: 1, costs: null, loggedCost: 7 },
    { status: 'ok', flags: 4, costs: {} },
  ])
  expect(totals).toMatchObject({
    requests: 3,
    attempts: 3,
    errors: 1,
    inputTokens: 1,
    cacheReadTokens: 2,
    cacheWrite5mTokens: 3,
    cacheWrite1hTokens: 4,
    outputTokens: 5,
    reasoningTokens: 6,
    costUsd: 21e-9,
    costByClass: {
      input: 1e-9,
      cacheRead: 2e-9,
      cacheWrite: 3e-9,
      output: 4e-9,
      tools: 5e-9,
      other: 6e-9,
    },
    loggedCostUsd: 27e-9,
    loggedRequests: 2,
    // The other one has no price: nothing to compare.
    comparedRequests: 1,
    comparedLoggedCostUsd: 20e-9,
    computedCostOfLoggedUsd: 21e-9,
    unpricedRequests: 1,
    estimatedRequests: 1,
    servedFromCacheRequests: 1,
  })
})

test('percentiles are values that occurred, over the requests that have one', () => {
  const log: readonly PlainRequest[] = [
    ...[4, 1, 3, 2].map((cost) => ({ costs: { input: usd(cost) }, latencyMs: cost * 10 })),
    { costs: null },
  ]
  const { perRequest, latencyMs, usdPerThousandRequests } = report(log)
  expect(perRequest).toEqual({ meanUsd: 2.5, p50Usd: 2, p95Usd: 4, p99Usd: 4 })
  expect(latencyMs).toEqual({ p50: 20, p95: 40, p99: 40 })
  expect(usdPerThousandRequests).toBe(2500)
})

test('the projection drops the days that the log only touches', () => {
  const log = ['2026-07-06', '2026-07-07', '2026-07-08', '2026-07-09', '2026-07-10'].map(
    (date, index) => ({ at: day(date), costs: { input: usd(index === 0 ? 1000 : index) } }),
  )
  const { projection, period } = report(log)
  // 7 to 9 July: $1, $2 and $3, s = 1, t(2) = 4.302653.
  expect(period.days).toBe(5)
  expect(projection).toMatchObject({ costUsdPerMonth: 60.875, days: 3, notes: ['no-whole-week'] })
  const half = 30.4375 * 4.30265273 * Math.sqrt(1 / 3 + 1 / 30)
  expect(projection.interval?.low).toBe(0)
  expect(projection.interval?.high).toBeCloseTo(60.875 + half, 4)
})

test('whole weeks weigh weekdays alike', () => {
  // Nine days from Monday: the two Mondays and Tuesdays cost $8, the other days $1.
  const log = Array.from({ length: 9 }, (_, index) => [
    { at: day('2026-07-06', 0) + index * dayMs, costs: { input: usd(index % 7 < 2 ? 8 : 1) } },
    { at: day('2026-07-06', 0) + (index + 1) * dayMs - 1 },
  ]).flat()
  expect(report(log).projection).toMatchObject({ costUsdPerMonth: 30.4375 * 3, days: 9, notes: [] })
})

test('traces: sums of their requests, the dearest first', () => {
  const call = (trace: string, cost: number): PlainRequest => ({
    trace,
    costs: { input: usd(cost) },
  })
  const { perTrace } = report([
    ...[1, 2, 3, 4, 5, 6].map((cost) => call(`t${cost}`, cost)),
    call('t1', 9),
    { costs: { input: usd(100) } },
  ])
  expect(perTrace).toMatchObject({ traces: 6, meanUsd: 5, p95Usd: 10, maxUsd: 10, callsMax: 2 })
  expect(perTrace.callsMean).toBeCloseTo(7 / 6)
  expect(perTrace.worst.map(({ trace, costUsd }) => [trace, costUsd])).toEqual([
    ['t1', 10],
    ['t6', 6],
    ['t5', 5],
    ['t4', 4],
    ['t3', 3],
  ])
})

test('plans: the one a user was last seen on, in time', () => {
  const of = (user: string, plan: string | null, at: number, cost: number): PlainRequest => ({
    user,
    plan,
    at,
    costs: { input: usd(cost) },
  })
  const log = [
    of('ann', 'pro', 2, 3),
    of('ann', 'free', 1, 1),
    of('bob', 'free', 3, 2),
    of('eve', null, 4, 50),
  ]
  const planPrices = new Map([['pro', 10]])
  const expected = [
    { plan: 'free', users: 1, priceUsd: null, costUsdPerUserMonth: 2, marginShare: null },
    {
      plan: 'pro',
      users: 1,
      priceUsd: 10,
      costUsdPerUserMonth: 4,
      marginShare: 0.6,
      usersAbovePrice: 0,
    },
  ]
  expect(report(log, { planPrices }).unitEconomics?.plans).toMatchObject(expected)
  expect(report(log.toReversed(), { planPrices }).unitEconomics?.plans).toMatchObject(expected)
  expect(report([{ user: 'ann' }]).unitEconomics).toBeNull()
})

test('sums beyond 2^53 nano-dollars stay exact', () => {
  const cost = 2 ** 51 + 1
  const log = Array.from({ length: 9 }, () => ({ at: 0, model: 'm', costs: { input: cost } }))
  const exact = Number(
    `${(9n * BigInt(cost)).toString().slice(0, -9)}.${(9n * BigInt(cost)).toString().slice(-9)}`,
  )
  const { totals, groups } = report(log, { by: ['model'] })
  expect(totals.costUsd).toBe(exact)
  expect(groups[0]?.costUsd).toBe(exact)
  expect(groups[0]?.costByClass.input).toBe(exact)
})

test('self-hosting against the projected month', () => {
  const log = (cost: number): readonly PlainRequest[] => [
    { at: day('2026-07-06', 0), costs: { input: usd(cost) }, outputTokens: 100_000_000 },
    { at: day('2026-07-06', 0) + dayMs - 1 },
  ]
  // $1,000 a day is $30,437.50 a month; 3.04 G tokens take three GPUs at 1.05 G each: $5,478.75 and $1,500.
  const found = opportunity(report(log(1000)), 'self-hosting')
  expect(found?.savingUsdPerMonth).toBeCloseTo(30_437.5 - 6978.75, 6)
  expect(found?.evidence).toMatch(/^3 GPUs at \$2\.50 an hour/)
  expect(opportunity(report(log(100)), 'self-hosting')).toBeUndefined()
})

test('savings smaller than their costs are neither opportunities nor facts', () => {
  const { facts, opportunities } = report([{ at: 0, costs: { input: usd(1) } }])
  expect([...facts, ...opportunities]).toEqual([])
})
