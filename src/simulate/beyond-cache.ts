import type { CacheOutcome, CacheRun } from './cache-run.ts'
import type { SimulateResult } from './result.ts'
import type { RunCall } from './routing-calls.ts'
import type { CallLatencies } from './routing-latency.ts'

/** Layers behind the response cache, in engine order. */
export const layersBeyond = ['routing', 'prefix', 'compression', 'output cap', 'batch'] as const
export type LayerBeyond = (typeof layersBeyond)[number]

/** What happens to the requests that no cache serves. */
export type BeyondCache = {
  /** True where nothing behind the response cache changes what a request costs. */
  readonly isPlain: boolean
  /** What they cost with some of the layers, nano-dollars. */
  spendOf(run: CacheOutcome, layers: ReadonlySet<string>): bigint
  /** Their spend by place with all layers, nano-dollars; 0 where the cache serves. */
  costs(run: CacheRun): Float64Array
  /** Tells of each call that all layers leave, in time order. */
  eachCall(run: CacheRun, onCall: (call: RunCall) => void): void
  /** Whom each request asks, in order: none where a cache serves, null for the model of the log. Asked in time order. */
  targetsOf(run: CacheRun): (place: number) => readonly (string | null)[]
  /** How long the calls take; null where all of them are as logged. */
  latencies(run: CacheRun): CallLatencies | null
  /** What each layer did. */
  report(run: CacheRun): {
    readonly layers: Pick<
      SimulateResult['layers'],
      'prefix' | 'routing' | 'batch' | 'compression' | 'outputCap'
    >
    readonly frontier: SimulateResult['frontier']
    readonly routingMetrics: SimulateResult['routingMetrics']
    readonly quality: SimulateResult['quality']
    readonly unmeasuredRequests: number
    /** That are made. */
    readonly calls: number
    /** What these figures rest on, and nobody knows. */
    readonly warnings: SimulateResult['warnings']
  }
}
