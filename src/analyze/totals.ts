import type { RequestSource } from '../domain/columns.ts'
import { SpendSum, usdOf } from '../domain/money.ts'
import { flag } from '../domain/row.ts'
import type { Calendar } from '../worlds/calendar.ts'
import { DifficultyCount } from './difficulty.ts'
import type { CostByClassUsd, Difficulty, Totals } from './result.ts'

const usageNames = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
] as const
export const costNames = [
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
] as const
const names = [
  'profile',
  'at',
  'flags',
  'price',
  'cost',
  'loggedCost',
  ...usageNames,
  ...costNames,
] as const

/** Sums of one calendar day. Costs are nano-dollars; a day's sum stays far below 2^53. */
export type DaySum = {
  readonly day: number
  requests: number
  errors: number
  cost: number
  inputTokens: number
  cacheReadTokens: number
  servedFromCache: number
}

export type Sums = {
  readonly totals: Omit<Totals, 'unpricedModels'>
  readonly totalCost: bigint
  readonly difficulty: Difficulty
  /** In calendar order; days without requests are there with zeros. */
  readonly days: readonly DaySum[]
  readonly from: number | null
  readonly to: number | null
  /** Unpriced requests by profile number. */
  readonly unpriced: ReadonlyMap<number, number>
}

/** One pass over everything that is simply added up. */
export function sumUp(source: RequestSource, calendar: Calendar): Sums {
  const work = new Summing(source, calendar)
  for (const segment of source.segments(names)) {
    for (let row = 0; row < segment.length; row++) work.add(segment, row)
  }
  return work.result()
}

type Columns = { readonly [Name in (typeof names)[number]]: Float64Array | Uint32Array }

