import { lookUpMs } from '../engine/course.ts'
import { percentiles } from '../stats/quantile.ts'
import type { History } from '../worlds/history.ts'
import { type CacheRun, served } from './cache-run.ts'
import type { LatencyOf, SimulateResult } from './result.ts'
import type { CallLatencies } from './routing-latency.ts'

/** Of the requests that have a latency in the log. */
export const loggedLatency = (history: History): LatencyOf =>
  latencyOf(valuesOf(history, (place) => history.latencyMs[place] as number))

/**
 * The same requests under a policy: hits take a look-up, waiting ones what is left of the call they wait for, calls what
 * is known of them; without `calls` all of them are as logged. Null where the time of some of them is not known: those
 * would not be the requests that are compared.
 */
export function policyLatency(
  history: History,
  run: CacheRun,
  calls: CallLatencies | null,
): Pick<SimulateResult['policy'], 'latencyMs' | 'latencyBasis'> {
  const values = valuesOf(history, (place) => {
    switch (run.by[place]) {
      case served.model:
        return (calls?.ms ?? history.latencyMs)[place] as number
      case served.coalesced:
        return (run.entryBorn[place] as number) - (history.at[place] as number)
      default:
        return lookUpMs
    }
  })
  const requests = values.length
  const known = values.reduce((count, ms) => count + (Number.isNaN(ms) ? 0 : 1), 0)
  return {
    latencyMs: known < requests ? { p50: null, p95: null } : latencyOf(values),
    latencyBasis: {
      requests,
      known,
      share: requests === 0 ? null : known / requests,
      note: noteOf(calls, known < requests),
    },
  }
}

function noteOf(calls: CallLatencies | null, isPartial: boolean): string {
  const asLogged = `hits take ${lookUpMs} ms, an assumption; calls that nothing changes as logged`
  if (calls === null) return asLogged
  if (isPartial)
    return `nobody knows how long ${calls.unknown.join(', ')} would take: too few answers in the log, none in evidence`
  return `${asLogged}; other models as in evidence, else as their own answers in this log by output tokens, which shows less spread than there is`
}

/** Requests that log a latency. */
function valuesOf(history: History, latencyMs: (place: number) => number): Float64Array {
  const values: number[] = []
  for (let place = 0; place < history.count; place++)
    if (!Number.isNaN(history.columns.latencyMs[place])) values.push(latencyMs(place))
  return Float64Array.from(values)
}

function latencyOf(values: Float64Array): LatencyOf {
  const found = percentiles(values)
  return { p50: found?.p50 ?? null, p95: found?.p95 ?? null }
}
