import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { sumCells } from './cost-cells.ts'
import { type GroupSum, sumGroups } from './group-sums.ts'
import { figuresOf, metricsOf } from './metrics.ts'
import { inSampleOrder, mostRequests, runSample } from './run-sample.ts'
import { type RunSum, sumRuns, usageColumns } from './run-sums.ts'
import { sumScenarios } from './scenario-sums.ts'
import type {
  Metrics,
  Snapshot,
  SnapshotFingerprints,
  SnapshotGroup,
  SnapshotSource,
  SnapshotTotals,
} from './snapshot.ts'

/** Enough runs to tell an increase that matters; a store may have millions. */
const mostSamples = 2_000
const mostGroupSamples = 200
const mostScenarios = 2_000

/** The parts of an `analyze` report that a snapshot keeps. */
export type ReportToKeep = {
  readonly generatedAt: string
  readonly fingerprints: SnapshotFingerprints
  readonly totals: { readonly errors: number; readonly estimatedRequests: number }
  readonly period: Snapshot['period']
}

/**
 * A snapshot of stored requests, with the figures of the `analyze` report about them. Hashes of questions are made under
 * `scenarioKey`, where there is one.
 */
export function makeSnapshot(
  requests: RequestSource,
  lookup: RequestLookup,
  report: ReportToKeep,
  source: SnapshotSource,
  scenarioKey: string | null = null,
): Snapshot {
  const { sums, ofProfile } = sumGroups(requests)
  const runSums = sumRuns(requests, lookup, ofProfile, mostRequests)
  const { runs } = runSums
  const ordered = inSampleOrder(runs)
  const costs = ordered.slice(0, mostSamples).map(({ cost }) => cost)
  const { scenarios, count } = sumScenarios(runs, lookup, {
    most: mostScenarios,
    key: scenarioKey,
  })
  const { generatedAt, fingerprints, period } = report
  return {
    kind: 'llmcost-snapshot',
    version: 2,
    generatedAt,
    source,
    fingerprints,
    totals: totalsOf(sums, report),
    period,
    metrics: { ...metricsOf('analyze', figuresOf(report)), ...runMetrics(runs) },
    scenarioCount: count,
    scenarios,
    groups: withRuns(sums, ordered),
    cells: sumCells(requests),
    runs: { count: runs.length, samples: costs.sort((a, b) => a - b) },
    sample: runSample(ordered, runSums.requests),
  }
}

/** `ordered` are the runs in the order in which samples take them. */
function withRuns(sums: readonly GroupSum[], ordered: readonly RunSum[]): readonly SnapshotGroup[] {
  const samples = sums.map(() => ({ count: 0, samples: [] as number[] }))
  for (const run of ordered)
    for (let at = 0; at < run.byGroup.length; at += 2) {
      const sample = samples[run.byGroup[at] as number]
      if (sample === undefined) continue
      sample.count++
      if (sample.count <= mostGroupSamples) sample.samples.push(run.byGroup[at + 1] as number)
    }
  return sums.map((sum, group) => {
    const { count, samples: costs } = samples[group] ?? { count: 0, samples: [] }
    return { ...sum, runs: { count, samples: costs.sort((a, b) => a - b) } }
  })
}

function totalsOf(groups: readonly GroupSum[], { totals }: ReportToKeep): SnapshotTotals {
  const sum = (value: (group: GroupSum) => number) =>
    groups.reduce((total, group) => total + value(group), 0)
  const [inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens, outputTokens] =
    usageColumns.map((name) => sum((group) => group[name])) as [
      number,
      number,
      number,
      number,
      number,
    ]
  return {
    requests: sum(({ requests }) => requests),
    errors: totals.errors,
    inputTokens,
    cacheReadTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    outputTokens,
    costNanoUsd: sum(({ costNanoUsd }) => costNanoUsd),
    unpricedRequests: sum(({ unpriced }) => unpriced),
    estimatedRequests: totals.estimatedRequests,
    servedFromCacheRequests: sum(({ servedFromCache }) => servedFromCache),
  }
}

function runMetrics(runs: readonly RunSum[]): Metrics {
  const mean = (value: (run: RunSum) => number) =>
    runs.length === 0 ? null : runs.reduce((sum, run) => sum + value(run), 0) / runs.length
  const cost = mean((run) => run.cost)
  return {
    'perRun.runs': runs.length,
    'perRun.meanUsd': cost === null ? null : usdOf(Math.round(cost)),
    'perRun.callsMean': mean((run) => run.calls),
  }
}