class Summing {
  readonly #calendar: Calendar
  readonly #isError: readonly boolean[]
  readonly #usage = new Float64Array(usageNames.length)
  readonly #costs = costNames.map(() => new SpendSum())
  readonly #cost = new SpendSum()
  readonly #logged = new SpendSum()
  /** Of the requests that the log and the book both price. */
  readonly #compared = { logged: new SpendSum(), computed: new SpendSum() }
  readonly #days = new Map<number, DaySum>()
  readonly #unpriced = new Map<number, number>()
  readonly #difficulty = new DifficultyCount()
  readonly #counts = {
    errors: 0,
    unpriced: 0,
    estimated: 0,
    cached: 0,
    undated: 0,
    logged: 0,
    compared: 0,
  }
  readonly #isPricedByLog: readonly boolean[]
  #requests = 0
  #from = Number.POSITIVE_INFINITY
  #to = Number.NEGATIVE_INFINITY

  constructor(source: RequestSource, calendar: Calendar) {
    this.#calendar = calendar
    this.#isPricedByLog = source.prices.map((price) => price?.source === 'logged')
    this.#isError = source.profiles.map((profile) => profile.status !== 'ok')
  }

  add(columns: Columns, row: number): void {
    this.#requests++
    const cost = columns.cost[row] as number
    for (let index = 0; index < usageNames.length; index++) {
      const name = usageNames[index] as (typeof usageNames)[number]
      this.#usage[index] = (this.#usage[index] as number) + (columns[name][row] as number)
    }
    if (!Number.isNaN(cost)) this.#addCost(columns, row, cost)
    const profile = columns.profile[row] as number
    const flags = columns.flags[row] as number
    const failed = this.#isError[profile] === true
    if (failed) this.#counts.errors++
    if ((flags & flag.unpriced) !== 0) {
      this.#counts.unpriced++
      this.#unpriced.set(profile, (this.#unpriced.get(profile) ?? 0) + 1)
    }
    if ((flags & flag.estimated) !== 0) this.#counts.estimated++
    if ((flags & flag.servedFromCache) !== 0) this.#counts.cached++
    this.#difficulty.add(flags)
    this.#addLogged(columns.loggedCost[row] as number, cost, columns.price[row] as number)
    this.#addDay(columns, row, Number.isNaN(cost) ? 0 : cost, failed)
  }

  #addCost(columns: Columns, row: number, cost: number): void {
    this.#cost.add(cost)
    for (let index = 0; index < costNames.length; index++) {
      const name = costNames[index] as (typeof costNames)[number]
      const part = columns[name][row] as number
      if (!Number.isNaN(part)) this.#costs[index]?.add(part)
    }
  }

  /** What the log alone prices is not held against itself. */
  #addLogged(logged: number, cost: number, price: number): void {
    if (Number.isNaN(logged)) return
    this.#counts.logged++
    this.#logged.add(logged)
    if (Number.isNaN(cost) || this.#isPricedByLog[price] === true) return
    this.#counts.compared++
    this.#compared.logged.add(logged)
    this.#compared.computed.add(cost)
  }

  #addDay(columns: Columns, row: number, cost: number, failed: boolean): void {
    const at = columns.at[row] as number
    if (Number.isNaN(at)) {
      this.#counts.undated++
      return
    }
    if (at < this.#from) this.#from = at
    if (at > this.#to) this.#to = at
    const day = this.#dayAt(this.#calendar.dayOf(at))
    day.requests++
    if (failed) day.errors++
    day.cost += cost
    const read = columns.cacheReadTokens[row] as number
    day.cacheReadTokens += read
    day.inputTokens +=
      (columns.inputTokens[row] as number) +
      read +
      (columns.cacheWrite5mTokens[row] as number) +
      (columns.cacheWrite1hTokens[row] as number)
    if (((columns.flags[row] as number) & flag.servedFromCache) !== 0) day.servedFromCache++
  }

  #dayAt(day: number): DaySum {
    let sum = this.#days.get(day)
    if (sum === undefined) {
      sum = emptyDay(day)
      this.#days.set(day, sum)
    }
    return sum
  }

  result(): Sums {
    const requests = this.#requests
    const { errors, unpriced, estimated, cached, undated, logged, compared } = this.#counts
    const comparedUsd = (sum: SpendSum) => (compared === 0 ? null : usdOf(sum.total()))
    const share = (count: number) => (requests === 0 ? 0 : count / requests)
    const usage = Object.fromEntries(
      usageNames.map((name, index) => [name, this.#usage[index] ?? 0]),
    ) as {
      [Name in (typeof usageNames)[number]]: number
    }
    const dated = this.#from <= this.#to
    return {
      totals: {
        requests,
        attempts: requests,
        errors,
        ...usage,
        costUsd: usdOf(this.#cost.total()),
        costByClass: costByClassUsd(this.#costs.map((sum) => sum.total())),
        loggedCostUsd: logged === 0 ? null : usdOf(this.#logged.total()),
        loggedRequests: logged,
        comparedRequests: compared,
        comparedLoggedCostUsd: comparedUsd(this.#compared.logged),
        computedCostOfLoggedUsd: comparedUsd(this.#compared.computed),
        unpricedRequests: unpriced,
        unpricedShare: share(unpriced),
        estimatedRequests: estimated,
        estimatedShare: share(estimated),
        servedFromCacheRequests: cached,
        undatedRequests: undated,
      },
      totalCost: this.#cost.total(),
      difficulty: this.#difficulty.result(),
      days: everyDay(this.#days),
      from: dated ? this.#from : null,
      to: dated ? this.#to : null,
      unpriced: this.#unpriced,
    }
  }
}

export function costByClassUsd(sums: readonly (bigint | number)[]): CostByClassUsd {
  const [input = 0, cacheRead = 0, cacheWrite = 0, output = 0, tools = 0, other = 0] = sums.map(
    (sum) => usdOf(sum),
  )
  return { input, cacheRead, cacheWrite, output, tools, other }
}

const emptyDay = (day: number): DaySum => ({
  day,
  requests: 0,
  errors: 0,
  cost: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  servedFromCache: 0,
})

/** Gaps longer than this are not filled with empty days: the log then is no one period. */
const longestGapDays = 3660

function everyDay(days: ReadonlyMap<number, DaySum>): readonly DaySum[] {
  const known = [...days.values()].sort((a, b) => a.day - b.day)
  const first = known[0]?.day ?? 0
  const last = known[known.length - 1]?.day ?? -1
  if (last - first > longestGapDays) return known
  return Array.from(
    { length: last - first + 1 },
    (_, index) => days.get(first + index) ?? emptyDay(first + index),
  )
}
