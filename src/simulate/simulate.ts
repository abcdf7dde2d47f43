import { usdOf } from '../domain/money.ts'
import type { History } from '../worlds/history.ts'
import { type BeyondCache, layersBeyond } from './beyond-cache.ts'
import { type PreparedCache, prepareCache } from './cache-inputs.ts'
import { exactLayer, semanticLayer } from './cache-layers.ts'
import { type CacheRun, served } from './cache-run.ts'
import { certifyThreshold } from './certify-threshold.ts'
import { cacheableIn, countBypasses } from './count-bypasses.ts'
import { groupsOf } from './groups.ts'
import { hitQuality } from './hit-quality.ts'
import { type Judge, type JudgedHit, judgeHits, openJudge } from './judge-hits.ts'
import { type LabelSample, openLabelSample } from './label-sample.ts'
import { cacheLayers, LayerRuns } from './layer-runs.ts'
import type { SimulateOptions } from './options.ts'
import { periodOf, projectedSavings } from './period.ts'
import type { Beside, Certified, LayerSaving, SimulateResult, SweepPoint } from './result.ts'
import { servedPairs } from './served-pairs.ts'
import { loggedLatency, policyLatency } from './simulate-latency.ts'
import { loggedCost, loggedSpend, spendOf, usd } from './spend.ts'
import { openStated } from './stated-verdicts.ts'

/** Everything that the parts of one simulation share. */
type Simulation = {
  readonly history: History
  readonly options: SimulateOptions
  readonly prepared: PreparedCache
  readonly runs: LayerRuns
  readonly judge: Judge
  readonly sample: LabelSample
  readonly beyond: BeyondCache
}

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
  const judge = openJudge(history, similarity, stated)
  const sample = openLabelSample(history, stated)
  const simulation = { history, options, prepared, runs, judge, sample, beyond }
  return { ...headOf(simulation), ...resultOf(simulation, runs.whole()) }
}

/** A policy in one line, beside another one: what its caches serve and what all of it saves. */
export function simulateBeside(
  name: string,
  history: History,
  beyond: BeyondCache,
  { compiled, questions, found, rules, baseline }: BesideOptions,
): Beside {
  const semantic = { questions, neighbours: found?.neighbours ?? null }
  const { inputs, bypasses } = prepareCache(history, semantic, compiled, rules)
  const run = new LayerRuns(inputs, compiled.policy.cache.semantic.threshold).whole()
  const spend = beyond.spendOf(run, new Set(layersBeyond)) + embeddingSpend({ found })
  const hits = run.exactHits + run.semanticHits + run.coalesced
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
  'compiled' | 'questions' | 'found' | 'rules' | 'baseline'
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
  warnings: [...options.warnings, ...historyWarnings(history)],
  period: periodOf(history, options.zone),
  policyText: options.policyText,
})

function historyWarnings(history: History): SimulateResult['warnings'] {
  const { hasTimes, withoutLatency, count } = history
  return [
    ...(hasTimes || count === 0
      ? []
      : [
          {
            code: 'no-times',
            message:
              'no request has a time: all count as of one moment, in the order they were read',
            count,
          },
        ]),
    ...(withoutLatency > 0
      ? [
          {
            code: 'no-latency',
            message: 'requests without a latency count as answered at once',
            count: withoutLatency,
          },
        ]
      : []),
  ]
}

function resultOf(simulation: Simulation, run: CacheRun): Omit<SimulateResult, keyof Head> {
  const { history, options, prepared, judge, beyond } = simulation
  const { name, spendNanoUsd: baseline } = options.baseline
  const spend = beyond.spendOf(run, new Set(layersBeyond)) + embeddingSpend(options)
  const avoided = run.exactHits + run.semanticHits + run.coalesced
  const behind = beyond.report(run)
  const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
  const costs = beyond.costs(run)
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
      calls: history.count - avoided,
      avoidedCalls: avoided,
      unmeasuredRequests: behind.unmeasuredRequests,
      latencyMs: policyLatency(history, run),
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
  { history, options, prepared, runs, judge }: Simulation,
  run: CacheRun,
  judged: readonly JudgedHit[],
): Pick<SimulateResult['layers'], 'exact' | 'coalesced' | 'semantic'> {
  const exactOnly = runs.with(new Set(['exact']))
  return {
    exact: exactLayer(history, prepared, run, options),
    coalesced: { requests: run.coalesced, savingUsd: savingBy(history, run, served.coalesced) },
    semantic: semanticLayer(history, prepared, run, judged, exactOnly, judge, options),
  }
}

const unpriced = ({ columns }: History): number =>
  columns.cost.reduce((sum, cost) => sum + (Number.isNaN(cost) ? 1 : 0), 0)

const embeddingSpend = ({ found }: Pick<SimulateOptions, 'found'>): bigint =>
  BigInt(found?.costNanoUsd ?? 0)

function savingBy(history: History, run: CacheRun, by: number): number {
  let sum = 0n
  for (let place = 0; place < history.count; place++)
    if (run.by[place] === by) sum += BigInt(loggedCost(history, place))
  return usd(sum)
}

const allLayers = [...cacheLayers, ...layersBeyond]

/**
 * What a set of layers costs, the log's vectors included where they are asked for. A request that a cache serves leaves
 * no prefix behind at its provider: what that costs the next ones is the cache's doing.
 */
function spendUnder({ runs, beyond, options }: Simulation, layers: ReadonlySet<string>): bigint {
  const embedding = layers.has('semantic') ? embeddingSpend(options) : 0n
  return beyond.spendOf(runs.with(layers), layers) + embedding
}

/** Layer after layer, each with what it saves behind those before it: the parts add up to the whole. */
function waterfall(simulation: Simulation, baseline: bigint): readonly LayerSaving[] {
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

const alone = (simulation: Simulation): readonly LayerSaving[] =>
  allLayers.map((layer) => ({
    layer,
    savingUsd: usdOf(loggedSpend(simulation.history) - spendUnder(simulation, new Set([layer]))),
  }))

/** The policy at every threshold of the grid. */
function sweep(simulation: Simulation): readonly SweepPoint[] {
  const { history, options, prepared, runs, judge } = simulation
  if (options.found === null || !options.compiled.policy.cache.semantic.on) return []
  const cacheable = cacheableIn(prepared.bypasses, 'semantic')
  const baseline = options.baseline.spendNanoUsd
  return options.grid.map((threshold) => {
    const run = runs.whole(threshold)
    const judged = judgeHits(history, run, 'semantic', judge, 'pairs')
    const quality = hitQuality(judged, run.semanticHits, history.count)
    return {
      threshold,
      hits: run.semanticHits,
      hitRate: cacheable === 0 ? null : run.semanticHits / cacheable,
      wrongHits: quality.wrongHits,
      wrongPerHit: quality.wrongPerHit,
      interval: quality.interval,
      savingsUsd: usd(baseline - spendOf(history, run) - embeddingSpend(options)),
    }
  })
}

function certified({ history, options, runs, sample }: Simulation): Certified {
  const { limit, grid, found } = options
  if (limit === null || found === null) {
    return {
      threshold: null,
      alpha: null,
      confidence: null,
      labels: 0,
      errors: 0,
      labelsNeeded: null,
      advice:
        'nothing was to be certified: --max-wrong-hits 1% --confidence 95% finds the threshold that keeps it',
    }
  }
  const all = grid.map((threshold) => runs.whole(threshold))
  const savingOf = (run: CacheRun) => -Number(spendOf(history, run))
  return certifyThreshold(all, sample, savingOf, limit)
}
