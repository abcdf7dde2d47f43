import { SpendSum, usdOf } from '../domain/money.ts'
import type { History } from '../worlds/history.ts'
import { type CacheOutcome, type CacheRun, served } from './cache-run.ts'

/** Nano-dollars of a request as logged; 0 where it has no price. */
export const loggedCost = ({ columns }: History, place: number): number => {
  const cost = columns.cost[place] as number
  return Number.isNaN(cost) ? 0 : cost
}

/** What the log cost. */
export function loggedSpend(history: History): bigint {
  const sum = new SpendSum()
  for (let place = 0; place < history.count; place++) sum.add(loggedCost(history, place))
  return sum.total()
}

/** What the requests cost that a run did not serve. */
export function spendOf(history: History, run: CacheOutcome): bigint {
  const sum = new SpendSum()
  for (let place = 0; place < history.count; place++)
    if (run.by[place] === served.model) sum.add(loggedCost(history, place))
  return sum.total()
}

/** What a run avoids, by how it served; nano-dollars. */
export function avoidedSpend(history: History, run: CacheRun, by: number): bigint {
  const sum = new SpendSum()
  for (let place = 0; place < history.count; place++)
    if (run.by[place] === by) sum.add(loggedCost(history, place))
  return sum.total()
}

export const usd = (amount: bigint): number => usdOf(amount)
