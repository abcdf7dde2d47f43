import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import type { Profile } from '../domain/row.ts'
import { quantiles } from '../stats/quantile.ts'
import { KeyIndex, NumberList } from './key-index.ts'
import { roundUsd, type Scale } from './opportunities.ts'
import type { AnalyzeOptions } from './options.ts'
import type { Alert, UnitEconomics } from './result.ts'
import { numbersOf } from './rules/exact-repeats.ts'
import { inTimeOrder } from './time-order.ts'

/** Cost of every user, with the plan they were last seen on. */
export type UserSums = {
  readonly count: number
  readonly cost: Float64Array
  readonly firstSeq: Float64Array
  readonly plan: Float64Array
  readonly planNames: readonly string[]
}

export function sumUsers(source: RequestSource): UserSums {
  const { names, plans } = numberPlans(source.profiles)
  const index = new KeyIndex()
  const lists = { cost: new NumberList(), firstSeq: new NumberList(), plan: new NumberList() }
  for (const { length, user, cost, seq, profile } of inTimeOrder(source, [
    'at',
    'seq',
    'user',
    'cost',
    'profile',
  ])) {
    for (let row = 0; row < length; row++) {
      if (Number.isNaN(user[row] as number)) continue
      const known = index.size
      const number = index.add(user[row] as number)
      if (number === known) lists.firstSeq.set(number, seq[row] as number)
      lists.cost.add(number, orZero(cost[row]))
      const plan = plans[profile[row] as number] ?? 0
      if (plan > 0) lists.plan.set(number, plan)
    }
  }
  const cut = (list: NumberList) => {
    list.set(index.size, 0)
    return list.values.subarray(0, index.size)
  }
  return {
    count: index.size,
    cost: cut(lists.cost),
    firstSeq: cut(lists.firstSeq),
    plan: cut(lists.plan),
    planNames: names,
  }
}

/** Plans numbered from 1, by profile; 0 is none. */
function numberPlans(profiles: readonly Profile[]): {
  names: readonly string[]
  plans: readonly number[]
} {
  const plans = numbersOf(profiles, (profile) => profile.plan)
  const names: string[] = []
  profiles.forEach(({ plan }, profile) => {
    if (plan !== null) names[(plans[profile] ?? 1) - 1] = plan
  })
  return { names, plans }
}

/** Cost of a user in a month beside what the plan brings in; null where the log names no plan. */
export function unitEconomicsOf(
  users: UserSums,
  options: AnalyzeOptions,
  { perMonth }: Scale,
): UnitEconomics | null {
  if (users.planNames.length === 0) return null
  const plans = users.planNames.map((plan, index) => {
    const costs = users.cost.filter((_, user) => users.plan[user] === index + 1)
    const price = options.planPrices.get(plan) ?? null
    const mean = costs.length === 0 ? 0 : costs.reduce((sum, cost) => sum + cost, 0) / costs.length
    const [p95 = 0] = costs.length === 0 ? [] : quantiles(costs.slice(), [0.95])
    const month = (nano: number) => roundUsd((nano / 1e9) * perMonth)
    return {
      plan,
      users: costs.length,
      priceUsd: price,
      costUsdPerUserMonth: month(mean),
      p95UsdPerUserMonth: month(p95),
      marginShare: price === null || price === 0 ? null : (price - month(mean)) / price,
      usersAbovePrice: price === null ? null : costs.filter((cost) => month(cost) > price).length,
    }
  })
  return { plans: plans.sort((a, b) => b.users - a.users || (a.plan < b.plan ? -1 : 1)) }
}

/** A user this many times dearer than the median one stands out (POLICY "alerts"). */
const timesMedian = 10
const shownUsers = 3
const leastUsers = 10

/** Users above --user-limit, and those ten times dearer than the median user. */
export function userAlerts(
  users: UserSums,
  lookup: RequestLookup,
  options: AnalyzeOptions,
  { perMonth }: Scale,
): readonly Alert[] {
  const nameOf = (user: number) => lookup.textOf(users.firstSeq[user] ?? 0, 'user') ?? ''
  const monthOf = (user: number) => roundUsd(((users.cost[user] ?? 0) / 1e9) * perMonth)
  const alerts: Alert[] = []
  const limit = options.userLimitUsd
  if (limit !== null) {
    const above = dearest(users, (user) => monthOf(user) > limit)
    if (above.length > 0) alerts.push(limitAlert(above, limit, nameOf, monthOf))
  }
  if (users.count < leastUsers) return alerts
  const [median = 0] = quantiles(users.cost.slice(), [0.5])
  const far =
    median <= 0 ? [] : dearest(users, (user) => (users.cost[user] ?? 0) > timesMedian * median)
  if (far.length > 0) {
    const [first = 0] = far
    alerts.push({
      kind: 'user-far-above-median',
      level: 'warn',
      message: `${far.length} of ${users.count} users ${far.length === 1 ? 'costs' : 'cost'} over ${timesMedian} times the median user ($${usdOf(median).toFixed(4)} in this log): ${far.slice(0, shownUsers).map(nameOf).join(', ')}`,
      at: null,
      value: usdOf(users.cost[first] ?? 0),
      limit: usdOf(median * timesMedian),
    })
  }
  return alerts
}

function limitAlert(
  above: readonly number[],
  limit: number,
  nameOf: (user: number) => string,
  monthOf: (user: number) => number,
): Alert {
  const named = above
    .slice(0, shownUsers)
    .map((user) => `${nameOf(user)} ($${monthOf(user).toFixed(2)})`)
  return {
    kind: 'user-above-limit',
    level: 'warn',
    message: `${above.length} ${above.length === 1 ? 'user costs' : 'users cost'} more than $${limit} a month: ${named.join(', ')}`,
    at: null,
    value: monthOf(above[0] ?? 0),
    limit,
  }
}

const dearest = (users: UserSums, isMeant: (user: number) => boolean): readonly number[] =>
  Array.from({ length: users.count }, (_, user) => user)
    .filter(isMeant)
    .sort((a, b) => (users.cost[b] ?? 0) - (users.cost[a] ?? 0) || a - b)
