import { usdOf } from '../domain/money.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { Assertion } from '../policy/governance.ts'
import type { CheckPolicy } from '../policy/policy.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { holm } from '../stats/holm.ts'
import { comparisonWarnings } from './check-warnings.ts'
import {
  areSamples,
  type Compared,
  compare,
  compareViews,
  familyLevel,
  noComparison,
} from './compare.ts'
import { costDiff } from './diff.ts'
import { evidenceFor } from './evidence.ts'
import { noSuchView, type View, viewOf } from './filtered.ts'
import { isRelative, judgeFinding, needsTest, type Question, verdictOf } from './judge-finding.ts'
import { commonMetrics } from './metrics.ts'
import { noPairing } from './pair-scenarios.ts'
import type { CheckedSide, CheckResult } from './result.ts'
import { mostChanges, scenarioChanges } from './scenario-changes.ts'
import type { Snapshot } from './snapshot.ts'

export type CheckOptions = {
  readonly generatedAt: string
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  readonly policy: CheckPolicy
}

/**
 * Holds a run to its assertions, against a baseline where there is one. Throws a UserError for a figure that is not
 * known, and for assertions that need a baseline where there is none.
 */
export function check(
  before: Snapshot | null,
  after: Snapshot,
  { generatedAt, inputs, warnings, policy }: CheckOptions,
): CheckResult {
  const assertions = policy.assertions.filter(({ level }) => level !== 'off')
  requireBaseline(before, assertions)
  const tests = assertions.filter(needsTest).length
  const compared: Compared =
    before === null
      ? { comparison: noComparison, pairing: noPairing }
      : compare(before, after, { exact: policy.exact, tests })
  const findings = findingsOf(before, after, assertions, compared)
  const changes = areSamples(compared.comparison) ? [] : scenarioChanges(compared.pairing)
  return {
    kind: 'check',
    version: 1,
    generatedAt,
    inputs,
    fingerprints: after.fingerprints,
    warnings: [...warnings, ...comparisonWarnings(before, after, compared)],
    verdict: verdictOf(findings, policy.noData),
    noData: policy.noData,
    baseline: before === null ? null : sideOf(before),
    current: sideOf(after),
    comparison: compared.comparison,
    findings,
    scenarios: changes.slice(0, mostChanges),
    scenarioChanges: changes.length,
    diff: before === null ? null : costDiff(before, after),
  }
}

function requireBaseline(before: Snapshot | null, assertions: readonly Assertion[]): void {
  const needy = assertions.find(isRelative)
  if (before !== null || needy === undefined) return
  throw new UserError(`${needy.name} is held against a baseline, and none is given`, {
    hint: 'llmcost check --save baseline.json, then llmcost check --baseline baseline.json',
  })
}

function findingsOf(
  before: Snapshot | null,
  after: Snapshot,
  assertions: readonly Assertion[],
  compared: Compared,
) {
  // Two tests a pair of samples at most.
  const threshold = familyLevel / (2 * Math.max(1, assertions.filter(needsTest).length))
  const asked = assertions.map((assertion) => {
    const question = questionOf(assertion, before, after, compared)
    return { question, evidence: evidenceFor(question, threshold) }
  })
  const adjusted = holm(asked.flatMap(({ evidence }) => evidence?.pValues ?? []))
  let next = 0
  return asked.map(({ question, evidence }) => {
    const count = evidence?.pValues.length ?? 0
    const own = adjusted.slice(next, next + count)
    next += count
    return judgeFinding(question, evidence, own)
  })
}

function questionOf(
  assertion: Assertion,
  before: Snapshot | null,
  after: Snapshot,
  whole: Compared,
): Question {
  const { metric, where } = assertion
  const views = viewsFor(assertion, before, after)
  const isFiltered = Object.keys(where).length > 0
  const { pairing, mode } = isFiltered
    ? compareViews(views.before, views.after, whole.comparison)
    : { pairing: whole.pairing, mode: whole.comparison.mode }
  const compared = { mode, pairs: pairing.pairs }
  if (metric === 'cost') return costQuestion(assertion, views, compared)
  requireKnown(metric, views)
  return { assertion, metric, ...views, ...figuresOf(views, metric), ...compared }
}

type Views = { readonly before: View | null; readonly after: View }

function viewsFor(assertion: Assertion, before: Snapshot | null, after: Snapshot): Views {
  const { where } = assertion
  const own = viewOf(after, where)
  if (own === null) throw noSuchView('run', after, where)
  const former = before === null ? null : viewOf(before, where)
  if (before !== null && former === null && isRelative(assertion))
    throw noSuchView('baseline', before, where)
  return { before: former, after: own }
}

const figuresOf = ({ before, after }: Views, metric: string) => ({
  baseline: before?.metrics[metric] ?? null,
  actual: after.metrics[metric] ?? null,
})

/** `cost`: of the scenarios that both sides have, else of a run, else the whole. */
function costQuestion(
  assertion: Assertion,
  views: Views,
  compared: Pick<Question, 'mode' | 'pairs'>,
): Question {
  const { mode, pairs } = compared
  const isWhole = [views.before, views.after].every((side) => side === null || isByScenario(side))
  if (pairs.length > 0 && mode !== 'unpaired' && isWhole) {
    const cost = (side: 'before' | 'after') =>
      pairs.reduce((sum, pair) => sum + pair[side].costNanoUsd / Math.max(1, pair[side].runs), 0)
    const [baseline, actual] = [cost('before'), cost('after')].map((sum) => usdOf(Math.round(sum)))
    const figures = { baseline: baseline ?? 0, actual: actual ?? 0 }
    return { assertion, metric: 'cost', ...views, ...figures, ...compared }
  }
  const metric = mode === 'unpaired' ? 'perRun.meanUsd' : 'costUsd'
  return { assertion, metric, ...views, ...figuresOf(views, metric), ...compared }
}

/** Whether all spend is that of scenarios that are listed. */
const isByScenario = ({ scenarios, costNanoUsd }: View): boolean =>
  scenarios.reduce((sum, scenario) => sum + scenario.costNanoUsd, 0) === costNanoUsd

function requireKnown(metric: string, { before, after }: Views): void {
  const known = new Set([
    ...commonMetrics,
    ...Object.keys(after.metrics),
    ...Object.keys(before?.metrics ?? {}),
  ])
  if (known.has(metric)) return
  const near = didYouMean(metric, [...known])
  throw new UserError(`no figure of this run is called "${metric}"`, {
    hint:
      near === null
        ? `common ones: cost, ${commonMetrics.join(', ')}; or a path in --format json`
        : `did you mean "${near}"?`,
  })
}

const sideOf = ({ generatedAt, source, totals, scenarioCount }: Snapshot): CheckedSide => ({
  generatedAt,
  source,
  requests: totals.requests,
  costUsd: usdOf(totals.costNanoUsd),
  scenarios: scenarioCount,
  unpricedRequests: totals.unpricedRequests,
})
