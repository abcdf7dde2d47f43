import type { AuditNote } from '../domain/comparison.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import { readTarget } from '../prices/model-name.ts'
import type { SidePurpose } from './gateway-figures.ts'
import { GatewayMetrics } from './gateway-metrics.ts'
import { GenAiMetrics, type ModelLabels } from './gen-ai-metrics.ts'
import { LabelNames } from './instruments.ts'
import type { GatewayState } from './live-stats.ts'
import { isAnswered, isRealName, type ServedFacts, servedFacts } from './served-facts.ts'
import { stateFamilies } from './state-metrics.ts'
import type { TurnedAway } from './turned-away.ts'
import { writeMetrics } from './write-metrics.ts'

/** The fold behind `/metrics`. */
export type Metrics = {
  /** Counts a request that is done; a few microseconds, and no more series than the limits below. */
  add(served: Served, facts?: ServedFacts): void
  /** Counts a request that nobody decided. */
  addTurnedAway(turned: TurnedAway): void
  /** Counts what was paid beside the receipts. */
  addCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void
  /** Counts what a call of `target` came to that a crash had left open. */
  addReconciled(target: string, costNanoUsd: NanoUsd): void
  addAudit(note: AuditNote): void
  /** In Prometheus's text format. */
  text(): string
}

/** Models, each with its provider, and routes that have series of their own; the others share one. */
const mostModels = 50
const mostRoutes = 50

/** Folds served requests into the metrics that Prometheus collects. No label names a user, a key or a text. */
export function openMetrics(state: () => GatewayState): Metrics {
  const genAi = new GenAiMetrics()
  const gateway = new GatewayMetrics()
  const labelsOf = modelLabels()
  const routes = new LabelNames(mostRoutes)
  return {
    add(served, facts = servedFacts(served)) {
      const { provider, requestedModel, model } = served.request
      const called = facts.attempts.map((attempt) =>
        labelsOf(attempt.target, provider, isRealName(facts, attempt)),
      )
      const asked = labelsOf(requestedModel ?? model, provider, isAnswered(served))
      genAi.add(served, facts, asked, called)
      gateway.add(served, facts, routes.of(facts.route ?? 'none'), called)
    },
    addTurnedAway: ({ reason, statusCode }) => gateway.addTurnedAway(reason, statusCode),
    addCost: (purpose, costNanoUsd) => gateway.addCost(purpose, costNanoUsd),
    addReconciled: (target, costNanoUsd) =>
      gateway.addReconciled(costNanoUsd, labelsOf(target, undefined, true)),
    addAudit: (note) => gateway.addAudit(note),
    text: () =>
      writeMetrics([...genAi.families(), ...gateway.families(), ...stateFamilies(state())]),
  }
}

/** Labels of targets; the provider of the request stands in where a target names none. */
function modelLabels() {
  const names = new LabelNames(mostModels)
  const other: ModelLabels = ['other', 'other']
  const known = new Map<string, ModelLabels>()
  return (target: string, of: string | undefined, isKnown: boolean): ModelLabels => {
    const full = `${of ?? ''} ${target}`
    const found = known.get(full)
    if (found !== undefined) return found
    const { provider = of ?? 'unknown', model } = readTarget(target)
    const pair = `${provider}:${model}`
    if (names.of(pair, isKnown) !== pair) return other
    const labels: ModelLabels = [provider, model]
    if (known.size < mostSpellings) known.set(full, labels)
    return labels
  }
}

/** A model may be asked for under several providers and spellings. */
const mostSpellings = 1000
