import { usdOf } from '../domain/money.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import type { Tier } from '../policy/routing.ts'
import type { History } from '../worlds/history.ts'
import { type HistoryPrefix, openHistoryPrefix } from '../worlds/history-prefix.ts'
import type { TargetsOptions } from '../worlds/history-targets.ts'
import type { HistorySight } from '../worlds/history-world.ts'
import { type CostOf, ratioUncertainty, tokenRatios } from '../worlds/model-costs.ts'
import { type BeyondCache, type LayerBeyond, layersBeyond } from './beyond-cache.ts'
import { type CacheOutcome, type CacheRun, served } from './cache-run.ts'
import { countPlaces, meanOutputTokens } from './history-sums.ts'
import { type HistoryLever, type HistoryLevers, openLevers } from './levers-on-calls.ts'
import { hasPromptCaches } from './prompt-caches.ts'
import type { LeverLayer, PrefixLayer, RoutingLayer } from './result.ts'
import { type CallLever, CallRun, type RunCall, rungsOn, targetsOn } from './routing-calls.ts'
import { type CallLatencies, callLatencies } from './routing-latency.ts'
import { planRoutes, type RoutingPlan, Ways } from './routing-plan.ts'
import { simulatePresets } from './routing-presets.ts'
import {
  loggedCalls,
  noCalls,
  type PlannedCalls,
  qualityOf,
  RoutedRequests,
} from './routing-quality.ts'
import { type Frontier, type FrontierOptions, simulateFrontier } from './simulate-frontier.ts'
import { nothingCached, simulatePrefix } from './simulate-prefix.ts'
import { callFacts } from './simulate-warnings.ts'

/** `vectors` and `neighbours` are of the questions of evidence. */
export type BeyondCacheOptions = Pick<FrontierOptions, 'vectors' | 'neighbours'> & {
  readonly history: History
  /** With models in the place of tiers (`nameTiers`). */
  readonly compiled: CompiledPolicy
  readonly tiers: Readonly<Record<Tier, string>>
  /** How the policy's rules see the requests. */
  readonly sight: HistorySight
  readonly costOf: CostOf
  /** At a provider's batch service; null where it lists no such price. */
  readonly batchCostOf: CostOf
  readonly evidence: Evidence | null
  /** Gives back what an earlier run made of the same log, prices and tiers; makes it where there was none. */
  readonly keep?: <T>(name: string, make: () => T) => T
}

/**
 * Routing, prompt caches, compression, output caps and batch, over whatever requests a run of the response cache leaves.
 * Routes are asked once for each request, whoever serves it later.
 */
export async function openBeyondCache(options: BeyondCacheOptions): Promise<BeyondCache> {
  const { history, compiled, sight, evidence } = options
  const { policy } = compiled
  const plan = await planRoutes(history, compiled, sight)
  const levers = openLevers({ ...options, policy, factsAt: sight.factsAt })
  const frontier =
    evidence === null
      ? null
      : simulateFrontier(evidence, { ...options, outputTokens: meanOutputTokens(history) })
  return new Beyond(options, plan, levers, frontier)
}

/** Reading the prompts of more requests takes seconds. */
const longLog = 20_000

class Beyond implements BeyondCache {
  readonly isPlain: boolean
  readonly #options: BeyondCacheOptions
  readonly #plan: RoutingPlan
  readonly #levers: HistoryLevers
  readonly #frontier: Frontier | null
  readonly #shared: Omit<TargetsOptions, 'prefix'>
  readonly #runs = new WeakMap<CacheOutcome, Map<string, CallRun>>()

  constructor(
    options: BeyondCacheOptions,
    plan: RoutingPlan,
    levers: HistoryLevers,
    frontier: Frontier | null,
  ) {
    const { history, costOf, evidence, sight } = options
    this.#options = options
    this.#plan = plan
    this.#levers = levers
    this.#frontier = frontier
    const ratioOf = tokenRatios(history, evidence)
    this.#shared = { history, costOf, ratioOf, known: sight.known }
    const isChanged = [levers.compression, levers.outputCap, levers.batch].some(({ on }) => on)
    this.isPlain =
      !this.#isRouting && !isChanged && !hasPromptCaches(history, options.compiled.policy)
  }

