import type { AuditNote } from '../domain/comparison.ts'
import type { Settled } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { AlertEvent } from '../worlds/alert-event.ts'
import type { LiveAlerts } from '../worlds/live-alerts.ts'
import type { SidePurpose } from './gateway-figures.ts'
import type { LiveStats } from './live-stats.ts'
import type { Metrics } from './metrics.ts'
import type { TrialEvent } from './trial-event.ts'

/** What is told of shadow, canary and audits. */
export type TrialWatch = {
  /** Something that comparing answers has proved. */
  onTrial(event: TrialEvent): void
  /** What an audit found. */
  onCompared(note: AuditNote): void
  /** What was paid beside the receipts. */
  onSideCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void
  /** What a call of `target` came to that a crash had left open. */
  onReconciled(target: string, settled: Settled): void
}

/** Counts what is told, and makes alerts of what is proved. */
export const openTrialWatch = (
  stats: LiveStats,
  metrics: Metrics,
  alerts: Pick<LiveAlerts, 'paid' | 'reconciled'>,
  onAlert: (alert: AlertEvent) => void,
  now: () => number,
): TrialWatch => ({
  onTrial({ kind, rate, limit, at, text }) {
    const isGood = kind === 'promote' || kind === 'promoted'
    onAlert({ metric: isGood ? 'promotion' : 'audit', value: rate ?? 0, limit, at, text })
  },
  onCompared(note) {
    stats.addAudit(note)
    metrics.addAudit(note)
  },
  onSideCost(purpose, costNanoUsd) {
    stats.addCost(purpose, costNanoUsd)
    metrics.addCost(purpose, costNanoUsd)
    alerts.paid(costNanoUsd, now())
  },
  onReconciled(target, settled) {
    const { costNanoUsd, at } = settled
    stats.addReconciled(costNanoUsd, at)
    metrics.addReconciled(target, costNanoUsd)
    alerts.reconciled(settled)
  },
})
