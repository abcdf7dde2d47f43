import { SpendSum, usdOf } from '../domain/money.ts'
import type { BudgetAction, Receipt } from '../domain/receipt.ts'
import type { Policy } from '../policy/policy.ts'
import { guardsLoops } from '../worlds/loop-traces.ts'
import type { PreparedCache } from './cache-inputs.ts'
import { type CacheRun, openCacheRunner } from './cache-run.ts'
import { requestCosts } from './request-costs.ts'
import type { Limits } from './result-parts.ts'
import { served } from './served.ts'
import type { Simulation } from './simulation.ts'

/** What budgets and the loop guard said to each request of a history. */
export type LimitWords = {
  /** By place, a number of `wordOf`. */
  readonly words: Uint8Array
  readonly budgets: Limits['budgets']
}

const wordOf = { pass: 0, alert: 1, downgrade: 2, block: 3 } as const

export const hasLimits = ({ budgets, loopGuard }: Policy): boolean =>
  budgets.length > 0 || loopGuard.maxNanoUsd !== null || guardsLoops(loopGuard)

type Counts = { -readonly [Key in keyof Limits['budgets'][number]]: Limits['budgets'][number][Key] }

/** Collects what `decide` wrote into the receipts of a history. */
export class LimitCollector {
  readonly #words: Uint8Array
  readonly #budgets = new Map<string, Counts>()

  constructor(count: number) {
    this.#words = new Uint8Array(count)
  }

  note({ steps }: Receipt, place: number): void {
    const [first] = steps
    if (first?.kind !== 'budget') return
    const { budget, action } = first
    this.#words[place] = wordOf[action]
    const counts = this.#budgets.get(budget) ?? { budget, refused: 0, downgraded: 0, alerted: 0 }
    this.#budgets.set(budget, counts)
    counts[countOf[action]]++
  }

  /** The budgets that spoke, those that stopped most first. */
  words(): LimitWords {
    const budgets = [...this.#budgets.values()].sort(
      (a, b) =>
        b.refused - a.refused ||
        b.downgraded - a.downgraded ||
        b.alerted - a.alerted ||
        (a.budget < b.budget ? -1 : 1),
    )
    return { words: this.#words, budgets }
  }
}

const countOf = {
  alert: 'alerted',
  downgrade: 'downgraded',
  block: 'refused',
} as const satisfies Record<BudgetAction, string>

/** What a policy's limits change in what it costs: the same simulation, without the requests that they refuse. */
export function limitsOf(
  simulation: Pick<Simulation, 'beyond' | 'prepared' | 'options'>,
  whole: CacheRun,
  limits: LimitWords,
): Limits {
  const { words, budgets } = limits
  const prepared = limitedCache(simulation.prepared, words)
  const before = requestCosts(simulation, whole)
  const after = requestCosts({ ...simulation, prepared }, limitedRun(prepared, words, whole))
  const total = new SpendSum()
  const less = { refused: new SpendSum(), downgraded: new SpendSum(), others: new SpendSum() }
  const requests = { alerted: 0, downgraded: 0, refused: 0 }
  for (const [place, word] of words.entries()) {
    const cost = after[place] as number
    total.add(cost)
    const fate = word === wordOf.block ? 'refused' : word === wordOf.downgrade ? 'downgraded' : null
    less[fate ?? 'others'].add((before[place] as number) - cost)
    if (word !== wordOf.pass) requests[fate ?? 'alerted']++
  }
  return {
    budgets,
    refusedRequests: requests.refused,
    downgradedRequests: requests.downgraded,
    alertedRequests: requests.alerted,
    costUsd: usdOf(total.total()),
    refusedUsd: usdOf(less.refused.total()),
    downgradedUsd: usdOf(less.downgraded.total()),
    othersUsd: usdOf(less.others.total()),
  }
}

/** A refused request meets no cache and leaves nothing in one. */
function limitedCache(prepared: PreparedCache, words: Uint8Array): PreparedCache {
  const admitted = (slots: Int32Array) =>
    slots.map((slot, place) => (words[place] === wordOf.block ? -1 : slot))
  const { inputs } = prepared
  return {
    ...prepared,
    inputs: {
      ...inputs,
      exactSlot: admitted(inputs.exactSlot),
      semanticSlot: admitted(inputs.semanticSlot),
      flightSlot: admitted(inputs.flightSlot),
    },
  }
}

function limitedRun(
  { inputs }: PreparedCache,
  words: Uint8Array,
  { threshold }: CacheRun,
): CacheRun {
  const run = openCacheRunner(inputs).run(threshold)
  return {
    ...run,
    by: run.by.map((by, place) => (words[place] === wordOf.block ? served.nobody : by)),
    downgraded: words.map((word) => (word === wordOf.downgrade ? 1 : 0)),
  }
}
