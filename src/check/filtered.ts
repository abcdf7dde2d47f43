import { usdOf } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import type { CostSample, Metrics, Snapshot, SnapshotGroup } from './snapshot.ts'

/** What an assertion is about: the whole of a snapshot, or the groups that its filter leaves. */
export type View = {
  readonly metrics: Metrics
  readonly requests: number
  readonly unpriced: number
  readonly runs: CostSample
}

type Filter = Readonly<Record<string, string>>

/** Fields by which a snapshot tells its requests apart. */
const filterFields = ['provider', 'model', 'feature'] as const

/** The figures of the requests with these values. Throws a UserError for a field that snapshots do not know. */
export function viewOf(snapshot: Snapshot, filter: Filter): View {
  const fields = Object.keys(filter)
  const unknown = fields.find((field) => !(filterFields as readonly string[]).includes(field))
  if (unknown !== undefined)
    throw new UserError(`a snapshot does not tell requests apart by ${unknown}`, {
      hint: `check.assertions.where takes ${filterFields.join(', ')}; narrow the whole run with --where ${unknown}=…`,
    })
  const { totals, metrics, runs } = snapshot
  if (fields.length === 0)
    return { metrics, runs, requests: totals.requests, unpriced: totals.unpricedRequests }
  const groups = snapshot.groups.filter((group) =>
    filterFields.every((field) => !(field in filter) || group[field] === filter[field]),
  )
  return viewOfGroups(groups)
}

function viewOfGroups(groups: readonly SnapshotGroup[]): View {
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