  spendOf(run: CacheOutcome, layers: ReadonlySet<string>): bigint {
    return this.#callsUnder(run, layers).cost.total()
  }

  costs(run: CacheRun): Float64Array {
    return this.#callsUnder(run, new Set(layersBeyond)).costs
  }

  eachCall(run: CacheRun, onCall: (call: RunCall) => void): void {
    this.#call(run, new Set(layersBeyond), onCall)
  }

  targetsOf(run: CacheRun): (place: number) => readonly (string | null)[] {
    const callsAt = this.#callsAt(run, true)
    return (place) => callsAt(place).targets
  }

  latencies(run: CacheRun): CallLatencies | null {
    if (!this.#isRouting) return null
    const { history, compiled, sight } = this.#options
    const { policy } = compiled
    return callLatencies({ history, plan: this.#plan, policy, targets: sight.targets }, run)
  }

  /** The calls that a run leaves, under some of the layers. */
  #callsUnder(run: CacheOutcome, layers: ReadonlySet<string>): CallRun {
    const known = this.#runs.get(run) ?? new Map<string, CallRun>()
    this.#runs.set(run, known)
    const key = this.isPlain ? '' : layersBeyond.filter((layer) => layers.has(layer)).join()
    const calls = known.get(key) ?? this.#call(run, layers)
    known.set(key, calls)
    return calls
  }

  #call(
    run: CacheOutcome,
    layers: ReadonlySet<string>,
    onCall: ((call: RunCall) => void) | null = null,
  ): CallRun {
    const { history } = this.#options
    const prefix = this.#prefixFor(run, layers)
    const levers = this.#leversIn(layers)
    const calls = new CallRun({ ...this.#shared, prefix }, levers, onCall)
    const isRouted = layers.has('routing') && this.#isRouting
    if (prefix === null && levers.length === 0 && !isRouted) {
      for (let place = 0; place < history.count; place++)
        if (run.by[place] === served.model) calls.addAsLogged(place)
      return calls
    }
    const callsAt = this.#callsAt(run, layers.has('routing'))
    for (let place = 0; place < history.count; place++) {
      const { targets, beside } = callsAt(place)
      calls.add(place, targets, beside)
    }
    return calls
  }

  /** Null where prompt caches are as they were logged, so that prompts need not be read. */
  #prefixFor(run: CacheOutcome, layers: ReadonlySet<string>): HistoryPrefix | null {
    const { history, compiled } = this.#options
    const { cache, prefix } = compiled.policy
    const mode = layers.has('prefix') ? prefix.mode : 'as-logged'
    const isRouted = layers.has('routing') && this.#isRouting
    const routes = isRouted ? compiled.policy.routes : []
    const policy = { cache, routes, prefix: { ...prefix, mode } }
    const isAsSent = !run.by.some((by) => by !== served.model)
    const isAsLogged = isAsSent && !isRouted
    if (mode === 'as-logged' && isAsLogged) return null
    return hasPromptCaches(history, policy) ? openHistoryPrefix(history, policy) : null
  }

  get #isRouting(): boolean {
    return this.#plan.ways.length > 1
  }

  #leversIn(layers: ReadonlySet<string>): readonly CallLever[] {
    const { compression, outputCap, batch } = this.#levers
    const byLayer: readonly (readonly [LayerBeyond, HistoryLever])[] = [
      ['compression', compression],
      ['output cap', outputCap],
      ['batch', batch],
    ]
    return byLayer.filter(([layer, { on }]) => on && layers.has(layer)).map(([, lever]) => lever)
  }

  /** Whom each request asks, and what its classifiers cost. Asked in time order, once. */
  #callsAt(run: CacheOutcome, isRouted: boolean): (place: number) => PlannedCalls {
    const plan = this.#plan
    const ways = new Ways(plan)
    const isSpeculative = this.#options.compiled.policy.speculative.kind === 'on'
    return (place) => {
      if (run.by[place] !== served.model) return noCalls
      if (!isRouted || !this.#isRouting) return loggedCalls
      const { way, isFirst } = ways.of(place)
      const rungs = rungsOn(plan, way, place, isSpeculative)
      const isDowngraded = run.downgraded?.[place] === 1
      return {
        way,
        targets: targetsOn(isDowngraded ? rungs.slice(0, 1) : rungs, place),
        beside: isFirst ? (plan.classifyNanoUsd[place] as number) : 0,
      }
    }
  }

