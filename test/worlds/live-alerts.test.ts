import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/domain/receipt.ts'
import type { Status } from '../../src/domain/request.ts'
import type { Served } from '../../src/domain/served.ts'
import type { AlertRule } from '../../src/policy/governance.ts'
import type { AlertEvent } from '../../src/worlds/alert-event.ts'
import { LiveAlerts, type LiveAlertsOptions } from '../../src/worlds/live-alerts.ts'
import { usd } from '../support/ledger.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const first = Date.parse('2026-07-01T00:00:00Z')

const above = (metric: AlertRule['metric'], limit: number): AlertRule => ({
  metric,
  side: 'above',
  limit,
})

function opened(rules: readonly AlertRule[], policy: Partial<LiveAlertsOptions['policy']> = {}) {
  const told: AlertEvent[] = []
  const alerts = new LiveAlerts({
    policy: {
      alerts: { rules, webhook: null },
      userLimitNanoUsd: null,
      timezone: 'UTC',
      ...policy,
    },
    onAlert: (alert) => told.push(alert),
  })
  return { alerts, told }
}

type Plain = {
  readonly user?: string
  readonly status?: Status
  readonly outcome?: Outcome
  readonly isNotCached?: boolean
}

/** A request that was served at a moment for so many dollars. */
const served = (
  at: number,
  dollars: number,
  { user, status = 'ok', outcome, ...rest }: Plain = {},
): Served => ({
  ...rest,
  request: { model: 'm', operation: 'chat', status, ...(user !== undefined && { user }) },
  receipt: {
    id: 'r',
    at,
    outcome: outcome ?? (status === 'ok' ? 'answered' : 'failed'),
    servedBy: null,
    steps: [],
    costNanoUsd: usd(dollars),
    latencyMs: 1,
  },
  endpoint: '/v1/chat/completions',
  dialect: 'openai-chat',
  statusCode: 200,
  overheadMs: 0,
  baselineNanoUsd: null,
})

const days = (alerts: LiveAlerts, dollars: readonly number[], from = first) => {
  for (const [day, each] of dollars.entries())
    alerts.note(served(from + day * dayMs + hourMs, each))
}
const textsOf = (told: readonly AlertEvent[]) => told.map(({ text }) => text)

describe('a day that costs more than those before', () => {
  const rules = [above('dayOverMeanFactor', 2)]

  it('is told at the moment it does, once, and the next day anew', () => {
    const { alerts, told } = opened(rules)
    days(alerts, [1, 1, 1, 1, 1, 1, 1, 1.9])
    expect(told).toEqual([])
    const eighth = first + 7 * dayMs
    for (const hour of [3, 4, 5]) alerts.note(served(eighth + hour * hourMs, 0.1))
    expect(told).toEqual([
      {
        metric: 'dayOverMeanFactor',
        value: 2.1,
        limit: 2,
        at: eighth + 4 * hourMs,
        text: '2026-07-08 cost $2.10, 2.1 times the mean of the 7 days before ($1.00)',
      },
    ])
    days(alerts, [9], eighth + dayMs)
    expect(textsOf(told).slice(1)).toEqual([
      '2026-07-09 cost $9.00, 7.7 times the mean of the 7 days before ($1.17)',
    ])
  })

  it('is held against whole weeks of the policy’s time zone, quiet days too', () => {
    const young = opened(rules)
    days(young.alerts, [1, 1, 1, 1, 1, 1, 9])
    expect(young.told).toEqual([])
    const quiet = opened(rules, { timezone: 'Pacific/Auckland' })
    days(quiet.alerts, [7])
    quiet.alerts.note(served(first + 7 * dayMs, 2.1))
    // Noon in UTC is midnight there.
    expect(textsOf(quiet.told)).toEqual([
      '2026-07-08 cost $2.10, 2.1 times the mean of the 7 days before ($1.00)',
    ])
  })

  it('is nothing new after a restart that knows of it', () => {
    const before = opened(rules)
    days(before.alerts, [1, 1, 1, 1, 1, 1, 1, 3])
    const state = JSON.parse(JSON.stringify(before.alerts.state()))
    const { alerts, told } = opened(rules)
    const eighth = first + 7 * dayMs
    alerts.restore(state, eighth + 2 * hourMs)
    alerts.note(served(eighth + 3 * hourMs, 1))
    expect(told).toEqual([])
    days(alerts, [9], eighth + dayMs)
    expect(told).toHaveLength(1)
  })
})

describe('a month’s budget', () => {
  it('is told when it is crossed, and before it with the day', () => {
    const { alerts, told } = opened([above('monthUsd', 30)])
    days(
      alerts,
      Array.from({ length: 4 }, () => 1),
    )
    // Nothing yet: at a dollar a day July has thirty-one.
    expect(textsOf(told)).toEqual([
      'at $1.00 a day the budget of $30 for 2026-07 will be crossed on 2026-07-31',
    ])
    days(
      alerts,
      Array.from({ length: 27 }, () => 1),
      first + 4 * dayMs,
    )
    expect(told.slice(1)).toEqual([
      {
        metric: 'monthUsd',
        value: 31,
        limit: 30,
        at: first + 30 * dayMs + hourMs,
        text: 'the budget of $30 for 2026-07 was crossed on 2026-07-31',
      },
    ])
    days(alerts, [29, 2], first + 32 * dayMs)
    expect(textsOf(told).filter((text) => /08 was crossed/.test(text))).toEqual([
      'the budget of $30 for 2026-08 was crossed on 2026-08-03',
    ])
  })

  it('says nothing where it will last', () => {
    const { alerts, told } = opened([above('monthUsd', 31)])
    days(
      alerts,
      Array.from({ length: 31 }, () => 1),
    )
    expect(told).toEqual([])
  })
})

