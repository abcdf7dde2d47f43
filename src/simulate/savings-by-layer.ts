import { usdOf } from '../domain/money.ts'
import { layersBeyond } from './beyond-cache.ts'
import type { CacheOutcome } from './cache-run.ts'
import { cacheLayers } from './layer-runs.ts'
import { lookUpSpend, lookUps } from './look-up-spend.ts'
import type { LayerSaving } from './result.ts'
import type { Simulation } from './simulation.ts'
import { loggedSpend, spendOf } from './spend.ts'

/** In engine order. */
export const allLayers = [...cacheLayers, ...layersBeyond]

/**
 * What a set of layers costs, look-ups included. A request that a cache serves leaves no prefix behind at its provider:
 * what that costs the next ones is the cache's doing.
 */
export function spendUnder(
  { runs, beyond, options, prepared }: Simulation,
  layers: ReadonlySet<string>,
): bigint {
  const run = runs.with(layers)
  const embedding = layers.has('semantic')
    ? (lookUpSpend(options, lookUps(prepared.inputs, run)) ?? 0n)
    : 0n
  return beyond.spendOf(run, layers) + embedding
}

/**
 * Longer logs with prompt caches or routes would take minutes: there a threshold's savings are those of the cache, as
 * they are in any log where nothing behind it changes a cost.
 */
const longSweep = 5000

/** What a run of all layers costs at another threshold. */
export function spendAt(simulation: Simulation, run: CacheOutcome): bigint {
  const { history, beyond, options, prepared } = simulation
  if (beyond.isPlain || history.count > longSweep) return cacheSpendAt(simulation, run)
  const spend = beyond.spendOf(run, new Set(layersBeyond))
  return spend + (lookUpSpend(options, lookUps(prepared.inputs, run)) ?? 0n)
}

/** The same of the response cache alone. */
export const cacheSpendAt = (
  { history, options, prepared }: Simulation,
  run: CacheOutcome,
): bigint => spendOf(history, run) + (lookUpSpend(options, lookUps(prepared.inputs, run)) ?? 0n)

/** Layer after layer, each with what it saves behind those before it: the parts add up to the whole. */
export function waterfall(simulation: Simulation, baseline: bigint): readonly LayerSaving[] {
  const layers = new Set<string>()
  const logged = loggedSpend(simulation.history)
  const first =
    logged === baseline ? [] : [{ layer: 'models of the log', savingUsd: usdOf(baseline - logged) }]
  let before = logged
  const others = allLayers.map((layer) => {
    layers.add(layer)
    const after = spendUnder(simulation, layers)
    const saving = before - after
    before = after
    return { layer, savingUsd: usdOf(saving) }
  })
  return [...first, ...others]
}

export const alone = (simulation: Simulation): readonly LayerSaving[] =>
  allLayers.map((layer) => ({
    layer,
    savingUsd: usdOf(loggedSpend(simulation.history) - spendUnder(simulation, new Set([layer]))),
  }))
