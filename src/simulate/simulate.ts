import type { History } from '../worlds/history.ts'
import { type BeyondCache, layersBeyond } from './beyond-cache.ts'
import { prepareCache } from './cache-inputs.ts'
import { exactLayer, semanticLayer } from './cache-layers.ts'
import { type CacheRun, served } from './cache-run.ts'
import { cacheableIn, countBypasses } from './count-bypasses.ts'
import { groupsOf } from './groups.ts'
import { type JudgedHit, judgeHits, openJudge } from './judge-hits.ts'
import { openLabelSamples } from './label-sample.ts'
import { LayerRuns } from './layer-runs.ts'
import { isLookUp, lookUpSpend, lookUps } from './look-up-spend.ts'
import type { SimulateOptions } from './options.ts'
import { periodOf, projectedSavings } from './period.ts'
import type { Beside, SimulateResult } from './result.ts'
import { allLayers, alone, spendUnder, waterfall } from './savings-by-layer.ts'
import { servedPairs } from './served-pairs.ts'
import { loggedLatency, policyLatency } from './simulate-latency.ts'
import { historyWarnings, policyWarnings } from './simulate-warnings.ts'
import type { Simulation } from './simulation.ts'
import { loggedCost, loggedSpend, usd } from './spend.ts'
import { openStated } from './stated-verdicts.ts'
import { certified, sweep } from './sweep.ts'

/** What a policy would have cost on a log, layer by layer, and what its cached answers were worth. */
export function simulate(
  history: History,
  beyond: BeyondCache,
  options: SimulateOptions,
): SimulateResult {
  const { compiled, questions, found, similarity } = options
  const semantic = { questions, neighbours: found?.neighbours ?? null }
  const prepared = prepareCache(history, semantic, compiled, options.rules)
  const runs = new LayerRuns(prepared.inputs, compiled.policy.cache.semantic.threshold)
  const stated = openStated(history, options.verdicts ?? null)
  const judge = openJudge(history, similarity, stated, options.judging)
  const samples = openLabelSamples(history, stated)
  const simulation = { history, options, prepared, runs, judge, samples, beyond }
  return { ...headOf(simulation), ...resultOf(simulation, runs.whole()) }
}

/** A policy in one line, beside another one: what its caches serve and what all of it saves. */
export function simulateBeside(
  name: string,
  history: History,
  beyond: BeyondCache,
  { compiled, questions, found, embedCostOf, rules, baseline }: BesideOptions,
): Beside {
  const semantic = { questions, neighbours: found?.neighbours ?? null }
  const { inputs, bypasses } = prepareCache(history, semantic, compiled, rules)
  const run = new LayerRuns(inputs, compiled.policy.cache.semantic.threshold).whole()
  const embedding = lookUpSpend({ found, embedCostOf }, lookUps(inputs, run)) ?? 0n
  const spend = beyond.spendOf(run, new Set(layersBeyond)) + embedding
  const hits = run.exactHits + run.semanticHits
  const cacheable = Math.max(cacheableIn(bypasses, 'exact'), cacheableIn(bypasses, 'semantic'))
  return {
    name,
    hits,
    hitRate: cacheable === 0 ? null : hits / cacheable,
    savingUsd: usd(baseline.spendNanoUsd - spend),
    note: null,
  }
}

type BesideOptions = Pick<
  SimulateOptions,
  'compiled' | 'questions' | 'found' | 'embedCostOf' | 'rules' | 'baseline'
>

type Head = Pick<
  SimulateResult,
  | 'kind'
  | 'version'
  | 'generatedAt'
  | 'inputs'
  | 'fingerprints'
  | 'warnings'
  | 'period'
  | 'policyText'
>

const headOf = ({ history, options }: Simulation): Head => ({
  kind: 'simulate',
  version: 1,
  generatedAt: new Date(options.now).toISOString(),
  inputs: options.inputs,
  fingerprints: options.fingerprints,
  warnings: [...options.warnings, ...historyWarnings(history), ...policyWarnings(options)],
  period: periodOf(history, options.zone),
  policyText: options.policyText,
})

function resultOf(simulation: Simulation, run: CacheRun): Omit<SimulateResult, keyof Head> {
  const { history, options, prepared, judge, beyond } = simulation
  const { name, spendNanoUsd: baseline } = options.baseline
  const spend = spendUnder(simulation, new Set(allLayers))
  const avoided = run.exactHits + run.semanticHits + run.coalesced
  const behind = beyond.report(run)
  const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
  const costs = costsWithLookUps(simulation, run)
  return {
    baseline: {
      name,
      requests: history.count,
      costUsd: usd(baseline),
      unpricedRequests: unpriced(history),
      latencyMs: loggedLatency(history),
    },
    policy: {
      requests: history.count,
      costUsd: usd(spend),
      calls: history.count - avoided + behind.layers.routing.escalations,
      avoidedCalls: avoided,
      unmeasuredRequests: behind.unmeasuredRequests,
      // How long other models take is modelled for receipts alone.
      latencyMs: behind.layers.routing.on ? unmeasured : policyLatency(history, run),
    },
    savings: {
      costUsd: usd(baseline - spend),
      share: baseline === 0n ? null : Number(baseline - spend) / Number(baseline),
      // Only of the log itself is it known what each day cost.
      projectedUsdPerMonth:
        baseline === loggedSpend(history) ? projectedSavings(history, costs, options.zone) : null,
    },
    layers: { ...cacheLayersOf(simulation, run, judged), ...behind.layers },
    bypasses: countBypasses(prepared.bypasses),
    waterfall: waterfall(simulation, baseline),
    alone: alone(simulation),
    sweep: sweep(simulation),
    certified: certified(simulation),
    frontier: behind.frontier,
    routingMetrics: behind.routingMetrics,
    quality: behind.quality,
    groups: groupsOf(history, run, costs),
    pairs: servedPairs(history, options.questions, run, judged),
    beside: [],
  }
}

/** The layers of the response cache. */
function cacheLayersOf(
  { history, options, prepared, judge, samples }: Simulation,
  run: CacheRun,
  judged: readonly JudgedHit[],
): Pick<SimulateResult['layers'], 'exact' | 'coalesced' | 'semantic'> {
  return {
    exact: exactLayer(history, prepared, run, options),
    coalesced: { requests: run.coalesced, savingUsd: savingBy(history, run, served.coalesced) },
    semantic: semanticLayer(history, prepared, run, judged, samples.later, judge, options),
  }
}

const unpriced = ({ columns }: History): number =>
  columns.cost.reduce((sum, cost) => sum + (Number.isNaN(cost) ? 1 : 0), 0)

const unmeasured = { p50: null, p95: null }

/** What each request costs, its look-up included where somebody bills for it. */
function costsWithLookUps({ beyond, prepared, options }: Simulation, run: CacheRun): Float64Array {
  const { semanticSlot } = prepared.inputs
  const count = lookUps(prepared.inputs, run)
  const all = Number(lookUpSpend(options, count) ?? 0n)
  if (all === 0) return beyond.costs(run)
  const each = Math.floor(all / count)
  let left = all
  return beyond.costs(run).map((cost, place) => {
    if (!isLookUp(semanticSlot, run, place)) return cost
    // The last of them takes what does not divide.
    const share = left - each < each ? left : each
    left -= share
    return cost + share
  })
}

function savingBy(history: History, run: CacheRun, by: number): number {
  let sum = 0n
  for (let place = 0; place < history.count; place++)
    if (run.by[place] === by) sum += BigInt(loggedCost(history, place))
  return usd(sum)
}