describe('a user', () => {
  const users = (alerts: LiveAlerts, at = first) => {
    for (let user = 0; user < 12; user++) alerts.note(served(at, 0.1, { user: `u${user}` }))
  }

  it('above the limit is told once a month, each by name', () => {
    const { alerts, told } = opened([above('userMonthUsd', 5)], { userLimitNanoUsd: usd(8) })
    const costs = [
      ['ann', 3],
      ['bob', 6],
      ['ann', 2.5],
      ['ann', 3],
      ['bob', 1],
    ] as const
    for (const [user, dollars] of costs) alerts.note(served(first, dollars, { user }))
    alerts.note(served(first, 100))
    expect(textsOf(told)).toEqual([
      'user bob cost $6.00 in 2026-07, above $5',
      'user ann cost $5.50 in 2026-07, above $5',
      'user ann cost $8.50 in 2026-07, above $8',
    ])
    alerts.note(served(first + 31 * dayMs, 6, { user: 'bob' }))
    expect(textsOf(told).slice(3)).toEqual(['user bob cost $6.00 in 2026-08, above $5'])
  })

  it('far above the usual one is told, where there are enough to say what is usual', () => {
    const { alerts, told } = opened([above('userOverMedianFactor', 10)])
    alerts.note(served(first, 50, { user: 'early' }))
    users(alerts)
    alerts.check(first + hourMs)
    alerts.note(served(first + hourMs, 0.9, { user: 'u3' }))
    expect(told).toEqual([])
    alerts.note(served(first + hourMs, 0.01, { user: 'u3' }))
    alerts.note(served(first + hourMs, 1, { user: 'u3' }))
    alerts.note(served(first + hourMs, 0.01, { user: 'early' }))
    expect(textsOf(told)).toEqual([
      'user u3 cost $1.01 in 2026-07, 10.1 times the median user ($0.10)',
      'user early cost $50.01 in 2026-07, 500.1 times the median user ($0.10)',
    ])
  })

  it('is remembered over a restart in the same month', () => {
    const rules = [above('userMonthUsd', 5)]
    const before = opened(rules)
    for (const user of ['ann', 'bob']) before.alerts.note(served(first, 4, { user }))
    before.alerts.note(served(first, 4, { user: 'bob' }))
    const state = JSON.parse(JSON.stringify(before.alerts.state()))
    const { alerts, told } = opened(rules)
    alerts.restore(state, first)
    for (const user of ['ann', 'bob']) alerts.note(served(first, 2, { user }))
    expect(textsOf(told)).toEqual(['user ann cost $6.00 in 2026-07, above $5'])
    const later = opened(rules)
    later.alerts.restore(state, first + 31 * dayMs)
    later.alerts.note(served(first + 31 * dayMs, 2, { user: 'ann' }))
    expect(later.told).toEqual([])
  })
})

describe('rising errors', () => {
  const rules = [above('errorRateFactor', 2)]
  const hour = (
    alerts: LiveAlerts,
    at: number,
    requests: number,
    errors: number,
    fields: Plain,
  ) => {
    for (let index = 0; index < requests; index++)
      alerts.note(
        served(at + index * 7000, 0, index % Math.floor(requests / errors) === 0 ? fields : {}),
      )
    alerts.check(at + hourMs - 1)
  }

  it('are told when they are more than chance explains, and again after they fell', () => {
    const { alerts, told } = opened(rules)
    const error = { status: 'error' } as const
    for (const at of [0, 1, 2, 3]) hour(alerts, first + at * hourMs, 500, 5, error)
    // Ten times as many, of few.
    hour(alerts, first + 4 * hourMs, 40, 4, error)
    expect(told).toEqual([])
    hour(alerts, first + 6 * hourMs, 500, 50, error)
    hour(alerts, first + 8 * hourMs, 500, 5, error)
    hour(alerts, first + 10 * hourMs, 500, 100, error)
    const hours = told.map(({ at }) => Math.floor((at - first) / hourMs))
    expect(hours).toEqual([6, 10])
    expect(told[0]).toMatchObject({ metric: 'errorRateFactor', limit: 2 })
    expect(told[0]?.text).toMatch(/^the share of errors is \d\.\d times that of the day before$/)
  })

  it('are none where a budget refused, the caller left, or no cache had an answer', () => {
    const { alerts, told } = opened(rules)
    hour(alerts, first, 500, 5, { status: 'error' })
    hour(alerts, first + hourMs, 500, 200, { status: 'error', outcome: 'blocked' })
    hour(alerts, first + 2 * hourMs, 500, 200, { status: 'cancelled' })
    hour(alerts, first + 3 * hourMs, 500, 200, { status: 'error', isNotCached: true })
    expect(told).toEqual([])
  })
})

describe('metrics that are measured elsewhere', () => {
  it('are told once while they are crossed', () => {
    const { alerts, told } = opened([])
    const rule = { metric: 'hitRate', side: 'below', limit: 0.25 } as const
    const values: readonly (readonly [number | null, boolean | null])[] = [
      [0.2, null],
      [0.2, true],
      [0.1234, true],
      [null, null],
      [0.1, true],
      [0.3, false],
      [0.24, true],
    ]
    for (const [minute, [value, isCrossed]] of values.entries())
      alerts.measured([{ ...rule, value, isCrossed }], first + minute * 60_000)
    expect(told.map(({ at, text }) => [(at - first) / 60_000, text])).toEqual([
      [1, 'hitRate is 0.2, below 0.25'],
      [6, 'hitRate is 0.24, below 0.25'],
    ])
  })
})
