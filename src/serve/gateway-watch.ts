import type { Forecast, ForecastScore } from '../domain/forecast.ts'
import { usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import type { Policy } from '../policy/policy.ts'
import type { AlertEvent } from '../worlds/alert-event.ts'
import { LiveAlerts } from '../worlds/live-alerts.ts'
import type { LiveLedger } from '../worlds/live-ledger.ts'
import type { LiveTargets } from '../worlds/live-targets.ts'
import { type Audits, noAudits } from './audits.ts'
import type { Health } from './data-server.ts'
import { type EventFeed, type EventStream, openEventStream } from './event-stream.ts'
import type { BreakerLine, BudgetLine, GatewayHealth, GatewaySnapshot } from './gateway-snapshot.ts'
import { type GatewayState, type LiveStats, openLiveStats, type PolicyFacts } from './live-stats.ts'
import { type Metrics, openMetrics } from './metrics.ts'
import type { MissedHitsWatch } from './missed-hits.ts'
import type { OtlpTrace } from './otlp-trace.ts'
import { namedPolicy } from './policy-in-force.ts'
import type { ServeLog } from './serve-log.ts'
import { servedFacts } from './served-facts.ts'
import { openTrialWatch, type TrialWatch } from './trial-watch.ts'
import type { Trials } from './trials.ts'
import type { LedgerHealth } from './turn-writer.ts'
import type { TurnedAway } from './turned-away.ts'

export type GatewayWatchOptions = {
  /** As its file has it, with tiers that no model stands for yet. */
  readonly policy: Policy
  readonly fingerprint: string
  /** The policy file; null: there is none. */
  readonly source: string | null
  /** What a simulation said of a policy; null where nobody simulated it. */
  readonly forecastOf: (policy: Policy) => Promise<Forecast | null>
  readonly scoredForecasts: () => readonly ForecastScore[]
  readonly now: () => number
  readonly health: Health
  readonly ledgerHealth: () => LedgerHealth
  readonly inFlight: () => number
  readonly log: ServeLog
  /** Null: no traces are sent. */
  readonly trace: OtlpTrace | null
  /** What the dashboard is sent of snapshots of the last so many minutes. */
  readonly feedOf: (snapshot: (minutes?: number) => GatewaySnapshot) => EventFeed
  /** Posts an alert where the policy says so. */
  readonly post: (alert: AlertEvent) => void
}

type WatchedParts = {
  readonly ledger: LiveLedger
  readonly targets: LiveTargets
  readonly trials: Trials
  readonly audits: Audits
}

/** All that looks at what the gateway does: figures, metrics, alerts, log and traces. */
export type GatewayWatch = TrialWatch & {
  readonly stats: LiveStats
  readonly alerts: LiveAlerts
  readonly events: EventStream
  onServed(served: Served): void
  onTurnedAway(turned: TurnedAway): void
  onAlert(alert: AlertEvent): void
  /** Something about the gateway itself, for its log. */
  say(sentence: string, level?: 'info' | 'warn'): void
  /** A mistake of the gateway's own. */
  onBug(error: unknown): void
  snapshot(): GatewaySnapshot
  metricsText(): string
  /** Told once all are there: they know of alerts before they can be watched. */
  watch(parts: WatchedParts): void
  /** Told what finds out what the semantic cache misses. */
  watchMisses(misses: Pick<MissedHitsWatch, 'latest'>): void
  /** `asked` is the policy as its file has it, with tiers that no model stands for yet. */
  reload(policy: Policy, fingerprint: string, asked: Policy): void
  close(): Promise<void>
}

/** Alerts that need the figures of a window, and forecasts that were made meanwhile, are looked at so often. */
const measureMs = 60_000
/** Of each budget so many members are shown. */
const shownMembers = 10

export function openGatewayWatch(options: GatewayWatchOptions): GatewayWatch {
  const { now, log, trace } = options
  let parts: WatchedParts | null = null
  let misses: Pick<MissedHitsWatch, 'latest'> | null = null
  const followed = followPolicies(options, (facts) => stats.followPolicy(facts))
  const { facts } = followed
  const state = () => stateOf(options, parts, followed.policy(), misses?.latest() ?? null)
  const stats = openLiveStats({ policy: facts(), now, state })
  const snapshot = () => stats.snapshot()
  const metrics: Metrics = openMetrics(state)
  const onAlert = (alert: AlertEvent) => {
    log.event('warn', alert.text, { metric: alert.metric, value: alert.value, limit: alert.limit })
    options.post(alert)
  }
  const alerts = new LiveAlerts({ policy: followed.policy(), onAlert })
  const events = openEventStream({
    feed: options.feedOf((minutes) => stats.snapshot(minutes)),
  })
  const measuring = setInterval(() => {
    alerts.measured(stats.snapshot().windows.hour.watched, now())
    followed.look()
  }, measureMs).unref()
  return {
    stats,
    alerts,
    events,
    onAlert,
    ...openTrialWatch(stats, metrics, alerts, onAlert, now),
    onServed(served) {
      const facts = servedFacts(served)
      stats.add(served, facts)
      metrics.add(served, facts)
      alerts.note(served)
      log.request(served, facts)
      trace?.add(served, facts)
    },
    onTurnedAway: (turned) => {
      for (const each of [stats, metrics]) each.addTurnedAway(turned)
      log.turnedAway(turned)
    },
    say: (sentence, level = 'info') => log.event(level, sentence),
    onBug: (error) => log.event('error', 'a mistake of the gateway', { error: stackOf(error) }),
    snapshot,
    metricsText: () => metrics.text(),
    watch(known) {
      parts = known
    },
    watchMisses(known) {
      misses = known
    },
    reload(next, fingerprint, asked) {
      followed.follow(next, fingerprint, asked)
      alerts.reload(next)
    },
    async close() {
      clearInterval(measuring)
      events.close()
      await trace?.close()
      await log.flush()
    },
  }
}

/** The policy in force; its forecast is looked for meanwhile and with each `look`, and told of when there is a new one. */
function followPolicies(
  { source, forecastOf, ...first }: GatewayWatchOptions,
  onFacts: (facts: PolicyFacts) => void,
) {
  let { policy: asked, fingerprint } = first
  let { policy } = namedPolicy(asked)
  let forecast: Forecast | null = null
  const facts = () => factsOf(source, policy, fingerprint, forecast)
  const find = async () => {
    const of = asked
    const found = await forecastOf(of)
    if (found === null || asked !== of || found.generatedAt === forecast?.generatedAt) return
    forecast = found
    onFacts(facts())
  }
  void find()
  return {
    policy: () => policy,
    facts,
    look: () => void find(),
    follow(next: Policy, itsFingerprint: string, itsFile: Policy): void {
      policy = next
      asked = itsFile
      fingerprint = itsFingerprint
      forecast = null
      onFacts(facts())
      void find()
    },
  }
}

/** What the gateway says of itself; little, before it is told whom it watches. */
const stateOf = (
  { health, ledgerHealth, inFlight, now, scoredForecasts }: GatewayWatchOptions,
  parts: WatchedParts | null,
  policy: Policy,
  missedHits: GatewayHealth['missedHits'],
): GatewayState => ({
  health: {
    status: health().status,
    problems: health().why,
    ledger: ledgerHealth().state,
    inFlight: inFlight(),
    openIntents: parts?.ledger.maybeBilled().length ?? 0,
    missedHits,
  },
  breakers: parts === null ? [] : breakerLines(parts.targets),
  budgets: parts === null ? [] : budgetLines(parts.ledger, policy, now()),
  trials: parts?.trials.lines() ?? [],
  audits: parts?.audits.counts ?? noAudits,
  scoredForecasts: scoredForecasts(),
})

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

const factsOf = (
  source: string | null,
  policy: Policy,
  fingerprint: string,
  forecast: Forecast | null,
): PolicyFacts => ({
  fingerprint,
  source,
  alerts: policy.alerts.rules,
  tiers: policy.tiers,
  timezone: policy.timezone,
  baseline: 'the model that was asked for, without caches and routes',
  baselineP95Ms: null,
  forecast,
})

/** How targets are, for people. */
export const breakerLines = (targets: LiveTargets): readonly BreakerLine[] =>
  targets.sights().map(({ target, breaker, failuresInRow, openUntil }) => ({
    target,
    state: breaker,
    failures: failuresInRow,
    nextTryAt: openUntil === null ? null : new Date(openUntil).toISOString(),
  }))

/** As no one is called whom a budget knows by name. */
const unnamedMember = '(none)'

/** What is spent of each budget, for people. */
export function budgetLines(
  ledger: LiveLedger,
  { budgets }: Pick<Policy, 'budgets'>,
  at: number,
): readonly BudgetLine[] {
  return ledger
    .standings(at, shownMembers)
    .flatMap(({ budget, limitNanoUsd, members, resetsAt }) => {
      const rule = budgets.find(({ name }) => name === budget)
      return members.map(({ member, spentNanoUsd, reservedNanoUsd }) => ({
        budget,
        member: member !== '' ? member : rule?.scope === 'all' ? null : unnamedMember,
        window: rule?.window ?? 'lifetime',
        limitUsd: usdOf(limitNanoUsd),
        spentUsd: usdOf(spentNanoUsd),
        reservedUsd: usdOf(reservedNanoUsd),
        action: rule?.action ?? 'block',
        resetsAt: resetsAt === null ? null : new Date(resetsAt).toISOString(),
      }))
    })
}