  report(run: CacheRun): ReturnType<BeyondCache['report']> {
    const { history } = this.#options
    const callsAt = this.#callsAt(run, true)
    const prefix = this.#prefixLayer(run, callsAt)
    const { compression, outputCap, batch } = this.#levers
    const lever = (name: LayerBeyond, { on, note, applies }: HistoryLever): LeverLayer => ({
      on,
      requests: countPlaces(history, (place) => run.by[place] === served.model && applies(place)),
      savingUsd: this.#savingOf(run, name),
      note,
    })
    const routed = this.#routed(run)
    return {
      layers: {
        prefix,
        routing: this.#routingLayer(run, routed),
        compression: lever('compression', compression),
        outputCap: lever('output cap', outputCap),
        batch: lever('batch', batch),
      },
      frontier: this.#frontier?.points ?? [],
      routingMetrics: this.#frontier?.metrics ?? null,
      quality: qualityOf(routed.pairs, routed.unmeasured),
      unmeasuredRequests: routed.unmeasured,
      ...callFacts(this.#callsUnder(run, new Set(layersBeyond)), routed),
    }
  }

  /** Of a long log in which nothing was cached, prompts are not read to find what marks would save. */
  #prefixLayer(run: CacheRun, callsAt: (place: number) => PlannedCalls): PrefixLayer {
    const { history, compiled } = this.#options
    const { policy } = compiled
    const isWorthReading = history.count <= longLog || policy.prefix.pool !== null
    if (isWorthReading || hasPromptCaches(history, policy)) {
      const { layer } = simulatePrefix({
        ...this.#shared,
        policy,
        callsAt: (place) => callsAt(place).targets,
      })
      return layer
    }
    const costUsd = usdOf(this.#callsUnder(run, new Set(layersBeyond)).cost.total())
    const inputTokens = history.columns.inputTokens.reduce(
      (sum, tokens, place) => sum + (run.by[place] === served.model ? tokens : 0),
      0,
    )
    return nothingCached(policy.prefix.mode, inputTokens, costUsd)
  }

  /** What a layer saves behind those before it. */
  #savingOf(run: CacheRun, layer: LayerBeyond): number {
    const before = layersBeyond.slice(0, layersBeyond.indexOf(layer))
    const spend = (layers: readonly string[]) => this.spendOf(run, new Set(layers))
    return usdOf(spend(before) - spend([...before, layer]))
  }

  #routed(run: CacheRun): RoutedRequests {
    const { history, sight } = this.#options
    const routed = new RoutedRequests(history, sight, this.#plan)
    const { costs } = this.#callsUnder(run, new Set(['routing']))
    const callsAt = this.#callsAt(run, true)
    for (let place = 0; place < history.count; place++)
      routed.add(place, callsAt(place), costs[place] as number)
    return routed
  }

  #routingLayer(run: CacheRun, routed: RoutedRequests): RoutingLayer {
    const { compiled, tiers, history, sight, keep = make } = this.#options
    const { policy } = compiled
    const calls = this.#callsUnder(run, new Set(layersBeyond))
    const total = usdOf(calls.cost.total())
    const margin = usdOf(calls.assumed * ratioUncertainty)
    const { labels } = sight.assumptions()
    const hasPrefix = hasPromptCaches(history, policy, Object.values(tiers))
    return {
      on: this.#isRouting,
      routes: routed.routes(),
      escalations: routed.escalations,
      savingUsd: this.#savingOf(run, 'routing'),
      assumptions: [
        ...calls.targets.assumptions(),
        ...(labels === 0
          ? []
          : [`${labels} labels of a model that nobody asked: taken as "medium"`]),
        ...(this.#frontier?.assumptions ?? []),
      ],
      sensitivity: margin === 0 ? null : { lowUsd: total - margin, highUsd: total + margin },
      presets: keep('routing presets', () =>
        simulatePresets({ ...this.#shared, policy, tiers, hasPrefix }),
      ),
    }
  }
}

const make = <T>(_: string, made: () => T): T => made()
