import { quantiles } from '../stats/quantile.ts'
import { RecentlyUsed } from './recently-used.ts'

/** Nano-dollars. */
type UserCost = { cost: number }

/** Of more users those that asked last are known. */
const mostUsers = 100_000
/** Fewer users have no usual one. */
const leastUsers = 10

/** Spend of each user in one calendar month. */
export class UserMonth {
  /** "2026-08" */
  readonly month: string
  readonly #users = new RecentlyUsed<string, UserCost>(mostUsers, () => true)

  constructor(month: string) {
    this.month = month
  }

  add(user: string, costNanoUsd: number): UserCost {
    const known = this.#users.get(user) ?? { cost: 0 }
    known.cost += costNanoUsd
    this.#users.set(user, known)
    return known
  }

  /** Null where they are few. Looks at all of them. */
  medianCost(): number | null {
    const costs = Float64Array.from(this.#users.map((_, { cost }) => cost))
    return costs.length < leastUsers ? null : (quantiles(costs, [0.5])[0] ?? null)
  }

  list(): readonly (readonly [user: string, cost: number])[] {
    return this.#users.map((user, { cost }) => [user, cost] as const)
  }
}
