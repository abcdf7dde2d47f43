import { lookUpMs } from '../engine/course.ts'
import { percentiles } from '../stats/quantile.ts'
import type { History } from '../worlds/history.ts'
import { type CacheRun, served } from './cache-run.ts'
import type { LatencyOf } from './result.ts'

/** Of the requests that have a latency in the log. */
export function loggedLatency(history: History): LatencyOf {
  return latencyOf(history, (place) => history.latencyMs[place] as number)
}

/** The same requests under a policy: hits take a look-up, waiting ones what is left of the call they wait for. */
export function policyLatency(history: History, run: CacheRun): LatencyOf {
  return latencyOf(history, (place) => {
    switch (run.by[place]) {
      case served.model:
        return history.latencyMs[place] as number
      case served.coalesced:
        return (run.entryBorn[place] as number) - (history.at[place] as number)
      default:
        return lookUpMs
    }
  })
}

function latencyOf(history: History, latencyMs: (place: number) => number): LatencyOf {
  const known: number[] = []
  for (let place = 0; place < history.count; place++)
    if (!Number.isNaN(history.columns.latencyMs[place])) known.push(latencyMs(place))
  const found = percentiles(Float64Array.from(known))
  return { p50: found?.p50 ?? null, p95: found?.p95 ?? null }
}
