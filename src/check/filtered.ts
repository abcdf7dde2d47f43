import { usdOf } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import type { Snapshot, SnapshotGroup, SnapshotView } from './snapshot.ts'
import { filterKey } from './views.ts'

/** What an assertion is about: the whole of a snapshot, or the part that its filter leaves. */
export type View = Omit<SnapshotView, 'where'>

type Filter = Readonly<Record<string, string>>

/** Fields by which every snapshot of requests tells them apart. */
const groupFields = ['provider', 'model', 'feature'] as const

const isGroupFilter = (filter: Filter): boolean =>
  Object.keys(filter).every((field) => (groupFields as readonly string[]).includes(field))

/** The figures of the requests with these values; null where the snapshot does not tell them apart. */
export function viewOf(snapshot: Snapshot, filter: Filter): View | null {
  const { totals, metrics, runs, scenarios, sample, groups, views = [] } = snapshot
  const isWhole = Object.keys(filter).length === 0
  if (isWhole || totals.requests === 0)
    return {
      metrics,
      runs,
      scenarios,
      requests: totals.requests,
      unpriced: totals.unpricedRequests,
      costNanoUsd: totals.costNanoUsd,
      ...(sample && { sample }),
    }
  const wanted = filterKey(filter)
  const made = views.find(({ where }) => filterKey(where) === wanted)
  if (made !== undefined) return made
  if (!isGroupFilter(filter) || groups.length === 0) return null
  const own = groups.filter((group) =>
    groupFields.every((field) => !(field in filter) || group[field] === filter[field]),
  )
  const { feature, ...others } = filter
  const isByFeature = Object.keys(others).length === 0
  return {
    ...viewOfGroups(own),
    // A scenario is of one feature, but may ask several models.
    scenarios: isByFeature ? scenarios.filter((each) => each.feature === feature) : [],
  }
}

/** For a filter that `viewOf` has no answer to. */
export function noSuchView(side: 'run' | 'baseline', { groups }: Snapshot, filter: Filter) {
  const words = Object.entries(filter).map(([field, value]) => `${field}=${value}`)
  const isReport = groups.length === 0
  return new UserError(
    isReport
      ? `the ${side} is a report, which has no figures of ${words.join(', ')} alone`
      : `the snapshot of the ${side} has no figures of ${words.join(', ')} alone`,
    {
      hint: isReport
        ? 'filter what it is made of instead, with --where of analyze, simulate or replay'
        : 'save it anew under the policy file with this assertion, or name logs, or a time of them such as --baseline 14d..7d',
    },
  )
}

function viewOfGroups(groups: readonly SnapshotGroup[]): Omit<View, 'scenarios'> {
  const sum = (value: (group: SnapshotGroup) => number) =>
    groups.reduce((total, group) => total + value(group), 0)
  const requests = sum((group) => group.requests)
  const unpriced = sum((group) => group.unpriced)
  const cost = sum((group) => group.costNanoUsd)
  const read = sum((group) => group.cacheReadTokens)
  const input = sum(
    (group) => group.inputTokens + group.cacheWrite5mTokens + group.cacheWrite1hTokens,
  )
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  const mean = requests === 0 ? null : usdOf(Math.round(cost / requests))
  // Runs of several groups are no runs of their union, and bounded samples cannot be put together.
  const [only] = groups.length === 1 ? groups : []
  const runs = only?.runs ?? { count: 0, samples: [] }
  const perRun = runs.count === 0 ? {} : { 'perRun.meanUsd': usdOf(Math.round(cost / runs.count)) }
  return {
    requests,
    unpriced,
    costNanoUsd: cost,
    runs,
    metrics: {
      requests,
      'totals.requests': requests,
      costUsd: usdOf(cost),
      'totals.costUsd': usdOf(cost),
      costPerRequestUsd: mean,
      'perRequest.meanUsd': mean,
      'totals.inputTokens': sum((group) => group.inputTokens),
      'totals.cacheReadTokens': read,
      'totals.outputTokens': sum((group) => group.outputTokens),
      prefixReadShare: share(read, read + input),
      unpricedShare: share(unpriced, requests),
      hitRate: share(
        sum((group) => group.servedFromCache),
        requests,
      ),
      errorRate: share(
        sum((group) => group.retries),
        requests,
      ),
      ...perRun,
    },
  }
}
