import type { AuditNote } from '../domain/comparison.ts'
import type { Forecast, ForecastScore } from '../domain/forecast.ts'
import { type NanoUsd, usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import type { AlertRule } from '../policy/governance.ts'
import type { Tiers } from '../policy/routing.ts'
import { type Calendar, calendarOf, isoDay } from '../worlds/calendar.ts'
import type { AuditCounts } from './audits.ts'
import { type FigureFacts, figuresOf } from './figures.ts'
import { scoreForecast } from './forecast-score.ts'
import type { Figures, SidePurpose, WindowName } from './gateway-figures.ts'
import type { BreakerLine, BudgetLine, GatewayHealth, GatewaySnapshot } from './gateway-snapshot.ts'
import { keptMinutes, MinuteRing } from './minute-series.ts'
import { Mixes } from './mixes.ts'
import { type CountedSoFar, PolicySpan } from './policy-span.ts'
import { RecentReceipts } from './recent-receipts.ts'
import { countAudit, counter, counterSize, countRequest, paidFor } from './served-counts.ts'
import { isAnswered, type ServedFacts, servedFacts } from './served-facts.ts'
import type { TrialLine } from './trial-lines.ts'
import type { TurnedAway } from './turned-away.ts'
import { minuteMs, WindowedCounts, windowStart } from './windowed-counts.ts'
import { WindowedTimes } from './windowed-times.ts'

/** What of the policy in force the figures are held against. */
export type PolicyFacts = {
  readonly fingerprint: string
  /** The file it is from; null: the defaults. */
  readonly source: string | null
  /** Of `alerts.rules`: the action thresholds. */
  readonly alerts: readonly AlertRule[]
  readonly tiers: Tiers
  readonly timezone: string
  /** What savings are measured against, in words: "the model that was asked for, without caches and routes". */
  readonly baseline: string
  /** p95 of the latency without the policy, as logged or simulated; null: unknown. */
  readonly baselineP95Ms: number | null
  readonly forecast: Forecast | null
}

/** What the gateway says of itself, asked for with every snapshot. */
export type GatewayState = {
  readonly health: GatewayHealth
  readonly breakers: readonly BreakerLine[]
  readonly budgets: readonly BudgetLine[]
  readonly trials: readonly TrialLine[]
  readonly audits: AuditCounts
  /** What came of forecasts in this and in earlier runs, the newest first. */
  readonly scoredForecasts: readonly ForecastScore[]
}

export type LiveStatsOptions = {
  readonly policy: PolicyFacts
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly state: () => GatewayState
}

/** What one sees of a running gateway. */
export type LiveStats = {
  /** Counts a request that is done; a few microseconds, and memory that does not grow. */
  add(served: Served, facts?: ServedFacts): void
  /** Counts a request that nobody decided: it is in no other figure. */
  addTurnedAway(turned: TurnedAway): void
  /** Counts what was paid beside the receipts, and is in none of them. */
  addCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void
  /** Counts a call that a crash left open, once somebody says what it came to; `at` is when it was made. */
  addReconciled(costNanoUsd: NanoUsd, at: number): void
  /** Counts what an audit found out about a request that was counted before. */
  addAudit(note: AuditNote): void
  /** Holds the figures against another policy from now on. */
  followPolicy(policy: PolicyFacts): void
  /** Told what was spent earlier on this day, before a restart. */
  spentEarlier(costNanoUsd: number): void
  /** The forecast beside what came of it since the policy is in force; null without one. */
  forecastScore(): ForecastScore | null
  /** About a millisecond: for people, not for every request. With so many of the last minutes in its series. */
  snapshot(minutes?: number): GatewaySnapshot
}

/** Folds served requests into what the dashboard, `serve status` and alerts show. */
export const openLiveStats = (options: LiveStatsOptions): LiveStats => new Fold(options)

class Fold implements LiveStats {
  readonly #now: () => number
  readonly #state: () => GatewayState
  readonly #startedAt: number
  readonly #counts = new WindowedCounts(counterSize)
  readonly #latencies = new WindowedTimes()
  readonly #firstTokens = new WindowedTimes()
  readonly #overheads = new WindowedTimes()
  readonly #mixes: Mixes
  readonly #minutes = new MinuteRing()
  readonly #recent = new RecentReceipts()
  #policy: PolicyFacts
  #calendar: Calendar
  #minute: number
  #day: number
  #todayNano: number
  #todaySince: number
  #span: PolicySpan

  constructor({ policy, now, state }: LiveStatsOptions) {
    this.#now = now
    this.#state = state
    this.#startedAt = now()
    this.#policy = policy
    this.#calendar = calendarOf(policy.timezone)
    this.#mixes = new Mixes(policy.tiers)
    this.#minute = Math.floor(this.#startedAt / minuteMs)
    this.#day = this.#calendar.dayOf(this.#startedAt)
    this.#todayNano = 0
    this.#todaySince = this.#startedAt
    this.#openMinute()
    this.#span = this.#beginSpan()
  }

  add(served: Served, facts = servedFacts(served)): void {
    this.#advance()
    const minute = this.#minute
    const tier = facts.target === null ? null : this.#mixes.tierOf(facts.target)
    countRequest(this.#counts, served, facts, tier)
    if (isAnswered(served)) this.#latencies.add(served.receipt.latencyMs)
    const { firstTokenMs } = served.request
    if (firstTokenMs !== undefined) this.#firstTokens.add(firstTokenMs)
    this.#overheads.add(served.overheadMs)
    this.#mixes.add(minute, served, facts)
    this.#minutes.add(minute, served, facts)
    this.#recent.add(served, facts)
    this.#todayNano += served.receipt.costNanoUsd
  }

  addTurnedAway({ reason }: TurnedAway): void {
    this.#advance()
    this.#mixes.addTurnedAway(this.#minute, reason)
  }

  addCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void {
    this.#advance()
    this.#counts.add(paidFor[purpose], costNanoUsd)
    this.#minutes.addCost(this.#minute, costNanoUsd)
    this.#todayNano += costNanoUsd
  }

  addReconciled(costNanoUsd: NanoUsd, at: number): void {
    this.#advance()
    this.#counts.add(counter.reconciledNano, costNanoUsd)
    this.#minutes.addCost(this.#minute, costNanoUsd)
    if (this.#calendar.dayOf(at) === this.#day) this.#todayNano += costNanoUsd
  }

  addAudit(note: AuditNote): void {
    // Of what could not be told nobody knows whether it agrees.
    if (note.kind !== 'hit' || note.verdict === 'unsettled') return
    this.#advance()
    const agrees = note.verdict === 'right'
    countAudit(this.#counts, agrees)
    this.#recent.setAudit(String(note.of), agrees)
  }

  followPolicy(policy: PolicyFacts): void {
    this.#advance()
    if (policy.fingerprint !== this.#policy.fingerprint) this.#span = this.#beginSpan()
    this.#policy = policy
    this.#calendar = calendarOf(policy.timezone)
    this.#mixes.setTiers(policy.tiers)
  }

  spentEarlier(costNanoUsd: number): void {
    this.#advance()
    this.#todayNano += costNanoUsd
    this.#todaySince = this.#calendar.startOf(this.#day)
  }

  forecastScore(): ForecastScore | null {
    const { forecast, alerts, baselineP95Ms } = this.#policy
    if (forecast === null) return null
    const figures = this.#span.figures(this.#soFar(), { rules: alerts, baselineP95Ms })
    return scoreForecast(forecast, figures, isoTime(this.#now()))
  }

  #beginSpan(): PolicySpan {
    return new PolicySpan(isoTime(this.#now()), this.#soFar())
  }

  #soFar(): CountedSoFar {
    const counts = this.#counts.sum('start', this.#minute)
    const { routes } = this.#mixes.lines('start', this.#minute)
    return { counts, latencies: this.#latencies.bars, routes }
  }

  snapshot(minutes = keptMinutes): GatewaySnapshot {
    this.#advance()
    const now = this.#now()
    const { fingerprint, source, baseline, timezone } = this.#policy
    const { health, breakers, budgets, trials, audits, scoredForecasts } = this.#state()
    const forecast = this.forecastScore()
    const minute = this.#minute
    const startMinute = Math.floor(this.#startedAt / minuteMs)
    this.#minutes.setLatency(minute, this.#latencies.ofMinute(minute))
    return {
      kind: 'serve-status',
      version: 1,
      generatedAt: isoTime(now),
      startedAt: isoTime(this.#startedAt),
      policy: { fingerprint, source },
      baseline,
      health,
      today: {
        day: isoDay(this.#day),
        timezone,
        since: isoTime(this.#todaySince),
        isWholeDay: this.#todaySince === this.#calendar.startOf(this.#day),
        costUsd: usdOf(this.#todayNano),
      },
      windows: {
        hour: this.#figures('hour', now),
        day: this.#figures('day', now),
        start: this.#figures('start', now),
      },
      series: this.#minutes.series(Math.max(startMinute, minute - minutes + 1), minute),
      breakers,
      budgets,
      trials,
      audits,
      forecast,
      earlierForecasts: scoredForecasts.filter(({ from }) => from !== forecast?.from),
      recent: this.#recent.list(),
    }
  }

  #figures(window: WindowName, now: number): Figures {
    const minute = this.#minute
    const { alerts, baselineP95Ms } = this.#policy
    const facts: FigureFacts = { rules: alerts, baselineP95Ms }
    return figuresOf(
      {
        from: isoTime(windowStart(window, now, this.#startedAt)),
        counts: this.#counts.sum(window, minute),
        latencyMs: this.#latencies.quantiles(window, minute),
        firstTokenMs: this.#firstTokens.quantiles(window, minute),
        overheadMs: this.#overheads.quantiles(window, minute),
        mixes: this.#mixes.lines(window, minute),
      },
      facts,
    )
  }

  /** Goes to the minute of the clock. A clock that is set back goes on counting where it was. */
  #advance(): void {
    const now = this.#now()
    const minute = Math.floor(now / minuteMs)
    if (minute <= this.#minute) return
    this.#minutes.setLatency(this.#minute, this.#latencies.ofMinute(this.#minute))
    this.#minute = minute
    this.#openMinute()
    const day = this.#calendar.dayOf(now)
    if (day === this.#day) return
    this.#day = day
    this.#todayNano = 0
    this.#todaySince = this.#calendar.startOf(day)
  }

  #openMinute(): void {
    for (const each of [this.#counts, this.#latencies, this.#firstTokens, this.#overheads])
      each.open(this.#minute)
  }
}

const isoTime = (at: number): string => new Date(at).toISOString()
