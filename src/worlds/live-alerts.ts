import type { Settled } from '../domain/journal.ts'
import { usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import type { AlertMetric, AlertRule } from '../policy/governance.ts'
import type { Policy } from '../policy/policy.ts'
import { daysPerMonth, projectMonth } from '../stats/projection.ts'
import type { AlertEvent } from './alert-event.ts'
import { type Calendar, calendarOf, weekdayOf } from './calendar.ts'
import { ErrorRise } from './error-rise.ts'
import {
  crossedText,
  crossingDay,
  forecastText,
  meanBefore,
  monthOf,
  spikeText,
} from './spend-days.ts'
import { UserMonth } from './user-month.ts'

export type AlertsPolicy = Pick<Policy, 'alerts' | 'userLimitNanoUsd' | 'timezone'>

export type LiveAlertsOptions = {
  readonly policy: AlertsPolicy
  readonly onAlert: (alert: AlertEvent) => void
}

/** A metric of some window as it is shown beside its action threshold. */
export type MeasuredMetric = AlertRule & {
  readonly value: number | null
  /** Null: too little is known to say so. */
  readonly isCrossed: boolean | null
}

/** What a restart goes on from, as plain JSON. Nano-dollars. */
export type AlertsState = {
  readonly v: 1
  readonly days: readonly (readonly [day: number, cost: number])[]
  readonly month: string
  readonly users: readonly (readonly [user: string, cost: number])[]
}

type Day = { readonly day: number; cost: number }

/** A month for the forecast, whichever day it is, and the week before. */
const keptDays = 40
/** What looks at all days is looked at so often. */
const minuteMs = 60_000
/** And what looks at all users; of many that takes milliseconds. */
const medianMs = 600_000

type Paid = Pick<Settled, 'at' | 'costNanoUsd' | 'spender'>

/**
 * Watches what requests cost, as they are done: days against those before, users against their limit and the usual one,
 * the month against its budget, crossed or forecast to be. An alert is told once until it is over.
 */
export class LiveAlerts {
  readonly #onAlert: (alert: AlertEvent) => void
  readonly #errors = new ErrorRise()
  /** What was told and is not over. */
  readonly #told = new Set<string>()
  #policy: AlertsPolicy
  #calendar: Calendar
  /** In calendar order, without gaps. */
  #days: Day[] = []
  #users = new UserMonth('')
  #medianCost: number | null = null
  #medianAt = Number.NEGATIVE_INFINITY
  #checkedAt = Number.NEGATIVE_INFINITY
  #isTelling = true

  constructor({ policy, onAlert }: LiveAlertsOptions) {
    this.#policy = policy
    this.#onAlert = onAlert
    this.#calendar = calendarOf(policy.timezone)
  }

  /** Counts a request that is done. */
  note({ request, receipt, isNotCached = false }: Served): void {
    const { at, costNanoUsd, outcome } = receipt
    const isError = request.status === 'error' || request.status === 'timeout'
    this.#errors.note(at, isError && outcome !== 'blocked' && !isNotCached)
    this.#spend(this.#calendar.dayOf(at), costNanoUsd)
    if (request.user !== undefined && costNanoUsd > 0) {
      const { cost } = this.#users.add(request.user, costNanoUsd)
      this.#checkUser(request.user, cost, at)
    }
    if (at >= this.#checkedAt + minuteMs) this.check(at)
  }

  /** Counts what was paid beside requests: for audits, judges, embeddings. */
  paid(costNanoUsd: number, at: number): void {
    this.#spend(this.#calendar.dayOf(at), costNanoUsd)
    if (at >= this.#checkedAt + minuteMs) this.check(at)
  }

  /** Counts a call that a crash left open, once somebody says what it came to. */
  reconciled({ at, costNanoUsd, spender }: Paid): void {
    const day = this.#calendar.dayOf(at)
    this.#spend(day, costNanoUsd)
    if (spender.user === undefined || monthOf(day) !== this.#users.month) return
    const { cost } = this.#users.add(spender.user, costNanoUsd)
    this.#checkUser(spender.user, cost, at)
  }

  /** Looks at what changes with time; done with the first request of each minute, and whenever it is called. */
  check(at: number): void {
    this.#checkedAt = at
    this.#spend(this.#calendar.dayOf(at), 0)
    if (this.#medianCost === null || at >= this.#medianAt + medianMs) {
      this.#medianCost = this.#users.medianCost()
      this.#medianAt = at
    }
    for (const rule of this.#policy.alerts.rules) {
      if (rule.side === 'below') continue
      if (rule.metric === 'dayOverMeanFactor') this.#checkDay(rule, at)
      if (rule.metric === 'monthUsd') this.#checkMonth(rule, at)
      if (rule.metric === 'errorRateFactor') this.#checkErrors(rule, at)
    }
  }

  /** Takes in metrics of a window that are measured elsewhere: hit rate, top-tier share, latency… */
  measured(metrics: readonly MeasuredMetric[], at: number): void {
    for (const { metric, side, limit, value, isCrossed } of metrics) {
      const key = `${metric} ${side} ${limit}`
      if (isCrossed === false) this.#told.delete(key)
      if (isCrossed !== true || value === null) continue
      const text = `${metric} is ${shown(value)}, ${side} ${shown(limit)}`
      this.#tell(key, { metric, value, limit, at, text })
    }
  }

  /** Goes on under another policy. */
  reload(policy: AlertsPolicy): void {
    if (policy.timezone !== this.#policy.timezone) this.#calendar = calendarOf(policy.timezone)
    this.#policy = policy
  }

  state(): AlertsState {
    const days = this.#days.map(({ day, cost }) => [day, cost] as const)
    return { v: 1, days, month: this.#users.month, users: this.#users.list() }
  }

  /**
   * Goes on from what was known, and from what was written down after it; what is beyond its limit already was told.
   */
  restore({ days, month, users }: AlertsState, at: number, later: Iterable<Paid> = []): void {
    for (const [day, cost] of days) this.#spend(day, cost)
    if (month === this.#users.month) for (const [user, cost] of users) this.#users.add(user, cost)
    for (const { at: moment, costNanoUsd, spender } of later) {
      this.#spend(this.#calendar.dayOf(moment), costNanoUsd)
      if (spender.user !== undefined && costNanoUsd > 0) this.#users.add(spender.user, costNanoUsd)
    }
    this.#isTelling = false
    this.check(at)
    for (const [user, cost] of this.#users.list()) this.#checkUser(user, cost, at)
    this.#isTelling = true
  }

  /** Spent so far on the day of a moment, nano-dollars. */
  spentOn(at: number): number {
    const day = this.#calendar.dayOf(at)
    return this.#days.find((each) => each.day === day)?.cost ?? 0
  }

  #spend(day: number, costNanoUsd: number): void {
    const last = this.#days.at(-1)
    if (last === undefined || day > last.day) this.#beginDay(day, last?.day ?? day - 1)
    const first = this.#days[0]
    const sum = first === undefined ? undefined : this.#days[day - first.day]
    if (sum !== undefined) sum.cost += costNanoUsd
  }

  #beginDay(day: number, last: number): void {
    for (let next = Math.max(last + 1, day - keptDays + 1); next <= day; next++)
      this.#days.push({ day: next, cost: 0 })
    this.#days = this.#days.slice(-keptDays)
    this.#forget('day')
    const month = monthOf(day)
    if (month === this.#users.month) return
    this.#users = new UserMonth(month)
    this.#medianCost = null
    this.#forget('user')
    this.#forget('month')
  }

  #checkUser(user: string, cost: number, at: number): void {
    const { alerts, userLimitNanoUsd } = this.#policy
    const { month } = this.#users
    const costs = `user ${user} cost $${usdOf(cost).toFixed(2)} in ${month}`
    const tell = (metric: AlertMetric, limit: number, value: number, more: string) =>
      this.#tell(`${metric} ${limit} ${user}`, { metric, value, limit, at, text: costs + more })
    const limits = alerts.rules.filter(
      ({ metric, side }) => metric === 'userMonthUsd' && side === 'above',
    )
    const all = limits.map(({ limit }) => limit)
    if (userLimitNanoUsd !== null) all.push(usdOf(userLimitNanoUsd))
    for (const limit of new Set(all))
      if (usdOf(cost) > limit) tell('userMonthUsd', limit, usdOf(cost), `, above $${limit}`)
    const median = this.#medianCost
    if (median === null || median <= 0) return
    for (const { metric, side, limit } of alerts.rules) {
      if (metric !== 'userOverMedianFactor' || side === 'below' || cost <= limit * median) continue
      const times = `, ${(cost / median).toFixed(1)} times the median user ($${usdOf(Math.round(median)).toFixed(2)})`
      tell('userOverMedianFactor', limit, cost / median, times)
    }
  }

  #checkDay({ metric, limit }: AlertRule, at: number): void {
    const today = this.#days.at(-1) as Day
    const mean = meanBefore(this.#days, this.#days.length - 1)
    if (mean === null || mean <= 0 || today.cost <= limit * mean) return
    const value = today.cost / mean
    this.#tell(`${metric} ${limit}`, { metric, value, limit, at, text: spikeText(today, mean) })
  }

  #checkMonth({ metric, limit }: AlertRule, at: number): void {
    const today = this.#days.at(-1) as Day
    const ofMonth = this.#days.filter(({ day }) => monthOf(day) === this.#users.month)
    const spentUsd = usdOf(ofMonth.reduce((sum, { cost }) => sum + cost, 0))
    const event = { metric, value: spentUsd, limit, at }
    if (spentUsd > limit) {
      this.#tell(`${metric} ${limit} crossed`, { ...event, text: crossedText(limit, today.day) })
      return
    }
    // The first day is not known from its beginning, and the last is not over.
    const days = this.#days.slice(1, -1)
    const { costPerMonth } = projectMonth(
      days.map(({ day, cost }) => ({ total: cost / 1e9, weekday: weekdayOf(day) })),
    )
    const perDayUsd = (costPerMonth ?? 0) / daysPerMonth
    const spend = { budgetUsd: limit, spentUsd, perDayUsd, today: today.day }
    const crossing = crossingDay(spend)
    if (crossing === null) return
    const text = forecastText(spend, crossing)
    this.#tell(`${metric} ${limit} forecast`, { ...event, text })
  }

  #checkErrors({ metric, limit }: AlertRule, at: number): void {
    const factor = this.#errors.factor(at)
    const key = `${metric} ${limit}`
    if (factor === null || factor <= limit) {
      this.#told.delete(key)
      return
    }
    const text = `the share of errors is ${factor.toFixed(1)} times that of the day before`
    this.#tell(key, { metric, value: factor, limit, at, text })
  }

  #forget(prefix: string): void {
    for (const key of this.#told) if (key.startsWith(prefix)) this.#told.delete(key)
  }

  #tell(key: string, alert: AlertEvent): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    if (this.#isTelling) this.#onAlert(alert)
  }
}

const shown = (value: number): string => String(Number(value.toPrecision(3)))
