import { orZero, type RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import type { LoggedAggregate } from './options.ts'
import type { AggregateTotal } from './result.ts'

/** A provider's console export, summed by source and model: to reconcile with, never part of the totals. */
export function aggregateTotals(
  rows: readonly LoggedAggregate[],
  source: RequestSource,
): readonly AggregateTotal[] {
  if (rows.length === 0) return []
  const groups = new Map<string, LoggedAggregate[]>()
  for (const row of rows) {
    const name = JSON.stringify([row.source, row.model])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  const costOfRequests = requestCosts(source)
  return [...groups.values()]
    .map((group) => totalOf(group, costOfRequests))
    .sort((a, b) => (a.source + a.model < b.source + b.model ? -1 : 1))
}

type CostBetween = (model: string, from: number, to: number) => number | null

const dayMs = 86_400_000

/** What the logged requests of a model cost between two moments, in nano-dollars; null where there are none. */
function requestCosts(source: RequestSource): CostBetween {
  const known = new Map<string, { at: number; cost: number }[]>()
  for (const { length, profile, at, cost } of source.segments(['profile', 'at', 'cost'])) {
    for (let row = 0; row < length; row++) {
      const model = source.profiles[profile[row] as number]?.model ?? ''
      const list = known.get(model) ?? []
      list.push({ at: at[row] as number, cost: orZero(cost[row]) })
      known.set(model, list)
    }
  }
  return (model, from, to) => {
    const within = (known.get(model) ?? []).filter(({ at }) => at >= from && at < to)
    return within.length === 0 ? null : within.reduce((sum, { cost }) => sum + cost, 0)
  }
}

function totalOf(rows: readonly LoggedAggregate[], costOfRequests: CostBetween): AggregateTotal {
  const [first] = rows
  const times = rows.flatMap(({ at }) => (at === null ? [] : [at]))
  const costs = rows.flatMap(({ costNanoUsd }) => (costNanoUsd === null ? [] : [costNanoUsd]))
  const sum = (amountOf: (row: LoggedAggregate) => number) =>
    rows.reduce((total, row) => total + amountOf(row), 0)
  const requests = sum((row) => row.requests)
  const from = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const to = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const logged = times.length === 0 ? null : costOfRequests(first?.model ?? '', from, to + dayMs)
  const iso = (time: number) => new Date(time).toISOString()
  return {
    source: first?.source ?? '',
    model: first?.model ?? '',
    from: times.length === 0 ? null : iso(from),
    to: times.length === 0 ? null : iso(to),
    requests: requests === 0 ? null : requests,
    inputTokens: sum(({ usage }) => usage?.inputTokens ?? 0),
    cacheReadTokens: sum(({ usage }) => usage?.cacheReadTokens ?? 0),
    outputTokens: sum(({ usage }) => usage?.outputTokens ?? 0),
    costUsd: costs.length === 0 ? null : usdOf(costs.reduce((a, b) => a + b, 0)),
    requestsCostUsd: logged === null ? null : usdOf(logged),
  }
}
