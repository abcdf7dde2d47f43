import {
  CellSums,
  nameOfProfile,
  noCosts,
  noTokens,
  type ProfileName,
} from '../check/cost-cells.ts'
import type { DearRequest } from '../check/diff.ts'
import type { CellCosts, SnapshotCell } from '../check/snapshot.ts'
import { orZero } from '../domain/columns.ts'
import type { PriceBook, PriceSource } from '../domain/price.ts'
import { flag, type Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import { readTarget } from '../prices/model-name.ts'
import type { PolicyRequest } from '../simulate/policy-calls.ts'
import type { RunCall } from '../simulate/routing-calls.ts'
import { wholeParts } from '../stats/shapley.ts'
import type { History } from '../worlds/history.ts'

/** The cells of a policy: what each call of a simulation takes and costs, where a cache answers, what is billed beside. */
export function policyCells(
  history: History,
  requests: readonly PolicyRequest[],
  book: PriceBook,
): readonly SnapshotCell[] {
  const sums = new CellSums()
  for (const request of requests) addRequest(sums, history, requests, request, book)
  return sums.cells()
}

function addRequest(
  sums: CellSums,
  history: History,
  requests: readonly PolicyRequest[],
  { place, servedBy, calls, costNanoUsd }: PolicyRequest,
  book: PriceBook,
): void {
  const name = nameOfProfile(profileAt(history, place))
  const beside = calls.reduce((left, call) => left - (call.costNanoUsd ?? 0), costNanoUsd)
  if (calls.length === 0) {
    const answering = servedBy === null ? name : nameOfAnswer(history, requests, servedBy)
    const { feature } = name
    const cached = { ...answering, feature, failed: servedBy === null } as const
    sums.add({ ...cached, band: null, pricing: 'cache' }, noTokens, { ...noCosts, fees: beside })
    return
  }
  for (const [index, call] of calls.entries()) {
    const isAnswer = index === calls.length - 1
    const fees = isAnswer ? beside : 0
    addCall(sums, history, name, call, { isAnswer, fees }, book)
  }
}

/** Whose answer a cache gives: the model that was asked for it. */
function nameOfAnswer(
  history: History,
  requests: readonly PolicyRequest[],
  servedBy: number,
): ProfileName {
  const target = requests[servedBy]?.calls.at(-1)?.target ?? null
  const logged = nameOfProfile(profileAt(history, servedBy))
  return target === null ? logged : { ...logged, ...modelOf(target), terms: {} }
}

function addCall(
  sums: CellSums,
  history: History,
  logged: ProfileName,
  { place, target, usage, costNanoUsd }: RunCall,
  { isAnswer, fees }: { readonly isAnswer: boolean; readonly fees: number },
  book: PriceBook,
): void {
  const { columns, at } = history
  const named = target === null ? logged : { ...logged, ...modelOf(target), terms: {} }
  // Whose answer was rejected, or who failed and was stood in for, gave none; elsewhere nobody knows better than the log.
  const failed = !isAnswer || logged.failed
  const isCached = ((columns.flags[place] as number) & flag.servedFromCache) !== 0
  const tools = orZero(columns.costTools[place])
  const list = listPrice(named, usage, at[place] as number, book)
  const cost = costNanoUsd ?? 0
  const costs = splitCost(Math.max(0, cost - tools), list)
  const isWhole = costs.whole !== 0
  const pricing = costNanoUsd === null ? 'unpriced' : isCached ? 'cache' : isWhole ? 'whole' : null
  sums.add(
    {
      ...named,
      failed,
      band: pricing === null ? (list?.price.band ?? null) : null,
      pricing: pricing ?? 'tokens',
    },
    usage,
    { ...costs, fees: cost - Math.max(0, cost - tools) + fees },
  )
}

const profileAt = ({ profiles, columns }: History, place: number): Profile =>
  profiles[columns.profile[place] as number] as Profile

function modelOf(target: string): Pick<ProfileName, 'provider' | 'model'> {
  const { provider = null, model } = readTarget(target)
  return { provider, model }
}

type Listed = { readonly price: PriceSource; readonly costs: Omit<CellCosts, 'fees'> }

/** What the price book lists for a call, class by class; null where it lists nothing. */
function listPrice(
  { provider, model, terms }: ProfileName,
  usage: Usage,
  at: number,
  book: PriceBook,
): Listed | null {
  const query = {
    model: model ?? '',
    ...(provider !== null && { provider }),
    ...(Number.isNaN(at) ? {} : { at }),
    ...terms,
  }
  const pricing = book.price(query, usage)
  if (pricing.kind === 'unpriced') return null
  const { input, cacheRead, cacheWrite, output } = pricing.cost
  const hour = usage.cacheWrite5mTokens === 0 ? cacheWrite : 0
  return {
    price: pricing.price,
    costs: {
      inputTokens: input,
      cacheReadTokens: cacheRead,
      cacheWrite5mTokens: cacheWrite - hour,
      cacheWrite1hTokens: hour,
      outputTokens: output,
      whole: 0,
    },
  }
}

/** What a call costs, over the classes in proportion to their list prices: discounts hold for all of them. */
function splitCost(cost: number, list: Listed | null): CellCosts {
  const names = Object.keys(noTokens) as (keyof typeof noTokens)[]
  const weights = names.map((name) => BigInt(list?.costs[name] ?? 0))
  const over = weights.reduce((sum, each) => sum + each, 0n)
  if (over <= 0n) return { ...noCosts, whole: cost }
  const parts = wholeParts({ parts: weights.map((each) => each * BigInt(cost)), over })
  const split = names.map((name, index) => [name, Number(parts[index])] as const)
  return { ...noCosts, ...Object.fromEntries(split) }
}

/** The requests on which two policies differ most, more and less, as the second one has them. */
export function differingRequests(
  history: History,
  from: readonly PolicyRequest[],
  to: readonly PolicyRequest[],
): readonly DearRequest[] {
  const differences = to.map(({ costNanoUsd }, place) => ({
    place,
    difference: costNanoUsd - (from[place]?.costNanoUsd ?? 0),
  }))
  const order = differences
    .filter(({ difference }) => difference !== 0)
    .sort((a, b) => b.difference - a.difference || a.place - b.place)
  const chosen = new Set([...order.slice(0, mostDiffering), ...order.slice(-mostDiffering)])
  return [...chosen].map(({ place }) => {
    const { provider, model, feature } = profileAt(history, place)
    const seq = history.seq[place] as number
    const at = history.columns.at[place] as number
    return {
      provider,
      model,
      feature,
      id: history.lookup.textOf(seq, 'id') ?? `seq:${seq}`,
      at: Number.isNaN(at) ? null : new Date(at).toISOString(),
      costNanoUsd: to[place]?.costNanoUsd ?? 0,
      otherNanoUsd: from[place]?.costNanoUsd ?? 0,
    }
  })
}

/** In either direction; a report shows fewer. */
const mostDiffering = 20
