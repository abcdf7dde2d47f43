import type { Condition } from '../domain/selection.ts'
import type { Assertion } from '../policy/governance.ts'
import { keptScenarios } from './kept-scenarios.ts'
import type { Snapshot, SnapshotView } from './snapshot.ts'

/** Scenarios of a filtered part: a snapshot may have many such parts. */
const mostScenarios = 500

/** The parts of a run that assertions are about, each made by `make`; nothing where none is filtered. */
export function viewsOf(
  assertions: readonly Assertion[],
  make: (where: readonly Condition[]) => Snapshot,
): { readonly views?: readonly SnapshotView[] } {
  const filters = new Map(
    assertions
      .filter(({ level, where }) => level !== 'off' && Object.keys(where).length > 0)
      .map(({ where }) => [filterKey(where), where]),
  )
  if (filters.size === 0) return {}
  const views = [...filters.values()].map((where) => {
    const conditions = Object.entries(where).map(([field, value]) => ({ field, value }))
    return { where, ...partOf(make(conditions)) }
  })
  return { views }
}

/** Equal for the same conditions in any order. */
export const filterKey = (where: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1)))

function partOf(snapshot: Snapshot): Omit<SnapshotView, 'where'> {
  const { totals, metrics, scenarios, runs, sample } = snapshot
  return {
    requests: totals.requests,
    unpriced: totals.unpricedRequests,
    costNanoUsd: totals.costNanoUsd,
    metrics,
    scenarios: keptScenarios(scenarios, mostScenarios),
    runs,
    ...(sample && { sample }),
  }
}
