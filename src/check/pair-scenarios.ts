import type { Snapshot, SnapshotScenario } from './snapshot.ts'

/** The same scenario in both snapshots. */
export type ScenarioPair = {
  readonly before: SnapshotScenario
  readonly after: SnapshotScenario
}

export type Pairing = {
  readonly pairs: readonly ScenarioPair[]
  readonly added: readonly SnapshotScenario[]
  readonly gone: readonly SnapshotScenario[]
  /** The least share of the spend of either side that the pairs hold; 1 where nothing was spent. */
  readonly coverage: number
}

export const noPairing: Pairing = { pairs: [], added: [], gone: [], coverage: 0 }

/** Pairs the scenarios of both sides; none where one holds requests but no scenario, as a report does. */
export function pairSnapshots(before: Snapshot, after: Snapshot): Pairing {
  const tells = ({ scenarios, totals }: Snapshot) => scenarios.length > 0 || totals.requests === 0
  return tells(before) && tells(after)
    ? pairScenarios(before.scenarios, after.scenarios)
    : noPairing
}

/** Finds each scenario of one side on the other: by its name, else by the question that only it asks. */
export function pairScenarios(
  before: readonly SnapshotScenario[],
  after: readonly SnapshotScenario[],
): Pairing {
  const [first, second] = joinUnevenly(before, after)
  const named = new Map(second.map((scenario) => [scenario.scenario, scenario]))
  const pairs: ScenarioPair[] = []
  const unmatched: SnapshotScenario[] = []
  for (const scenario of first) {
    const match = named.get(scenario.scenario)
    if (match === undefined) unmatched.push(scenario)
    else pairs.push({ before: scenario, after: match })
  }
  const known = new Set(first.map(({ scenario }) => scenario))
  const strangers = second.filter(({ scenario }) => !known.has(scenario))
  const renamed = renamedPairs(unmatched, strangers)
  const all = [...pairs, ...renamed]
  const found = new Set(renamed.flatMap((pair) => [pair.before, pair.after]))
  return {
    pairs: all,
    added: strangers.filter((scenario) => !found.has(scenario)),
    gone: unmatched.filter((scenario) => !found.has(scenario)),
    coverage: Math.min(
      shareOf(
        all.map((pair) => pair.before),
        first,
      ),
      shareOf(
        all.map((pair) => pair.after),
        second,
      ),
    ),
  }
}

/** "billing/q-1a2b#3" is the third time of "billing/q-1a2b". */
const baseOf = ({ scenario }: SnapshotScenario): string => scenario.replace(/#\d+$/, '')

/**
 * A question that is asked more often on one side is one scenario with more calls there: occurrence by occurrence the
 * additional call would stand apart as something new.
 */
function joinUnevenly(
  before: readonly SnapshotScenario[],
  after: readonly SnapshotScenario[],
): readonly [readonly SnapshotScenario[], readonly SnapshotScenario[]] {
  const [one, other] = [countBy(before, baseOf), countBy(after, baseOf)]
  const isUneven = (base: string) => {
    const [a, b] = [one.get(base) ?? 0, other.get(base) ?? 0]
    return a > 0 && b > 0 && a !== b
  }
  return [joined(before, isUneven), joined(after, isUneven)]
}

function joined(
  scenarios: readonly SnapshotScenario[],
  isUneven: (base: string) => boolean,
): readonly SnapshotScenario[] {
  const sums = new Map<string, SnapshotScenario>()
  for (const scenario of scenarios) {
    const base = baseOf(scenario)
    const name = isUneven(base) ? base : scenario.scenario
    const known = sums.get(name)
    sums.set(name, known === undefined ? { ...scenario, scenario: name } : sum(known, scenario))
  }
  return [...sums.values()]
}

/** All calls of one run. */
const sum = (a: SnapshotScenario, b: SnapshotScenario): SnapshotScenario => ({
  ...a,
  runs: 1,
  requests: a.requests + b.requests,
  calls: a.calls + b.calls,
  costNanoUsd: a.costNanoUsd + b.costNanoUsd,
  unpriced: a.unpriced + b.unpriced,
  inputTokens: a.inputTokens + b.inputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  outputTokens: a.outputTokens + b.outputTokens,
})

/** Under another name, but with a question that nothing else on its side asks. */
function renamedPairs(
  gone: readonly SnapshotScenario[],
  added: readonly SnapshotScenario[],
): readonly ScenarioPair[] {
  const questionOf = ({ question }: SnapshotScenario) => question ?? ''
  const [one, other] = [countBy(gone, questionOf), countBy(added, questionOf)]
  const byQuestion = new Map(added.map((scenario) => [questionOf(scenario), scenario]))
  return gone.flatMap((before) => {
    const question = questionOf(before)
    const after = byQuestion.get(question)
    const isClear = question !== '' && one.get(question) === 1 && other.get(question) === 1
    return isClear && after !== undefined ? [{ before, after }] : []
  })
}

function countBy<T>(list: readonly T[], keyOf: (each: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const each of list) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1)
  return counts
}

function shareOf(part: readonly SnapshotScenario[], whole: readonly SnapshotScenario[]): number {
  const cost = (list: readonly SnapshotScenario[]) =>
    list.reduce((total, { costNanoUsd }) => total + costNanoUsd, 0)
  const all = cost(whole)
  if (all > 0) return cost(part) / all
  return whole.length === 0 ? 1 : part.length / whole.length
}
