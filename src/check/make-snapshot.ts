import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { sha256 } from '../stats/sha256.ts'
import { type GroupSum, sumGroups } from './group-sums.ts'
import { keptScenarios } from './kept-scenarios.ts'
import { figuresOf, metricsOf } from './metrics.ts'
import { chosenRuns, mostRequests, runSample } from './run-sample.ts'
import { type RunSum, sumRuns, usageColumns } from './run-sums.ts'
import type {
  CostSample,
  Metrics,
  Snapshot,
  SnapshotFingerprints,
  SnapshotGroup,
  SnapshotScenario,
  SnapshotSource,
  SnapshotTotals,
} from './snapshot.ts'

/** Enough runs to tell an increase that matters; a store may have millions. */
const mostSamples = 2_000
const mostGroupSamples = 200
export const mostScenarios = 2_000
/** Texts that are looked up to name scenarios: a look-up takes some microseconds. */
const mostTexts = 50_000

/** The parts of an `analyze` report that a snapshot keeps. */
export type ReportToKeep = {
  readonly generatedAt: string
  readonly fingerprints: SnapshotFingerprints
  readonly totals: { readonly errors: number; readonly estimatedRequests: number }
  readonly period: Snapshot['period']
}

/** A snapshot of stored requests, with the figures of the `analyze` report about them. */
export function makeSnapshot(
  requests: RequestSource,
  lookup: RequestLookup,
  report: ReportToKeep,
  source: SnapshotSource,
): Snapshot {
  const { sums, ofProfile } = sumGroups(requests)
  const runSums = sumRuns(requests, lookup, ofProfile, mostRequests)
  const { runs } = runSums
  const all = sampleOf(runs, (run) => run.cost, mostSamples)
  const scenarios = scenariosOf(runs, lookup)
  const { generatedAt, fingerprints, period } = report
  return {
    kind: 'llmcost-snapshot',
    version: 1,
    generatedAt,
    source,
    fingerprints,
    totals: totalsOf(sums, report),
    period,
    metrics: { ...metricsOf('analyze', figuresOf(report)), ...runMetrics(runs) },
    scenarioCount: scenarios.length,
    scenarios: keptScenarios(scenarios, mostScenarios),
    groups: withRuns(sums, runs),
    runs: all,
    sample: runSample(runSums),
  }
}

function withRuns(sums: readonly GroupSum[], runs: readonly RunSum[]): readonly SnapshotGroup[] {
  const byGroup = sums.map((): RunSum[] => [])
  for (const run of runs) for (const group of run.byGroup.keys()) byGroup[group]?.push(run)
  return sums.map((sum, group) => {
    const costOf = (run: RunSum) => run.byGroup.get(group) ?? 0
    return { ...sum, runs: sampleOf(byGroup[group] ?? [], costOf, mostGroupSamples) }
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

function sampleOf(
  runs: readonly RunSum[],
  costOf: (run: RunSum) => number,
  most: number,
): CostSample {
  const costs = chosenRuns(runs, most).map(costOf)
  return { count: runs.length, samples: costs.sort((a, b) => a - b) }
}

/** Runs of one name are runs of one scenario; those that only their question names are told apart by occurrence. */
function scenariosOf(runs: readonly RunSum[], lookup: RequestLookup): readonly SnapshotScenario[] {
  const questionOf = questionNames(lookup)
  const occurrences = new Map<string, number>()
  const scenarios = new Map<string, SnapshotScenario>()
  for (const run of runs) {
    const question = questionOf(run)
    const scenario = run.name ?? occurrenceOf(run, question, occurrences)
    if (scenario !== null)
      scenarios.set(scenario, withRun(scenarios.get(scenario), run, scenario, question))
  }
  return [...scenarios.values()]
}

function occurrenceOf(
  { feature }: RunSum,
  question: string | null,
  occurrences: Map<string, number>,
): string | null {
  if (question === null) return null
  const name = feature === null ? question : `${feature}/${question}`
  const occurrence = (occurrences.get(name) ?? 0) + 1
  occurrences.set(name, occurrence)
  return occurrence === 1 ? name : `${name}#${occurrence}`
}

/**
 * Names a question by a hash of its text, the same in every store; by the key of the store where it keeps no text, which
 * another store does not share.
 */
function questionNames(lookup: RequestLookup): (run: RunSum) => string | null {
  const known = new Map<number, string>()
  return ({ question, seq }) => {
    if (Number.isNaN(question)) return null
    const name = known.get(question) ?? nameOf(question, seq)
    known.set(question, name)
    return name
  }
  function nameOf(question: number, seq: number): string {
    const text = known.size < mostTexts ? lookup.questionOf(seq) : null
    return text === null ? `key-${question.toString(36)}` : hashedName(text)
  }
}

/** 60 bits: no two of a suite's questions share a name. */
const hashedName = (text: string): string => `q-${sha256(text).toString('base64url').slice(0, 10)}`

function withRun(
  known: SnapshotScenario | undefined,
  run: RunSum,
  scenario: string,
  question: string | null,
): SnapshotScenario {
  const before = known ?? {
    runs: 0,
    requests: 0,
    calls: 0,
    costNanoUsd: 0,
    unpriced: 0,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    feature: run.feature,
    question,
  }
  return {
    scenario,
    feature: before.feature,
    question: before.question,
    runs: before.runs + 1,
    requests: before.requests + run.requests,
    calls: before.calls + run.calls,
    costNanoUsd: before.costNanoUsd + run.cost,
    unpriced: before.unpriced + run.unpriced,
    inputTokens: before.inputTokens + run.inputTokens,
    cacheReadTokens: before.cacheReadTokens + run.cacheReadTokens,
    cacheWriteTokens: before.cacheWriteTokens + run.cacheWriteTokens,
    outputTokens: before.outputTokens + run.outputTokens,
  }
}
