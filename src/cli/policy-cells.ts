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
import { isSameModel } from '../prices/same-model.ts'
import type { PolicyRequest } from '../simulate/policy-calls.ts'
import type { RunCall } from '../simulate/routing-calls.ts'
import { wholeParts } from '../stats/shapley.ts'
import type { History } from '../worlds/history.ts'

type Cells = {
  readonly sums: CellSums
  readonly history: History
  readonly requests: readonly PolicyRequest[]
  readonly book: PriceBook
  readonly modelOf: (target: string) => Model
}
type Model = Pick<ProfileName, 'provider' | 'model'>

/** The cells of a policy: what each call of a simulation takes and costs, where a cache answers, what is billed beside. */
export function policyCells(
  history: History,
  requests: readonly PolicyRequest[],
  book: PriceBook,
): readonly SnapshotCell[] {
  const sums = new CellSums()
  const cells = { sums, history, requests, book, modelOf: modelNames(history) }
  for (const request of requests) addRequest(cells, request)
  return sums.cells()
}

/** Targets as the log spells them, so that a policy's requests stand beside those that went there already. */
function modelNames({ profiles }: History): (target: string) => Model {
  const known = new Map<string, Model>()
  return (target) => {
    const name = known.get(target) ?? nameIn(target)
    known.set(target, name)
    return name
  }
  function nameIn(target: string): Model {
    // Not find, which meets the numbers that no profile has.
    const [logged] = profiles.filter((profile) =>
      isSameModel(target, profile.provider, profile.model ?? ''),
    )
    const { provider = null, model } = logged ?? readTarget(target)
    return { provider, model }
  }
}

function addRequest(cells: Cells, { place, servedBy, calls, costNanoUsd }: PolicyRequest): void {
  const { sums, history } = cells
  const name = nameOfProfile(profileAt(history, place))
  const beside = calls.reduce((left, call) => left - (call.costNanoUsd ?? 0), costNanoUsd)
  if (calls.length === 0) {
    const answering = servedBy === null ? name : nameOfAnswer(cells, servedBy)
    const { feature } = name
    const cached = { ...answering, feature, failed: servedBy === null } as const
    sums.add({ ...cached, band: null, pricing: 'cache' }, noTokens, { ...noCosts, fees: beside })
    return
  }
  for (const [index, call] of calls.entries()) {
    const isAnswer = index === calls.length - 1
    addCall(cells, name, call, { isAnswer, fees: isAnswer ? beside : 0 })
  }
}

/** Whose answer a cache gives: the model that was asked for it. */
function nameOfAnswer({ history, requests, modelOf }: Cells, servedBy: number): ProfileName {
  const target = requests[servedBy]?.calls.at(-1)?.target ?? null
  const logged = nameOfProfile(profileAt(history, servedBy))
  return target === null ? logged : { ...logged, ...modelOf(target), terms: {} }
}

function addCall(
  { sums, history, book, modelOf }: Cells,
  logged: ProfileName,
  { place, target, usage, costNanoUsd }: RunCall,
  { isAnswer, fees }: { readonly isAnswer: boolean; readonly fees: number },
): void {
  const { columns, at } = history
  const named = target === null ? logged : { ...logged, ...modelOf(target), terms: {} }
  // Whose answer was rejected, or who failed and was stood in for, gave none; elsewhere nobody knows better than the log.
  const failed = !isAnswer || logged.failed
  const list = listPrice(named, usage, at[place] as number, book)
  const cost = costNanoUsd ?? 0
  const byTokens = Math.max(0, cost - orZero(columns.costTools[place]))
  const costs = splitCost(byTokens, list)
  const isCached = ((columns.flags[place] as number) & flag.servedFromCache) !== 0
  const isByClass = costNanoUsd !== null && !isCached && costs.whole === 0
  const otherwise = costNanoUsd === null ? 'unpriced' : isCached ? 'cache' : 'whole'
  sums.add(
    {
      ...named,
      failed,
      band: isByClass ? (list?.price.band ?? null) : null,
      pricing: isByClass ? 'tokens' : otherwise,
    },
    usage,
    { ...costs, fees: cost - byTokens + fees },
  )
}

const profileAt = ({ profiles, columns }: History, place: number): Profile =>
  profiles[columns.profile[place] as number] as Profile

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
