import type { History } from '../worlds/history.ts'
import { usageAt } from '../worlds/model-costs.ts'
import type { BeyondCache } from './beyond-cache.ts'
import { prepareCache } from './cache-inputs.ts'
import { served } from './cache-run.ts'
import { LayerRuns } from './layer-runs.ts'
import type { SimulateOptions } from './options.ts'
import { requestCosts } from './request-costs.ts'
import type { RunCall } from './routing-calls.ts'

/** What a policy does with one request of a history. */
export type PolicyRequest = {
  readonly place: number
  /** The request whose answer a cache of the policy gave, or that it waited for; null: models were asked, or nobody. */
  readonly servedBy: number | null
  /** In order; the last one gives the answer. */
  readonly calls: readonly RunCall[]
  /** Nano-dollars of all of it: calls, classifiers, look-ups. They add up to what `simulate` says the policy costs. */
  readonly costNanoUsd: number
}

/** Runs a policy over a history and tells what becomes of each request, in order. */
export function policyRequests(
  history: History,
  beyond: BeyondCache,
  options: Omit<SimulateOptions, 'grid' | 'limits'>,
): readonly PolicyRequest[] {
  const { compiled, questions, found } = options
  const semantic = { questions, neighbours: found?.neighbours ?? null }
  const prepared = prepareCache(history, semantic, compiled, options.rules)
  const run = new LayerRuns(prepared.inputs, compiled.policy.cache.semantic.threshold).whole()
  const calls = Array.from({ length: history.count }, (): RunCall[] => [])
  beyond.eachCall(run, (call) => calls[call.place]?.push(call))
  const costs = requestCosts(
    { beyond, prepared, options: { ...options, grid: [], limits: null } },
    run,
  )
  return calls.map((each, place) => ({
    place,
    servedBy: isServed(run.by[place]) ? (run.owner[place] as number) : null,
    calls: each,
    costNanoUsd: costs[place] as number,
  }))
}

const isServed = (by: number | undefined): boolean => by !== served.model && by !== served.nobody

/** The requests of a history as they were paid for. */
export function loggedRequests({ columns, count }: History): readonly PolicyRequest[] {
  return Array.from({ length: count }, (_, place) => {
    const cost = columns.cost[place] as number
    const costNanoUsd = Number.isNaN(cost) ? null : cost
    const call = { place, target: null, usage: usageAt(columns, place), costNanoUsd }
    return { place, servedBy: null, calls: [call], costNanoUsd: costNanoUsd ?? 0 }
  })
}
