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
import { limitsOf } from './limits.ts'
import { lookUpSpend, lookUps } from './look-up-spend.ts'
import type { SimulateOptions } from './options.ts'
import { periodOf, projectedMonth, projectedSavings } from './period.ts'
import { requestCosts } from './request-costs.ts'
import type { Beside, SimulateResult } from './result.ts'
import { allLayers, alone, spendUnder, waterfall } from './savings-by-layer.ts'
import { selfHostedLines } from './self-hosting.ts'
import { servedPairs } from './served-pairs.ts'
import { loggedLatency, policyLatency } from './simulate-latency.ts'
import { historyWarnings, policyWarnings, sweepWarnings } from './simulate-warnings.ts'
import type { Simulation } from './simulation.ts'
import { loggedCost, loggedSpend, usd } from './spend.ts'
import { openStated } from './stated-verdicts.ts'
import { sweep } from './sweep.ts'

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
  const head = headOf(simulation)
  const { warnings, ...result } = resultOf(simulation, runs.whole())
  return { ...head, ...result, warnings: [...head.warnings, ...warnings] }
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

function headOf(simulation: Simulation): Head {
  const { history, options } = simulation
  return {
    kind: 'simulate',
    version: 1,
    generatedAt: new Date(options.now).toISOString(),
    inputs: options.inputs,
    fingerprints: options.fingerprints,
    warnings: [
      ...options.warnings,
      ...historyWarnings(history),
      ...policyWarnings(options),
      ...sweepWarnings(simulation),
    ],
    period: periodOf(history, options.zone),
    policyText: options.policyText,
  }
}

type Found = Omit<SimulateResult, keyof Head> & Pick<SimulateResult, 'warnings'>

function resultOf(simulation: Simulation, run: CacheRun): Found {
  const { history, options, prepared, judge, beyond } = simulation
  const { name, spendNanoUsd: baseline } = options.baseline
  const spend = spendUnder(simulation, new Set(allLayers))
  const avoided = run.exactHits + run.semanticHits + run.coalesced
  const behind = beyond.report(run)
  const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
  const costs = requestCosts(simulation, run)
  // Only of the log itself is it known what each day cost.
  const isAsLogged = baseline === loggedSpend(history)
  return {
    baseline: {
      name,
      requests: history.count,
      costUsd: usd(baseline),
      unpricedRequests: unpriced(history),
      latencyMs: loggedLatency(history),
      projection: isAsLogged
        ? projectedMonth(history, (place) => loggedCost(history, place), options.zone)
        : null,
    },
    policy: {
      requests: history.count,
      costUsd: usd(spend),
      calls: behind.calls,
      avoidedCalls: avoided,
      unmeasuredRequests: behind.unmeasuredRequests,
      ...policyLatency(history, run, beyond.latencies(run)),
      projection: projectedMonth(history, (place) => costs[place] as number, options.zone),
    },
    savings: {
      costUsd: usd(baseline - spend),
      share: baseline === 0n ? null : Number(baseline - spend) / Number(baseline),
      projectedUsdPerMonth: isAsLogged ? projectedSavings(history, costs, options.zone) : null,
    },
    layers: {
      ...cacheLayersOf(simulation, run, judged),
      ...behind.layers,
      selfHosted: selfHostedLines(simulation, run, costs),
    },
    limits: options.limits === null ? null : limitsOf(simulation, run, options.limits),
    bypasses: countBypasses(prepared.bypasses),
    waterfall: waterfall(simulation, baseline),
    alone: alone(simulation),
    ...sweep(simulation),
    warnings: behind.warnings,
    frontier: behind.frontier,
    routingMetrics: behind.routingMetrics,
    quality: behind.quality,
    groups: groupsOf(history, run, costs),
    pairs: servedPairs(history, options.questions, run, judged),
    beside: [],
    priceBook: options.priceBook,
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

function savingBy(history: History, run: CacheRun, by: number): number {
  let sum = 0n
  for (let place = 0; place < history.count; place++)
    if (run.by[place] === by) sum += BigInt(loggedCost(history, place))
  return usd(sum)
}
